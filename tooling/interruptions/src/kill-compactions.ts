import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SessionStore } from '@stackone/sessions-core';
import { compactedByName, named, namesIn } from './named-turns.ts';

/** A database that several processes can open. */
export interface SharedSubject {
  readonly url: string;
  open(url: string): Promise<SessionStore>;
}

const APPEND = fileURLToPath(new URL('./append-turns.ts', import.meta.url));
const COMPACT = fileURLToPath(new URL('./compact-to-death.ts', import.meta.url));
const APPENDERS = ['one', 'two', 'three'];
/** A compaction is killed at the latest that long after it has begun, in ms. */
const LONGEST_LIFE = 400;

/** How many rounds a test plays: `COMPACTION_ROUNDS`; else 20 where the whole matrix is tested, and 2 where not. */
export function compactionRounds(): number {
  return Number(process.env.COMPACTION_ROUNDS ?? (process.env.TEST_MATRIX === 'all' ? 20 : 2));
}

/** The time limit of a test that plays so many rounds, in ms: what hangs ends then, however busy the machine. */
export function roundsTimeout(rounds: number): number {
  return 120_000 + rounds * 30_000;
}

/**
 * Lets processes add turns to a conversation while another one compacts it, slowly, until it is killed at a random moment;
 * then compacts it once more. Does so again and again, with a new conversation each time.
 *
 * @param program - The module of a program: see `killAtEachStatement`.
 * @throws AssertionError if a turn that was acknowledged is not there, or is there twice.
 */
export async function killCompactions(subject: SharedSubject, program: URL, rounds: number): Promise<void> {
  await using store = await subject.open(subject.url);
  const start = (file: string, ...args: string[]) =>
    fork(file, [program.href, subject.url, ...args], { execArgv: [] });
  const appenders = APPENDERS.map((name) => start(APPEND, name));
  const counts = { turns: 0, compactions: 0 };
  try {
    await Promise.all(appenders.map((child) => heard(child, 'ready')));
    for (let round = 0; round < rounds; round++) {
      const compactor = start(COMPACT);
      try {
        await heard(compactor, 'ready');
        const { acknowledged, compacted } = await play(store, appenders, compactor);
        counts.turns += acknowledged;
        counts.compactions += compacted;
      } finally {
        compactor.kill('SIGKILL');
      }
    }
    checkCounts(counts, rounds);
  } finally {
    for (const child of appenders) child.kill('SIGKILL');
  }
}

async function play(store: SessionStore, appenders: readonly ChildProcess[], compactor: ChildProcess) {
  const sessionId = randomUUID();
  await store.session(sessionId).addItems(named('first-0'));
  const acknowledged = ['first-0'];
  let compacted = 0;
  const note = ({ stored }: { stored?: string }) => stored && acknowledged.push(stored);
  const count = () => compacted++;
  for (const child of appenders) child.on('message', note).send({ begin: sessionId });
  compactor.on('message', count).send({ begin: sessionId });
  await heard(compactor, 'begun');
  await wait(Math.random() * LONGEST_LIFE);
  const killed = once(compactor, 'exit');
  assert.ok(compactor.kill('SIGKILL'), 'the compaction ended by itself');
  await killed;
  // one that nobody kills ends, whatever the killed one left behind
  await compactedByName(store.session(sessionId), () => wait(5)).runCompaction({ force: true });
  const ended = appenders.map((child) => heard(child, 'ended'));
  for (const child of appenders) child.send({});
  await Promise.all(ended);
  for (const child of appenders) child.off('message', note);
  check(namesIn(await store.session(sessionId).getItems()), acknowledged);
  return { acknowledged: acknowledged.length, compacted: compacted - 1 };
}

/** Every acknowledged turn is there once and whole, each appender's in their order. */
function check(found: readonly string[], acknowledged: readonly string[]): void {
  const expected = acknowledged.flatMap((name) => [`q:${name};`, `a:${name};`]);
  assert.deepEqual(found.toSorted(), expected.toSorted());
  for (const appender of ['first', ...APPENDERS]) {
    const isOwn = (name: string) => name.slice(2).startsWith(`${appender}-`);
    assert.deepEqual(found.filter(isOwn), expected.filter(isOwn));
  }
}

/** Something was played: turns came while compactions were under way, and some of these ended before they were killed. */
function checkCounts({ turns, compactions }: { turns: number; compactions: number }, rounds: number): void {
  console.info(`${rounds} killed compactions: ${turns} turns, ${compactions} compactions done before`);
  assert.ok(turns > rounds * APPENDERS.length, 'too few turns came');
  // few rounds may all be killed in their first compaction
  if (rounds >= 20) assert.ok(compactions > 0, 'no compaction was done');
}

/** Waits for a message of a child that has this field. */
async function heard(child: ChildProcess, field: string): Promise<void> {
  const end = new AbortController();
  const exit = once(child, 'exit', end).then(([code, signal]) => {
    throw new Error(`the process ended before it said "${field}": ${signal ?? code}`);
  });
  const said = new Promise<void>((resolve) => {
    const listen = (message: object) => {
      if (!Object.hasOwn(message, field)) return;
      child.off('message', listen);
      resolve();
    };
    child.on('message', listen);
  });
  try {
    await Promise.race([said, exit]);
  } finally {
    end.abort();
    exit.catch(() => {}); // aborted: it goes on
  }
}
