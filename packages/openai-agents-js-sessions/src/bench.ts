import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { checkOptions, isWholeNumber, parseStoreUrl, type SessionStore } from '@stackone/sessions-core';
import { type OpenStoreOptions, openSessionStore } from './open-store.js';

/** How much {@link bench} measures, besides the options of the store. */
export interface BenchOptions {
  /** How many calls are measured of what one caller does, and how many turns each of many callers appends. Default 20. */
  rounds?: number;
  /** How many callers append at the same time, each to a conversation of its own. Default 64. */
  callers?: number;
  /** How many items the conversation has whose newest 20 are read. Default 1000. */
  items?: number;
  /** The options of the store that is measured. */
  store?: OpenStoreOptions;
}

/** What one operation cost. */
export interface BenchOperation {
  readonly name: string;
  /** How many calls were measured. */
  readonly calls: number;
  /** The time of a call, in ms: median and quartiles. */
  readonly ms: { readonly lower: number; readonly median: number; readonly upper: number };
  /** Calls a second, of all callers together. */
  readonly perSecond: number;
  /** Absent if everything that was read was what had been written. */
  readonly problem?: string;
}

/** What {@link bench} found. It can be written as JSON. */
export interface BenchReport {
  /** The scheme of the URL, as far as it may be shown. */
  readonly scheme: string;
  /** The version of Node. */
  readonly node: string;
  /** ISO 8601. */
  readonly date: string;
  readonly operations: readonly BenchOperation[];
}

const OPTION_CHECKS = {
  rounds: isWholeNumber(1),
  callers: isWholeNumber(1),
  items: isWholeNumber(1),
  store: () => undefined,
};

/** How many items a turn has. */
const TURN = 4;
const READ = 20;
/** So that an item is about as long as a short answer. */
const PROSE = 'Your parcel left the store on Monday and should arrive by Friday at the latest. '.repeat(7);

/**
 * Measures what a store costs on a database of yours: turns of one caller and of many at the same time, reading the
 * newest items, and popping. What is read is compared with what was written. It works on conversations of its own, with
 * random ids, and removes them at the end, also after a failure. The tables are made if they are missing and
 * `store.createTables` is not `false`.
 *
 * @param url - Any URL that `openSessionStore` takes.
 * @returns The operations in the order in which they were measured.
 * @throws TypeError for an unknown option; SessionError as `openSessionStore` and the calls of a session do.
 * @example
 * ```ts
 * import { bench, benchTable } from '@stackone/openai-agents-js-sessions/bench';
 * console.log(benchTable(await bench(process.env.DATABASE_URL ?? 'sqlite:./sessions.db')));
 * ```
 */
export async function bench(url: string, options: BenchOptions = {}): Promise<BenchReport> {
  checkOptions('bench', options, OPTION_CHECKS);
  const { rounds = 20, callers = 64, items = 1000, store: storeOptions } = options;
  const { scheme } = parseStoreUrl(url);
  await using store = await openSessionStore(url, storeOptions);
  const conversations = new Conversations(store);
  try {
    const operations = [
      await appendAlone(conversations, rounds),
      await appendTogether(conversations, rounds, callers),
      await readNewest(conversations, rounds, items),
      await pop(conversations, rounds),
    ];
    return { scheme, node: process.version, date: new Date().toISOString(), operations };
  } finally {
    await conversations.clear();
  }
}

/** The conversations of one run, with the items that each has to have. */
class Conversations {
  readonly #store: SessionStore;
  readonly #run = randomUUID();
  readonly #expected = new Map<string, AgentInputItem[]>();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  async append(name: string): Promise<void> {
    const expected = this.#expected.get(name) ?? [];
    this.#expected.set(name, expected);
    const turn = turnAt(`${name}/${expected.length / TURN}`);
    expected.push(...turn);
    await this.#session(name).addItems(turn);
  }

  /** Reads the newest items, and says afterwards whether they were right. */
  async newest(name: string, count: number): Promise<() => boolean> {
    const items = await this.#session(name).getItems(count);
    return () => isDeepStrictEqual(items, this.#expected.get(name)?.slice(-count));
  }

  async pop(name: string): Promise<() => boolean> {
    const expected = this.#expected.get(name)?.pop();
    const item = await this.#session(name).popItem();
    return () => isDeepStrictEqual(item, expected);
  }

  async clear(): Promise<void> {
    for (const name of this.#expected.keys()) await this.#session(name).clearSession();
  }

  #session(name: string) {
    return this.#store.session(`bench-${this.#run}-${name}`);
  }
}

