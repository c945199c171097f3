import type { AgentInputItem, SessionHistoryMutation } from '@openai/agents-core';
import fc from 'fast-check';
import { type DrawnItem, item, modelItem, REFUSED } from './items.js';
import { SPOILS } from './spoils.js';

/** How many conversations a sequence of operations plays on. */
export const SESSIONS = 3;

/** Limits of every kind, each with the name under which it is counted. */
export const LIMITS: readonly (readonly [name: string, limit: number | undefined])[] = [
  ['absent', undefined],
  ['zero', 0],
  ['negative zero', -0],
  ['negative', -3],
  ['one', 1],
  ['a few', 3],
  ['fraction', 1.5],
  ['NaN', Number.NaN],
  ['infinite', Number.POSITIVE_INFINITY],
  ['beyond the end', 2_147_483_647],
];

/** One call, on the conversation with this number. */
export type Operation = { readonly session: number } & (
  | { readonly kind: 'addItems'; readonly items: readonly DrawnItem[] }
  | { readonly kind: 'addRefused'; readonly items: readonly AgentInputItem[] }
  | { readonly kind: 'getItems'; readonly limit: number }
  | { readonly kind: 'popItem' }
  | { readonly kind: 'clearSession' }
  | { readonly kind: 'transaction'; readonly drawn: DrawnTransaction }
  | { readonly kind: 'mutations'; readonly mutations: SessionHistoryMutation[] }
);

/** A history transaction, to be completed with the newest items of its conversation when it is played. */
export interface DrawnTransaction {
  /** The name under which it is counted. */
  readonly name: string;
  readonly operationId: unknown;
  /** How many of the newest items the expected suffix takes from the conversation; 0 for an append. */
  readonly suffix: number;
  /** Replaces the last of them by something else. */
  readonly wrong: boolean;
  /** Writes the keys of the suffix in reverse order, which changes nothing. */
  readonly reversed: boolean;
  readonly items: readonly AgentInputItem[];
  /** Changes the finished arguments to something that is refused, or not. */
  readonly spoil: number | undefined;
}

/** Calls that are made without awaiting each other, then awaited together. */
export interface Burst {
  readonly operations: readonly Operation[];
  /** Which of the two stores each conversation is reached through meanwhile. */
  readonly stores: readonly (0 | 1)[];
  /** Conversations that get a damaged row before the burst, with the row's text. */
  readonly damage: readonly { readonly session: number; readonly text: string }[];
}

const session = fc.nat(SESSIONS - 1);

// few ids, so that they are used again
const operationId = fc.constantFrom('o1', 'o2', ' o1', 'a\ud800', 'a\udc01', 'a\0b');

const transaction: fc.Arbitrary<DrawnTransaction> = fc.record({
  name: fc.constant('transaction'),
  operationId,
  suffix: fc.nat(3),
  wrong: fc.boolean(),
  reversed: fc.boolean(),
  // few kinds of items, so that a transaction is drawn again
  items: fc.oneof(
    fc.array(modelItem, { maxLength: 2 }),
    fc.constantFrom([], [{ role: 'user', content: 'x' } as const]),
  ),
  spoil: fc.option(fc.nat(SPOILS.length - 1), { nil: undefined, freq: 3 }),
});

const callId = fc.constantFrom('c1', 'c2', 'c3');

const mutation: fc.Arbitrary<SessionHistoryMutation> = fc.record({
  type: fc.constant('replace_function_call' as const),
  callId,
  replacement: fc.record({
    type: fc.constant('function_call' as const),
    callId,
    name: fc.constantFrom('replaced', ''),
    arguments: fc.constantFrom('{}', ''),
  }),
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ session, kind: fc.constant('transaction'), drawn: transaction }) },
  {
    weight: 1,
    arbitrary: fc.record({
      session,
      kind: fc.constant('mutations'),
      mutations: fc.array(mutation, { maxLength: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ session, kind: fc.constant('addItems'), items: fc.array(item, { maxLength: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ session, kind: fc.constant('getItems'), limit: fc.nat(LIMITS.length - 1) }),
  },
  { weight: 3, arbitrary: fc.record({ session, kind: fc.constant('popItem') }) },
  { weight: 1, arbitrary: fc.record({ session, kind: fc.constant('clearSession') }) },
  {
    weight: 1,
    arbitrary: fc
      .record({ session, good: fc.array(item, { maxLength: 2 }), bad: fc.constantFrom(...REFUSED) })
      .map(({ session, good, bad }) => ({
        session,
        kind: 'addRefused' as const,
        items: [...good.map(({ item }) => item), bad.item as AgentInputItem],
      })),
  },
) as fc.Arbitrary<Operation>;

const damage = fc.record({
  session,
  text: fc.constantFrom('', '{', 'null', '7', '[]', '"text"', '{"a":NaN}'),
});

/** Up to a dozen bursts of up to five calls. */
export const bursts: fc.Arbitrary<readonly Burst[]> = fc.array(
  fc.record({
    operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
    stores: fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: SESSIONS, maxLength: SESSIONS }),
    damage: fc.array(damage, { maxLength: 1 }),
  }),
  { minLength: 1, maxLength: 12 },
);
