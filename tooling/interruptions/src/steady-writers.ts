import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isSessionError, type SessionStore } from '@stackone/sessions-core';
import { expect } from 'vitest';

/** Rounds of each scene of a cluster: one, and 20 with `--mode clusters` (`npm run test:clusters`). */
const CLUSTER_ROUNDS = Number(process.env.CLUSTER_ROUNDS ?? 1);

/** For all rounds of a scene on a busy machine, in ms: what hangs ends then. */
export const CLUSTER_LIMIT = { timeout: CLUSTER_ROUNDS * 180_000 };

/** What a writer of a cluster can wait for: servers that are silent are left after it. */
export const IMPATIENT = { timeout: 4000, connectionTimeout: 2000 };

/**
 * All texts of a conversation as one server has them.
 *
 * @param query - Asks that server, and gives the rows.
 */
export async function storedTexts(
  query: (sql: string) => Promise<readonly unknown[]>,
  id: string,
): Promise<string[]> {
  const rows = await query(
    `SELECT message_data AS text FROM agent_messages WHERE session_id = '${id}' ORDER BY id`,
  );
  return (rows as readonly { text: unknown }[]).map(
    ({ text }) => (JSON.parse(String(text)) as { content: string }).content,
  );
}

/** Writers may be without an answer for so long, in ms, where `--mode clusters` has the machine for itself. */
const GAP = Number(process.env.CLUSTER_GAP ?? Number.POSITIVE_INFINITY);

const PARTS = ['first', 'second', 'third'];
/** Of each store: one writes with operation ids and repeats each turn until it is stored, the other one does not. */
const KINDS = ['repeats', 'once'];
/** Each writer gets so many turns stored before anything happens to a server, and after it. */
const SOME = 5;
/** Until a writer goes on again, in ms: generous, for what it really takes is measured. */
const PATIENCE = 90_000;
/** Between a call that failed and the next one, in ms. */
const PAUSE = 50;

/** What calls fail with that were under way when a server was lost, or that came before another one had taken over. */
const AFTER_A_LOSS = ['CONNECTION_FAILED', 'OUTCOME_UNKNOWN', 'READ_ONLY', 'TRANSACTION_CONFLICT', 'BUSY'];

/** What writers were told: names of turns, each of which is in one conversation. */
interface Told {
  readonly stored: Set<string>;
  readonly unknown: Set<string>;
  readonly refused: Set<string>;
}

/** What went wrong with turns, by their names. */
interface Judgement {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly torn: readonly string[];
  readonly reordered: readonly string[];
  /** An error said that nothing was written, and it was. */
  readonly untrue: readonly string[];
}

/** Nothing went wrong. */
const FLAWLESS: Judgement = { lost: [], doubled: [], torn: [], reordered: [], untrue: [] };

/** Writers that go on whatever happens to their servers: two in each store, all of them in the same conversations. */
class SteadyWriters {
  /** The conversations. */
  readonly ids: readonly string[] = [randomUUID(), randomUUID()];
  readonly codes = new Map<string, number>();
  readonly #told: Told = { stored: new Set(), unknown: new Set(), refused: new Set() };
  /** When each writer's turns were acknowledged, in ms. */
  readonly #times: number[][] = [];
  readonly #writing: Promise<void>[];
  #isOver = false;

  constructor(stores: readonly SessionStore[]) {
    this.#writing = stores.flatMap((store, at) =>
      KINDS.map((kind) => {
        const times = [performance.now()];
        this.#times.push(times);
        return this.#write(store, kind, `${kind}-${at}`, times);
      }),
    );
    // a failure is for who waits for the end
    for (const writing of this.#writing) writing.catch(() => {});
  }

  /** How many turns are known to be stored. */
  get turns(): number {
    return this.#told.stored.size;
  }

