import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import { someOf, temporaryFolder } from '@stackone/test-environment';
import truncatedWidth from 'fast-string-truncated-width';
import { beforeAll, expect, test } from 'vitest';
import { openSessionStore, type SessionStore } from '../../src/index.js';
import { type Ending, sessions, sessionsInTerminal, startSessions } from '../run-sessions.js';
import { commandsOfHelp } from './commands-of-help.js';
import { FIRST_TURN, SECOND_TURN, startWaitingRunIn } from './sample-database.js';
import { type Cell, CONDITIONS, type Condition, LOOKED_AT, ROWS, type Row } from './table-of-commands.js';

const COLUMNS = { terminal: 80, narrow: 40 } as const;

/** How many programs run at the same time. */
const PROGRAMS = 2;

const turns = (n: number): AgentInputItem[] =>
  [1, 2, 3].flatMap((turn): AgentInputItem[] => [
    { role: 'user', content: `question ${turn} of ${n}` },
    { role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Yes.' }] },
  ]);

const idOf = (command: string, condition: Condition) => `${command.replaceAll(/\W+/g, '_')}_${condition}`;
const idsOf = (...commands: readonly string[]) =>
  commands.flatMap((command) => CONDITIONS.map((condition) => idOf(command, condition)));

async function addTurns(session: ReturnType<SessionStore['session']>): Promise<void> {
  const all = turns(1);
  for (let start = 0; start < all.length; start += 2) await session.addItems(all.slice(start, start + 2));
}

/** What all cells of a database have in common. */
type Prepared = Omit<Cell, 'id' | 'encrypted'> & { readonly encryptedUrl: string };

async function prepare(newUrl: () => Promise<string>): Promise<Prepared> {
  const [url, encryptedUrl, folder] = [await newUrl(), await newUrl(), temporaryFolder()];
  const store = await openSessionStore(url);
  await store.session(LOOKED_AT).addItems(FIRST_TURN);
  await store.session(LOOKED_AT).addItems(SECOND_TURN);
  await store.sessions.update(LOOKED_AT, { title: 'Orders' });
  await startWaitingRunIn(store, 'run_kept', 'bills');
  for (const id of idsOf('delete', 'rename', 'fork', 'rewind')) await addTurns(store.session(id));
  for (const id of idsOf('prune')) await addTurns(store.scoped(id).session('chat'));
  for (const id of idsOf('runs approve', 'runs reject', 'runs cancel'))
    await startWaitingRunIn(store, id, `bills of ${id}`);
  const moved = { url: `sqlite:${join(folder, 'moved.db')}`, file: join(folder, 'moved.jsonl') };
  {
    await using other = await openSessionStore(moved.url);
    for (const id of idsOf('import', 'copy')) await addTurns(other.scoped(id).session('chat'));
    await using secret = await openSessionStore(encryptedUrl, { encryption: { key: 'key 0' } });
    for (let n = 0; n < 3; n++) await secret.session(`chat_${n}`).addItems(turns(n));
  }
  expect(await sessions(['export', '--output', moved.file, moved.url])).toMatchObject({
    code: 0,
    stderr: '',
  });
  return { url, store, moved, encryptedUrl };
}

/** Lets so many do something at the same time. */
function inRooms(rooms: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = rooms;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals obey
const COLOURS = /\u001b\[[\d;]*m/g;
/** A line of progress, which is written over. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals obey
const PROGRESS = /[^\n]*\r\u001b\[K/g;

const withoutSpaces = (text: string) => text.replace(/\s+/g, '');

async function inPipe(row: Row, cell: Cell): Promise<void> {
  const { program, ending } = startSessions(row.args(cell), row.environment?.(cell));
  if (row.goesOnAfter !== undefined && program.stdout) {
    await once(program.stdout, 'data');
    program.kill('SIGINT');
  }
  const { code, stdout, stderr } = await ending;
  expect(row.codes ?? [0], stderr).toContain(code);
  expect(withoutSpaces(stdout)).toContain(row.says);
  expect(stdout + stderr).not.toContain('\u001b');
  if (row.goesOnAfter === undefined && code === 0) expect(stderr).toBe('');
}

async function inTerminal(row: Row, cell: Cell, condition: 'terminal' | 'narrow'): Promise<void> {
  const columns = COLUMNS[condition];
  const { code, stdout } = await sessionsInTerminal(row.args(cell), {
    columns,
    environment: { ...row.environment?.(cell), ...(condition === 'narrow' && { NO_COLOR: '1' }) },
    keys: row.goesOnAfter === undefined ? [] : [[row.goesOnAfter, '\u0003']],
  });
  const shown = stdout.replace(PROGRESS, '');
  const plain = shown.replace(COLOURS, '');
  expect(row.codes ?? [0], plain).toContain(code);
  expect(withoutSpaces(plain)).toContain(row.says);
  expect(shown !== plain).toBe(condition === 'terminal' && row.isColoured === true);
  const tooWide = plain.split(/\r?\n/).filter((line) => truncatedWidth(line).width > columns);
  expect(row.isData ? [] : tooWide).toEqual([]);
}

/** @param usual - How long it takes, in ms. */
async function killed(row: Row, cell: Cell, usual: number): Promise<void> {
  const before = await row.left?.(cell);
  const { program, ending } = startSessions(row.args(cell), row.environment?.(cell));
  const after = usual * Math.random();
  await Promise.race([ending, wait(after)]);
  program.kill('SIGKILL');
  await ending;
  if (!row.left) return;
  const message = `killed after ${after} ms`;
  if (!row.isInSteps) expect([before, row.done], message).toContain(await row.left(cell));
  const { code, stderr }: Ending = await sessions(row.args(cell), row.environment?.(cell));
  expect([0, ...(row.again ?? [])], `${message}: ${stderr}`).toContain(code);
  expect([row.done, row.doneTwice ?? row.done], message).toContain(await row.left(cell));
}

/** Every command in a pipe, in a terminal, in a narrow one without colours, and killed; `npm test` plays one of the last three. */
export function describeEveryCommand(newUrl: () => Promise<string>): void {
  const inRoom = inRooms(PROGRAMS);
  let prepared: Prepared;
  let lookedAt: string;
  const exported = async () => (await sessions(['export', '--id', LOOKED_AT, prepared.url])).stdout;

  beforeAll(async () => {
    prepared = await prepare(newUrl);
    lookedAt = await exported();
    return () => prepared.store.close();
  });

  test('no command is left out', async () => {
    expect(Object.keys(ROWS).filter((name) => !name.includes(' --'))).toEqual(
      expect.arrayContaining(await commandsOfHelp()),
    );
  });

  function cellOf(command: string, condition: Condition): Cell {
    const { encryptedUrl, ...shared } = prepared;
    const step = CONDITIONS.indexOf(condition);
    const keys = [`key ${step + 1}`, `key ${step}`] as const;
    return { ...shared, id: idOf(command, condition), encrypted: { url: encryptedUrl, keys } };
  }

  async function seen(command: string, row: Row, condition: 'pipe' | 'terminal' | 'narrow'): Promise<void> {
    const cell = cellOf(command, condition);
    await (condition === 'pipe' ? inPipe(row, cell) : inTerminal(row, cell, condition));
    if (row.left) expect(await row.left(cell)).toBe(row.done);
  }

  test.concurrent.each(Object.entries(ROWS))('%s', async (command, row) => {
    const all = async () => {
      const began = performance.now();
      await seen(command, row, 'pipe');
      const usual = performance.now() - began;
      const others = [
        () => seen(command, row, 'terminal'),
        () => seen(command, row, 'narrow'),
        () => killed(row, cellOf(command, 'killed'), usual),
      ];
      const some = row.isChained ? others : someOf(others, Object.keys(ROWS).indexOf(command));
      if (row.isPatient) await Promise.all(some.map((other) => other()));
      else for (const other of some) await other();
    };
    await (row.isPatient ? all() : inRoom(all));
  });

  test('what was looked at is as it was, and nothing is left half done', async () => {
    expect(await exported()).toBe(lookedAt);
    // what tries stores cannot remove what it made once it was killed
    const { store } = prepared;
    for await (const { id } of store.sessions.list({ idPrefix: 'conformance-' }))
      await store.sessions.delete(id);
    const { stdout } = await sessions(['doctor', '--full', '--json', prepared.url]);
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { code: string; level: string });
    // what servers of tests do not care for, and room that the removed conversations have left
    const known = ['CRASH_SAFETY', 'DURABILITY', 'TIME_ZONE', 'FILE_SYSTEM', 'DEAD_ROWS', 'FREE_SPACE'];
    expect(found.filter(({ code, level }) => level !== 'good' && !known.includes(code))).toEqual([]);
  });
}
