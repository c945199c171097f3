/**
 * What `store.prune` costs those who write meanwhile: many callers append, each to a conversation of its own and each again as soon as
 * its last turn is stored, while another process removes a million old items, is killed three times, and begun again. Checks at the end
 * that all that is old is gone, and nothing else. Then the same with INSERT and DELETE by hand.
 *
 * Usage: `npm run bench:pruning -- postgres`, `sqlite`, `mysql` or `mariadb`, how many write at the same time (64 if not said), and
 * settings of the server, such as `innodb-redo-log-capacity=1G`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSessionStore, type PruneProgress } from '@stackone/openai-agents-js-sessions';
import { markdownTable } from 'markdown-table';
import type { SqlEngineName } from './src/by-sql.ts';
import type { Contender, Conversations } from './src/contender.ts';
import { ours } from './src/contenders/ours.ts';
import { byHandOf } from './src/engines/by-hand.ts';
import { startEngine } from './src/engines/start.ts';
import { makeTurn, TURN_ITEMS, WrongAnswer } from './src/items.ts';
import { machine } from './src/machine.ts';
import { removeByHand } from './src/pruning-by-hand.ts';
import { quantile } from './src/statistics.ts';
import { timed } from './src/workloads/timing.ts';

const ITEMS = Number(process.env.PRUNED_ITEMS ?? 1_000_000);
/** Items of an old conversation. */
const LENGTH = 200;
/** How long the writers are measured alone, in ms, after a while that does not count. */
const ALONE = 20_000;
const WARM_UP = 3000;
const KILLS = 3;

const [first = '', second = '64', third = '', ...others] = process.argv.slice(2);

/** In a process of its own. */
async function pruneUntilDone(url: string, olderThan: string): Promise<void> {
  await using store = await openSessionStore(url);
  const onProgress = ({ removed }: PruneProgress) => process.send?.(removed.messages);
  await store.prune({ olderThan: new Date(Number(olderThan)), onProgress });
}

/** In a process of its own too. */
async function removeOldByHand(name: SqlEngineName, url: string): Promise<void> {
  let conversations = 0;
  await removeByHand(name, url, oldIds(), () => process.send?.(++conversations * LENGTH));
  process.disconnect?.();
}

function* oldIds(): Generator<string> {
  for (let at = 0; at < ITEMS / LENGTH; at++) yield `old_${at}`;
}

interface Way {
  readonly name: string;
  readonly contender: Contender;
  /** What a process of its own is told, in order to remove what was changed last before a time. */
  readonly removal: (database: string, before: number) => readonly string[];
  readonly kills: number;
}

async function measure(
  engineName: SqlEngineName,
  callers: number,
  settings: readonly string[],
): Promise<void> {
  const ways: readonly Way[] = [
    {
      name: 'store.prune',
      contender: ours,
      removal: (database, before) => ['prune', database, String(before)],
      kills: KILLS,
    },
    {
      name: 'by hand',
      contender: byHandOf(engineName),
      removal: (database) => ['by-hand', database, engineName],
      kills: 0,
    },
  ];
  const named = settings.filter(Boolean).map((setting) => setting.split('=') as [string, string]);
  const engine = await startEngine(engineName, Object.fromEntries(named));
  try {
    const rows: string[][] = [];
    for (const way of ways) rows.push(...(await measureWay(await engine.makeDatabase(), way, callers)));
    console.log(`${engine.title}, ${Object.values(machine()).join(', ')}`);
    console.log(
      Object.entries(engine.settings)
        .map((setting) => setting.join('='))
        .join(', '),
    );
    console.log(
      `${ITEMS} items in ${ITEMS / LENGTH} conversations are removed while ${callers} callers append turns of ${TURN_ITEMS} items. An append, in ms:\n`,
    );
    console.log(
      markdownTable([
        [
          '',
          'appends',
          'median',
          '99 %',
          '99.9 %',
          'slowest',
          'slowest / median',
          'their process stood still',
        ],
        ...rows,
      ]),
    );
  } finally {
    await engine.stop();
  }
}

async function measureWay(database: string, way: Way, callers: number): Promise<string[][]> {
  const conversations = await way.contender.open(database);
  await fill(conversations);
  // some databases count in seconds
  await wait(2000);
  const before = Date.now();
  await wait(2000);
  const writers = new Writers(conversations, callers);
  await wait(WARM_UP);
  writers.take();
  console.error(`${way.name}: ${ITEMS} items are there, ${callers} callers append`);
  await wait(ALONE);
  const alone = writers.take();
  const began = performance.now();
  const starts = await removeAndKill(way.removal(database, before), way.kills);
  const seconds = (performance.now() - began) / 1000;
  const meanwhile = writers.take();
  console.error(`${way.name}: removed in ${seconds.toFixed(0)} s, killed ${starts.length - 1} times`);
  await writers.end();
  await conversations.close();
  await check(database, writers, callers);
  return [
    row(`${way.name}: nobody removes`, alone),
    row(`${way.name}: meanwhile, ${seconds.toFixed(0)} s`, meanwhile),
    row(`${way.name}: meanwhile, while no process starts`, meanwhile, ({ ms, end }) =>
      starts.every(({ from, to }) => end < from || end - ms > to),
    ),
  ];
}

