import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type AgentInputItem,
  MemorySession,
  type Session,
  type SessionHistoryRewriteAwareSession,
  type SessionHistoryTransactionArgs,
  type SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
import type { Awaitable } from '@stackone/sessions-core/backend';
import fc from 'fast-check';
import { ITEM_TYPE_NAMES } from './items.js';
import { COVERING_RUNS, SIDE_BY_SIDE } from './model-runs.js';
import { type Burst, bursts, type DrawnTransaction, LIMITS, type Operation, SESSIONS } from './operations.js';
import { asArguments, SPOILS } from './spoils.js';

export { type ConversationStores, playConversations } from './conversations.js';
export { REFUSED, reasoningAsKept } from './items.js';
export { COVERING_RUNS, modelRuns, modelTimeout } from './model-runs.js';
export { playTenants, type TenantStore } from './tenants.js';

/** What the model test plays against. */
export interface ModelSubject {
  /** Two stores on one database, or the same one twice where a database cannot be shared. */
  readonly stores: readonly [ModelStore, ModelStore];
  /** Writes a row of any text to a conversation that exists, over a raw connection. */
  insertRaw(sessionId: string, text: string): Awaitable<unknown>;
  /** What the stores keep of an item, where that is not all. */
  readonly asKept?: (item: AgentInputItem) => AgentInputItem;
}

/** A session with the history operations that the SDK's `MemorySession` has. */
export type ModelSession = Session &
  SessionHistoryTransactionAwareSession &
  SessionHistoryRewriteAwareSession;

/** A store as the model test needs it. */
export interface ModelStore {
  session(sessionId: string): ModelSession;
}

/**
 * Plays random sequences of calls against a subject and, for each conversation, against the SDK's `MemorySession`,
 * and compares every result. Prints its seed and what it covered, and fails if it left something out. The seed is
 * `MODEL_SEED`, else another one each time.
 *
 * @param runs - How many sequences.
 * @throws AssertionError with the shortest sequence found that ends differently.
 */
export async function playModel(name: string, subject: ModelSubject, runs: number): Promise<void> {
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const started = performance.now();
  const coverage = new Coverage();
  const property = fc.asyncProperty(bursts, (sequence) => playSequence(subject, sequence, coverage));
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, (_, part) =>
      fc.assert(property, { numRuns: shareOf(runs, part), seed: seed + part, verbose: 1 }),
    ),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.info(`${name}: ${runs} sequences in ${seconds} s, seed ${seed}, no difference\n${coverage}`);
  // few sequences cannot draw everything
  if (runs >= COVERING_RUNS) coverage.check();
}

function shareOf(runs: number, part: number): number {
  return Math.floor(runs / SIDE_BY_SIDE) + (part < runs % SIDE_BY_SIDE ? 1 : 0);
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
    const expected: Outcome[] = [];
    const actual: Promise<Outcome>[] = [];
    for (const operation of operations) {
      const pair = pairs[operation.session] as Pair;
      const store = stores[operation.session] as 0 | 1;
      const args =
        operation.kind === 'transaction' ? await argumentsOf(operation.drawn, pair.model) : undefined;
      const result = await outcome(
        operation.kind === 'addRefused' ? refusal() : call(pair.model, kept(operation, subject), args),
      );
      expected.push(result);
      actual.push(outcome(call(subject.stores[store].session(pair.id), operation, args)));
      if (operation.kind === 'clearSession') pair.exists = false;
      if (operation.kind === 'addItems' && operation.items.length > 0) pair.exists = true;
      if (operation.kind === 'transaction' && 'value' in result) pair.exists = true;
      coverage.countOperation(operation, store);
      if (operation.kind === 'transaction')
        coverage.count(`answer ${'value' in result ? 'done' : result.refused}`);
    }
    if (operations.length > 1) coverage.count('calls at the same time');
    compare(await Promise.all(actual), expected);
  }
  for (const { id, model } of pairs) {
    for (const store of subject.stores) {
      compare([await outcome(store.session(id).getItems())], [await outcome(model.getItems())]);
    }
  }
}