function turnAt(mark: string): AgentInputItem[] {
  return Array.from({ length: TURN }, (_, place) => {
    const text = `${PROSE}${mark}/${place}`;
    return place % 2 === 0
      ? { type: 'message', role: 'user', content: text }
      : { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] };
  });
}

async function appendAlone(conversations: Conversations, rounds: number): Promise<BenchOperation> {
  await conversations.append('alone'); // connects, and prepares what is prepared once
  const times = await timesOf(rounds, () => conversations.append('alone'));
  const isRight = await conversations.newest('alone', (rounds + 1) * TURN);
  return operation('append a turn', times, isRight());
}

async function appendTogether(
  conversations: Conversations,
  rounds: number,
  callers: number,
): Promise<BenchOperation> {
  const names = Array.from({ length: callers }, (_, caller) => `of-many-${caller}`);
  await Promise.all(names.map((name) => conversations.append(name)));
  const started = performance.now();
  const times = await Promise.all(names.map((name) => timesOf(rounds, () => conversations.append(name))));
  const elapsed = performance.now() - started;
  let right = true;
  for (const name of names) right = (await conversations.newest(name, (rounds + 1) * TURN))() && right;
  return operation(`append, ${callers} callers`, times.flat(), right, elapsed);
}

async function readNewest(
  conversations: Conversations,
  rounds: number,
  items: number,
): Promise<BenchOperation> {
  for (let filled = 0; filled < items; filled += TURN) await conversations.append('long');
  const answers: (() => boolean)[] = [];
  const times = await timesOf(
    rounds,
    async () => void answers.push(await conversations.newest('long', READ)),
  );
  const right = answers.every((isRight) => isRight());
  return operation(`newest ${READ} of ${items}`, times, right);
}

async function pop(conversations: Conversations, rounds: number): Promise<BenchOperation> {
  for (let filled = 0; filled < rounds; filled += TURN) await conversations.append('popped');
  const answers: (() => boolean)[] = [];
  const times = await timesOf(rounds, async () => void answers.push(await conversations.pop('popped')));
  return operation(
    'pop',
    times,
    answers.every((isRight) => isRight()),
  );
}

/** The times of calls that are made one after the other, in ms. */
async function timesOf(calls: number, call: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let made = 0; made < calls; made++) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return times;
}

/** @param elapsed - How long all calls took, where they were made at the same time. */
function operation(name: string, times: readonly number[], right: boolean, elapsed?: number): BenchOperation {
  const sorted = times.toSorted((one, other) => one - other);
  const quantile = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  const total = elapsed ?? times.reduce((sum, time) => sum + time, 0);
  return {
    name,
    calls: times.length,
    ms: { lower: quantile(0.25), median: quantile(0.5), upper: quantile(0.75) },
    perSecond: (times.length / total) * 1000,
    ...(!right && { problem: 'what was read is not what was written' }),
  };
}

/**
 * The report as a table for a terminal.
 *
 * @returns Lines without one at the end. An operation that read something else than was written is marked WRONG.
 */
export function benchTable({ operations }: BenchReport): string {
  const rows = operations.map(({ name, ms, perSecond, problem }) => [
    name,
    digits(ms.median),
    `${digits(ms.lower)} - ${digits(ms.upper)}`,
    Math.round(perSecond).toLocaleString('en'),
    problem ? `WRONG: ${problem}` : '',
  ]);
  const table = [['operation', 'median ms', 'quartiles', 'per second', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column === 1 || column === 3
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits that count. */
function digits(ms: number): string {
  return ms >= 100 ? String(Math.round(ms)) : ms.toPrecision(3);
}