async function fill(conversations: Conversations): Promise<void> {
  const turns = Array.from({ length: LENGTH / TURN_ITEMS }, (_, turn) => makeTurn('old', turn)).flat();
  const ids = oldIds();
  const worker = async () => {
    for (const id of ids) await conversations.append(id, turns);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** How long an append took, and when it ended, in ms. */
interface Append {
  readonly ms: number;
  readonly end: number;
}

/** A time in which a process that removes starts, in ms: it loads its modules on the cores that the writers use. */
interface Start {
  readonly from: number;
  readonly to: number;
}

/** Kept as plain numbers: millions of objects would make the collector of garbage stop the writers, and be measured as their waits. */
class Appends {
  /** How long this process took at most for one round of its event loop meanwhile: what the writers wait for in it. */
  readonly #standstills = monitorEventLoopDelay({ resolution: 1 });
  #numbers = new Float64Array(2 ** 16);
  length = 0;

  constructor() {
    this.#standstills.enable();
  }

  end(): void {
    this.#standstills.disable();
  }

  get standstill(): number {
    return this.#standstills.max / 1e6;
  }

  add(ms: number, end: number): void {
    if (2 * this.length === this.#numbers.length) {
      const larger = new Float64Array(2 * this.#numbers.length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set([ms, end], 2 * this.length++);
  }

  /** How long those took that `isCounted`, in ms, the shortest first. */
  sorted(isCounted: (append: Append) => boolean = () => true): Float64Array {
    const times = new Float64Array(this.length);
    let count = 0;
    for (let at = 0; at < this.length; at++) {
      const [ms = 0, end = 0] = this.#numbers.subarray(2 * at, 2 * at + 2);
      if (isCounted({ ms, end })) times[count++] = ms;
    }
    return times.slice(0, count).sort();
  }
}

class Writers {
  readonly written = new Map<string, number>();
  #appends = new Appends();
  #isOver = false;
  readonly #done: Promise<unknown>;

  constructor(conversations: Conversations, callers: number) {
    const ids = Array.from({ length: callers }, (_, at) => `young_${at}`);
    this.#done = Promise.all(ids.map((id) => this.#write(conversations, id)));
  }

  async #write(conversations: Conversations, id: string): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const append = async () => {
        await immediate(); // a driver that never waits would let nobody else in
        await conversations.append(id, makeTurn(id, turn));
      };
      const { ms } = await timed(append);
      this.#appends.add(ms, performance.now());
      this.written.set(id, turn + 1);
    }
  }

  /** Those since the last call. */
  take(): Appends {
    const appends = this.#appends;
    this.#appends = new Appends();
    appends.end();
    return appends;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

/**
 * Kills the first ones when they have removed up to a fifth of all, and begins again.
 *
 * @returns When each process started.
 */
async function removeAndKill(removal: readonly string[], atMostKills: number): Promise<readonly Start[]> {
  for (const starts: Start[] = []; ; ) {
    const from = performance.now();
    const child = fork(fileURLToPath(import.meta.url), removal);
    const atMost = starts.length < atMostKills ? Math.random() * 0.2 * ITEMS : Number.POSITIVE_INFINITY;
    child.once('message', () => starts.push({ from, to: performance.now() }));
    child.on('message', (removed) => {
      if (Number(removed) > atMost) child.kill('SIGKILL');
    });
    const [code, signal] = await once(child, 'exit');
    if (code === 0) return starts;
    if (signal !== 'SIGKILL') throw new WrongAnswer(`pruning ended with ${code ?? signal}`);
  }
}

async function check(database: string, { written }: Writers, callers: number): Promise<void> {
  await using store = await openSessionStore(database);
  const left = await store.sessions.count();
  if (left !== callers) throw new WrongAnswer(`${left} conversations are left, not ${callers}`);
  for (const [id, turns] of written) {
    const { length } = await store.session(id).getItems();
    if (length !== turns * TURN_ITEMS) throw new WrongAnswer(`${length} items are left of ${turns} turns`);
  }
}

function row(title: string, appends: Appends, isCounted?: (append: Append) => boolean): string[] {
  const sorted = appends.sorted(isCounted);
  const [middle, most, nearlyAll, slowest] = [0.5, 0.99, 0.999, 1].map((share) =>
    quantile(sorted, share),
  ) as [number, number, number, number];
  const shown = [middle, most, nearlyAll, slowest].map((value) => value.toFixed(2));
  return [
    title,
    String(sorted.length),
    ...shown,
    (slowest / middle).toFixed(1),
    appends.standstill.toFixed(0),
  ];
}

if (first === 'prune') await pruneUntilDone(second, third);
else if (first === 'by-hand') await removeOldByHand(third as SqlEngineName, second);
else await measure(first as SqlEngineName, Number(second), [third, ...others]);