  /** Resolves when each writer has got some turns stored from now on. */
  async goOn(): Promise<void> {
    const before = this.#times.map(({ length }) => length);
    const least = () => Math.min(...this.#times.map(({ length }, at) => length - (before[at] ?? 0)));
    await Promise.race([
      expect.poll(least, { timeout: PATIENCE, interval: 20 }).toBeGreaterThanOrEqual(SOME),
      ...this.#writing, // which end now only by an error that nobody expected
    ]);
  }

  /** Ends them. @returns The longest time for which a writer got nothing stored, in ms. */
  async end(): Promise<number> {
    this.#isOver = true;
    await Promise.all(this.#writing);
    const gaps = this.#times.flatMap((times) => times.map((time, at) => time - (times[at - 1] ?? time)));
    return Math.max(...gaps);
  }

  /**
   * What went wrong by what is there.
   *
   * @param textsOf - All texts of a conversation in their order, read where they are to be judged.
   */
  async judge(textsOf: (id: string) => Promise<readonly string[]>): Promise<Judgement> {
    const { stored, refused } = this.#told;
    const counts = new Map<string, number>();
    const torn: string[] = [];
    const reordered: string[] = [];
    for (const id of this.ids) {
      const places = new Map<string, number>();
      const texts = await textsOf(id);
      for (let at = 0; at < texts.length; ) {
        const name = String(texts[at]).replace(/ \w+$/, '');
        const isWhole = PARTS.every((part, index) => texts[at + index] === `${name} ${part}`);
        if (!isWhole) torn.push(String(texts[at]));
        at += isWhole ? PARTS.length : 1;
        if (!isWhole) continue;
        counts.set(name, (counts.get(name) ?? 0) + 1);
        if (!stored.has(name)) continue; // who was not told of it cannot say when it was added
        const [writer = '', number] = name.split('.');
        if (Number(number) <= (places.get(writer) ?? -1)) reordered.push(name);
        places.set(writer, Number(number));
      }
    }
    return {
      lost: [...stored].filter((name) => !counts.has(name)),
      doubled: [...counts].filter(([, count]) => count > 1).map(([name]) => name),
      torn,
      reordered,
      untrue: [...refused].filter((name) => counts.has(name)),
    };
  }

  async #write(store: SessionStore, kind: string, writer: string, times: number[]): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const name = `${writer}.${turn}`;
      const session = store.session(this.ids[turn % this.ids.length] as string);
      const items = PARTS.map((part) => ({ role: 'user' as const, content: `${name} ${part}` }));
      const repeats = kind === 'repeats';
      do {
        const code = await session.addItems(items, undefined, repeats ? { operationId: name } : {}).then(
          () => undefined,
          (error: unknown) => this.#counted(error),
        );
        if (code === undefined) {
          this.#told.stored.add(name);
          times.push(performance.now());
        } else {
          if (!repeats) this.#told[code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'refused'].add(name);
          await wait(PAUSE);
        }
      } while (repeats && !this.#told.stored.has(name) && !this.#isOver);
    }
  }

  #counted(error: unknown): string {
    if (!isSessionError(error) || !AFTER_A_LOSS.includes(error.code)) throw error;
    this.codes.set(error.code, (this.codes.get(error.code) ?? 0) + 1);
    return error.code;
  }
}

/** A scene with a cluster, and what is done in each of its rounds. */
export interface ClusterScene {
  /** For people, with the kind of cluster. */
  readonly name: string;
  /** Opens the stores of the writers. */
  open(): Promise<readonly SessionStore[]>;
  /** What happens while they write. They have to go on after it, and what it resolves to is done then, while they write too. */
  strike(round: number): Promise<() => Promise<void>>;
  /** Where all is read in the end. */
  readonly readers: readonly ((id: string) => Promise<readonly string[]>)[];
  /** For how long writers may get nothing stored in `--mode clusters`, in ms, if it is not 10 s. */
  readonly longestGap?: number;
}

/**
 * Plays a scene and says how it went.
 *
 * @throws AssertionError if a turn that was acknowledged is not on each node, one is there twice, in parts or out of order, an error was
 * untrue, or writers did not go on; with `--mode clusters`, if they were without an answer for more than 10 s.
 */
export async function playClusterScene(scene: ClusterScene): Promise<void> {
  const gaps: number[] = [];
  const codes = new Map<string, number>();
  let turns = 0;
  for (let round = 0; round < CLUSTER_ROUNDS; round++) {
    const stores = await scene.open();
    const writers = new SteadyWriters(stores);
    await writers.goOn();
    const mend = await scene.strike(round);
    await writers.goOn();
    await mend();
    await writers.goOn();
    gaps.push(await writers.end());
    for (const store of stores) await store.close();
    // a node may be behind what callers were told by others
    for (const reader of scene.readers)
      await expect.poll(() => writers.judge(reader), { timeout: PATIENCE }).toEqual(FLAWLESS);
    turns += writers.turns;
    for (const [code, count] of writers.codes) codes.set(code, (codes.get(code) ?? 0) + count);
  }
  const seconds = gaps.toSorted((a, b) => a - b).map((gap) => (gap / 1000).toFixed(1));
  console.info(
    `${scene.name}: ${CLUSTER_ROUNDS} rounds, ${turns} turns, longest gap ${seconds.at(-1)} s ` +
      `(median ${seconds[seconds.length >> 1]} s); ${[...codes].map((pair) => pair.join(' ')).join(', ') || 'no call failed'}`,
  );
  if (Number.isFinite(GAP)) expect(Math.max(...gaps)).toBeLessThanOrEqual(scene.longestGap ?? GAP);
}
