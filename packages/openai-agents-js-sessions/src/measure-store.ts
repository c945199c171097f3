import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore } from '@stackone/sessions-core';
import { now, parseStoreUrl } from '@stackone/sessions-core/backend';
import type { BenchOperation, BenchOptions, BenchReport } from './bench.js';
import { BENCH_DEFAULTS } from './bench-defaults.js';

/** How many items a turn has. */
const TURN = 4;
const READ = 20;
/** So that an item is about as long as a short answer. */
const PROSE = 'Your parcel left the store on Monday and should arrive by Friday at the latest. '.repeat(7);

/**
 * Measures a store with conversations of its own, and removes them, also after a failure.
 *
 * @param url - That of the store.
 */
export async function measureStore(
  store: SessionStore,
  url: string,
  {
    rounds = BENCH_DEFAULTS.rounds,
    callers = BENCH_DEFAULTS.callers,
    items = BENCH_DEFAULTS.items,
    signal,
  }: Omit<BenchOptions, 'store'>,
): Promise<BenchReport> {
  const { scheme } = parseStoreUrl(url);
  const date = new Date().toISOString();
  const conversations = new Conversations(store, signal);
  try {
    const operations = [
      await appendAlone(conversations, rounds),
      await appendTogether(conversations, rounds, callers),
      await readNewest(conversations, rounds, items),
      await pop(conversations, rounds),
    ];
    return { scheme, node: process.version, date, operations };
  } finally {
    await conversations.clear();
  }
}

/** The conversations of one run, with the items that each has to have. */
class Conversations {
  readonly #store: SessionStore;
  readonly #run = randomUUID();
  readonly #expected = new Map<string, AgentInputItem[]>();

  readonly #signal: AbortSignal | undefined;

  constructor(store: SessionStore, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
  }

  async append(name: string): Promise<void> {
    this.#signal?.throwIfAborted();
    const expected = this.#expected.get(name) ?? [];
    this.#expected.set(name, expected);
    const turn = turnAt(`${name}/${expected.length / TURN}`);
    expected.push(...turn);
    await this.#session(name).addItems(turn);
  }

  /** Reads the newest items, and says afterwards whether they were right. */
  async newest(name: string, count: number): Promise<() => boolean> {
    this.#signal?.throwIfAborted();
    const items = await this.#session(name).getItems(count);
    return () => isDeepStrictEqual(items, this.#expected.get(name)?.slice(-count));
  }

  async pop(name: string): Promise<() => boolean> {
    this.#signal?.throwIfAborted();
    const expected = this.#expected.get(name)?.pop();
    const item = await this.#session(name).popItem();
    return () => isDeepStrictEqual(item, expected);
  }

  /** Removes what can be removed, and then throws what went wrong. */
  async clear(): Promise<void> {
    await allEnded([...this.#expected.keys()].map((name) => this.#session(name).clearSession()));
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
  await allEnded(names.map((name) => conversations.append(name)));
  const started = now();
  const times = await allEnded(names.map((name) => timesOf(rounds, () => conversations.append(name))));
  const elapsed = now() - started;
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

/** As `Promise.all`, but after a failure too no call is under way: what it stored would not be removed. */
async function allEnded<Result>(calls: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

/** The times of calls that are made one after the other, in ms. */
async function timesOf(calls: number, call: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let made = 0; made < calls; made++) {
    const started = now();
    await call();
    times.push(now() - started);
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
