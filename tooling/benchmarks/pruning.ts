/**
 * What `store.prune` costs those who write meanwhile: writers append to conversations of their own while a process removes a
 * million old items, is killed three times, and begun again. Checks at the end that all that is old is gone, and nothing else.
 *
 * Usage: `npm run bench:pruning -- postgres`, `sqlite`, `mysql` or `mariadb`, and how many write at the same time (64 if not
 * said, each of which begins its next turn when the last is stored; 4 wait 20 ms between turns).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSessionStore, type PruneProgress, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { markdownTable } from 'markdown-table';
import type { EngineName } from './src/engines/engine.ts';
import { startEngine } from './src/engines/start.ts';
import { makeTurn, TURN_ITEMS } from './src/items.ts';
import { quantile } from './src/statistics.ts';
import { timed } from './src/workloads/timing.ts';

const ITEMS = Number(process.env.PRUNED_ITEMS ?? 1_000_000);
/** Items of an old conversation. */
const LENGTH = 200;
/** How long the writers are measured alone, in ms. */
const ALONE = 20_000;
const KILLS = 3;

const [first = '', second = '64', third = ''] = process.argv.slice(2);

/** In a process of its own. */
async function pruneUntilDone(url: string, olderThan: string): Promise<void> {
  await using store = await openSessionStore(url);
  const onProgress = ({ removed }: PruneProgress) => process.send?.(removed.messages);
  await store.prune({ olderThan: new Date(Number(olderThan)), onProgress });
}

interface Load {
  readonly writers: number;
  /** How long a writer waits between its turns, in ms. Without it a few writers alone keep two cores busy. */
  readonly pause: number;
}

async function measure(name: EngineName, load: Load): Promise<void> {
  const engine = await startEngine(name);
  const database = await engine.makeDatabase();
  {
    await using store = await openSessionStore(database);
    await fill(store);
    // some databases count in seconds
    await wait(2000);
    const before = Date.now();
    await wait(2000);
    const writers = new Writers(store, load);
    await wait(ALONE);
    const alone = writers.take();
    const began = performance.now();
    const kills = await pruneAndKill(database, before);
    const seconds = (performance.now() - began) / 1000;
    const meanwhile = writers.take();
    await writers.end();
    await check(store, writers, load);
    console.log(
      `${engine.title}: ${ITEMS} items in ${ITEMS / LENGTH} conversations removed in ${seconds.toFixed(0)} s, killed ${kills} times; ` +
        `${load.writers} writers, ${load.pause} ms between the turns of ${TURN_ITEMS} items of each. An append, in ms:\n`,
    );
    const rows = [row('nobody removes', alone), row('meanwhile', meanwhile)];
    console.log(
      markdownTable([['', 'appends', 'median', '99 %', '99.9 %', 'slowest', 'slowest / median'], ...rows]),
    );
  }
  await engine.stop();
}

async function fill(store: SessionStore): Promise<void> {
  const turns = Array.from({ length: LENGTH / TURN_ITEMS }, (_, turn) => makeTurn('old', turn)).flat();
  const ids = Array.from({ length: ITEMS / LENGTH }, (_, at) => `old_${at}`).values();
  const worker = async () => {
    for (const id of ids) await store.session(id).addItems(turns);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

class Writers {
  readonly written = new Map<string, number>();
  #times: number[] = [];
  #isOver = false;
  readonly #done: Promise<unknown>;

  constructor(store: SessionStore, { writers, pause }: Load) {
    const ids = Array.from({ length: writers }, (_, at) => `young_${at}`);
    this.#done = Promise.all(ids.map((id) => this.#write(store, id, pause)));
  }

  async #write(store: SessionStore, id: string, pause: number): Promise<void> {
    const session = store.session(id);
    for (let turn = 0; !this.#isOver; turn++) {
      this.#times.push((await timed(() => session.addItems(makeTurn(id, turn)))).ms);
      this.written.set(id, turn + 1);
      if (pause > 0) await wait(pause);
    }
  }

  /** The times since the last call, in ms. */
  take(): readonly number[] {
    const times = this.#times;
    this.#times = [];
    return times;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

/**
 * Kills the first ones when they have removed up to a fifth of all, and begins again.
 *
 * @returns How many were killed before they were done.
 */
async function pruneAndKill(database: string, before: number): Promise<number> {
  for (let kills = 0; ; kills++) {
    const child = fork(fileURLToPath(import.meta.url), ['prune', database, String(before)]);
    const atMost = kills < KILLS ? Math.random() * 0.2 * ITEMS : Number.POSITIVE_INFINITY;
    child.on('message', (removed) => {
      if (Number(removed) > atMost) child.kill('SIGKILL');
    });
    const [code, signal] = await once(child, 'exit');
    if (code === 0) return kills;
    if (signal !== 'SIGKILL') throw new Error(`pruning ended with ${code ?? signal}`);
  }
}

async function check(store: SessionStore, { written }: Writers, { writers }: Load): Promise<void> {
  const left = await store.sessions.count();
  if (left !== writers) throw new Error(`${left} conversations are left, not ${writers}`);
  for (const [id, turns] of written) {
    const { length } = await store.session(id).getItems();
    if (length !== turns * TURN_ITEMS) throw new Error(`${length} items are left of ${turns} turns`);
  }
}

function row(title: string, times: readonly number[]): string[] {
  const sorted = times.toSorted((one, other) => one - other);
  const [middle, most, nearlyAll, slowest] = [0.5, 0.99, 0.999, 1].map((share) =>
    quantile(sorted, share),
  ) as [number, number, number, number];
  const shown = [middle, most, nearlyAll, slowest].map((value) => value.toFixed(2));
  return [title, String(times.length), ...shown, (slowest / middle).toFixed(1)];
}

if (first === 'prune') await pruneUntilDone(second, third);
else await measure(first as EngineName, { writers: Number(second), pause: Number(second) > 4 ? 0 : 20 });