/** What a call gave, or in which words it was refused. */
type Outcome = { readonly value: unknown } | { readonly refused: string };

function call(
  session: ModelSession,
  operation: Operation,
  args: SessionHistoryTransactionArgs | undefined,
): Promise<unknown> | unknown {
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
    case 'transaction':
      return session.applyHistoryTransaction(args as SessionHistoryTransactionArgs);
    case 'mutations':
      return session.applyHistoryMutations({ mutations: operation.mutations });
  }
}

/** The operation with what the stores keep of its items. */
function kept(operation: Operation, { asKept }: ModelSubject): Operation {
  if (operation.kind !== 'addItems' || !asKept) return operation;
  const items = operation.items.map((drawn) => ({ ...drawn, item: asKept(drawn.item) }));
  return { ...operation, items };
}

/** The transaction over what the conversation holds when it is its turn. */
async function argumentsOf(
  drawn: DrawnTransaction,
  model: MemorySession,
): Promise<SessionHistoryTransactionArgs> {
  const { operationId, items, suffix, wrong, reversed, spoil } = drawn;
  const newest = suffix === 0 ? [] : await model.getItems(suffix);
  const expectedSuffix = newest.map((item) => (reversed ? withKeysReversed(item) : item));
  if (wrong) expectedSuffix.splice(-1, 1, { role: 'user', content: 'another' });
  const transaction =
    suffix === 0
      ? { type: 'append_items', items }
      : { type: 'replace_suffix', expectedSuffix, replacement: items };
  const change = spoil === undefined ? undefined : SPOILS[spoil]?.[1];
  return asArguments(change ? change({ operationId, transaction }) : { operationId, transaction });
}

function withKeysReversed(item: AgentInputItem): AgentInputItem {
  return Object.fromEntries(Object.entries(item).reverse()) as unknown as AgentInputItem;
}

/** What a store does about the items in the list of differences, whatever `MemorySession` does. */
function refusal(): Promise<never> {
  return Promise.reject(new TypeError('listed difference'));
}

/** The codes of refusals, each of which has the words of `MemorySession`. */
const REFUSALS = ['INVALID_TRANSACTION', 'SUFFIX_MISMATCH', 'OPERATION_CONFLICT'];

async function outcome(result: Promise<unknown> | unknown): Promise<Outcome> {
  try {
    return { value: await result };
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    if (name === 'TypeError' || code === 'UNSUPPORTED_VALUE') return { refused: 'listed difference' };
    if (name === 'UserError' || REFUSALS.includes(String(code))) return { refused: message };
    throw error;
  }
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
    const kinds = [
      'addItems',
      'addRefused',
      'getItems',
      'popItem',
      'clearSession',
      'transaction',
      'mutations',
    ];
    for (const name of [
      ...kinds.map((kind) => `call ${kind}`),
      ...LIMITS.map(([limit]) => `limit ${limit}`),
      ...ITEM_TYPE_NAMES.map((type) => `item ${type}`),
      ...Array.from({ length: SESSIONS }, (_, session) => `conversation ${session}`),
      ...VALUE_NAMES.map((value) => `value ${value}`),
      ...SPOILS.map(([spoil]) => `spoilt by ${spoil}`),
      ...ANSWERS.map((answer) => `answer ${answer}`),
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
    if (operation.kind === 'transaction' && operation.drawn.spoil !== undefined) {
      this.count(`spoilt by ${SPOILS[operation.drawn.spoil]?.[0]}`);
    }
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

/** What a history transaction may lead to, in the words of `MemorySession` (0.20). */
const ANSWERS = [
  'done',
  'Session history transaction arguments are invalid.',
  'Session history transaction operationId must be a non-empty string.',
  'Session history transaction must be an object.',
  'Session history transaction items contain invalid or unsupported data.',
  'Session history append transaction fields are invalid.',
  'Session history suffix transaction fields are invalid.',
  'Unsupported session history transaction type.',
  'Session history suffix no longer matches the transaction precondition.',
  'Session history operation was already applied with a different transaction.',
];

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
