import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { MemorySession, type Session } from '@openai/agents-core';
import type { Awaitable } from '@stackone/sessions-core';
import fc from 'fast-check';
import { ITEM_TYPE_NAMES } from './items.js';
import { type Burst, bursts, LIMITS, type Operation, SESSIONS } from './operations.js';

export { REFUSED } from './items.js';

/** What the model test plays against. */
export interface ModelSubject {
  /** Two stores on one database, or the same one twice where a database cannot be shared. */
  readonly stores: readonly [ModelStore, ModelStore];
  /** Writes a row of any text to a conversation that exists, over a raw connection. */
  insertRaw(sessionId: string, text: string): Awaitable<unknown>;
}

/** A store as the model test needs it. */
export interface ModelStore {
  session(sessionId: string): Session;
}

/** How long and from where the model test plays. */
export interface ModelOptions {
  /** How many random sequences are played. Default: `MODEL_RUNS`, else 300. */
  runs?: number;
  /** Where the random numbers begin. Default: `MODEL_SEED`, else another one each time. It is printed. */
  seed?: number;
}

/**
 * Plays random sequences of calls against a subject and, for each conversation, against the SDK's `MemorySession`,
 * and compares every result. Prints its seed and what it covered, and fails if it left something out.
 *
 * @throws AssertionError with the shortest sequence found that ends differently.
 */
export async function playModel(
  name: string,
  subject: ModelSubject,
  options: ModelOptions = {},
): Promise<void> {
  const runs = options.runs ?? Number(process.env.MODEL_RUNS ?? 300);
  const seed = options.seed ?? Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const coverage = new Coverage();
  const property = fc.asyncProperty(bursts, (sequence) => playSequence(subject, sequence, coverage));
  await fc.assert(property, { numRuns: runs, seed, verbose: 1 });
  console.info(`${name}: ${runs} sequences, seed ${seed}\n${coverage}`);
  // few sequences cannot draw everything
  if (runs >= 100) coverage.check();
}

/** One conversation in the subject and in the SDK's own session. */
class Pair {
  readonly id = randomUUID();
  readonly model = new MemorySession({ sessionId: this.id });
  /** Whether the session's row is there, so that a damaged row can be put beside it. */
  exists = false;
}

async function playSequence(
  subject: ModelSubject,
  sequence: readonly Burst[],
  coverage: Coverage,
): Promise<void> {
  const pairs = Array.from({ length: SESSIONS }, () => new Pair());
  for (const { operations, stores, damage } of sequence) {
    for (const { session, text } of damage) {
      const pair = pairs[session] as Pair;
      if (!pair.exists) continue;
      await subject.insertRaw(pair.id, text);
      coverage.count('damaged row');
    }
    const expected: Promise<Outcome>[] = [];
    const actual: Promise<Outcome>[] = [];
    for (const operation of operations) {
      const pair = pairs[operation.session] as Pair;
      const store = stores[operation.session] as 0 | 1;
      expected.push(outcome(operation.kind === 'addRefused' ? refusal() : call(pair.model, operation)));
      actual.push(outcome(call(subject.stores[store].session(pair.id), operation)));
      if (operation.kind === 'clearSession') pair.exists = false;
      if (operation.kind === 'addItems' && operation.items.length > 0) pair.exists = true;
      coverage.countOperation(operation, store);
    }
    if (operations.length > 1) coverage.count('calls at the same time');
    compare(await Promise.all(actual), await Promise.all(expected));
  }
  for (const { id, model } of pairs) {
    for (const store of subject.stores) {
      compare([await outcome(store.session(id).getItems())], [await outcome(model.getItems())]);
    }
  }
}

type Outcome = { readonly value: unknown } | 'refused';

function call(session: Session, operation: Operation): Promise<unknown> {
  switch (operation.kind) {
    case 'addItems':
      return session.addItems(operation.items.map(({ item }) => item));
    case 'addRefused':
      return session.addItems([...operation.items]);
    case 'getItems':
      return session.getItems(LIMITS[operation.limit]?.[1]);
    case 'popItem':
      return session.popItem();
    case 'clearSession':
      return session.clearSession();
  }
}

/** What a store does about the items in the list of differences, whatever `MemorySession` does. */
function refusal(): Promise<never> {
  return Promise.reject(new TypeError('listed difference'));
}

function outcome(result: Promise<unknown>): Promise<Outcome> {
  return result.then(
    (value) => ({ value }),
    (error: unknown) => {
      const { name, code } = error as { name?: string; code?: unknown };
      if (name === 'TypeError' || code === 'UNSUPPORTED_VALUE') return 'refused' as const;
      throw error;
    },
  );
}

function compare(actual: readonly Outcome[], expected: readonly Outcome[]): void {
  assert.deepEqual(actual, expected);
  // deepEqual does not see the order of keys
  assert.deepEqual(actual.map(keyOrder), expected.map(keyOrder));
}

function keyOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return typeof value;
  if (value instanceof Map) return [...value].map(keyOrder);
  if (value instanceof Set) return [...value].map(keyOrder);
  return Object.entries(value).map(([key, field]) => [key, keyOrder(field)]);
}

/** Counts what was played. */
class Coverage {
  readonly #counts = new Map<string, number>();

  constructor() {
    const kinds = ['addItems', 'addRefused', 'getItems', 'popItem', 'clearSession'];
    for (const name of [
      ...kinds.map((kind) => `call ${kind}`),
      ...LIMITS.map(([limit]) => `limit ${limit}`),
      ...ITEM_TYPE_NAMES.map((type) => `item ${type}`),
      ...Array.from({ length: SESSIONS }, (_, session) => `conversation ${session}`),
      ...VALUE_NAMES.map((value) => `value ${value}`),
      'store 0',
      'store 1',
      'calls at the same time',
      'damaged row',
    ]) {
      this.#counts.set(name, 0);
    }
  }

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  countOperation(operation: Operation, store: 0 | 1): void {
    this.count(`call ${operation.kind}`);
    this.count(`conversation ${operation.session}`);
    this.count(`store ${store}`);
    if (operation.kind === 'getItems') this.count(`limit ${LIMITS[operation.limit]?.[0]}`);
    if (operation.kind !== 'addItems') return;
    for (const { typeName, item } of operation.items) {
      this.count(`item ${typeName}`);
      this.#countValues(item);
    }
  }

  /** Fails if anything that can be played was not. */
  check(): void {
    const missing = [...this.#counts].filter(([, count]) => count === 0).map(([name]) => name);
    assert.deepEqual(missing, [], 'the model test did not cover these');
  }

  toString(): string {
    return `  covered: ${[...this.#counts].map(([name, count]) => `${name} ${count}`).join(', ')}`;
  }

  #countValues(value: unknown): void {
    const name = valueName(value);
    if (name) this.count(`value ${name}`);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
    const inside =
      value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
    for (const field of inside) this.#countValues(field);
  }
}

const VALUE_NAMES = [
  'Uint8Array',
  'Date',
  'Map',
  'Set',
  'BigInt',
  'undefined',
  '-0',
  'NaN',
  'Infinity',
  'lookalike',
];

function valueName(value: unknown): string | undefined {
  if (typeof value === 'bigint') return 'BigInt';
  if (value === undefined) return 'undefined';
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return '-0';
    return Number.isNaN(value)
      ? 'NaN'
      : Math.abs(value) === Number.POSITIVE_INFINITY
        ? 'Infinity'
        : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const type of [Uint8Array, Date, Map, Set]) if (value instanceof type) return type.name;
  return Object.hasOwn(value, '$sessions') ? 'lookalike' : undefined;
}
