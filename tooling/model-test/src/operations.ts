import type { AgentInputItem } from '@openai/agents-core';
import fc from 'fast-check';
import { type DrawnItem, item, REFUSED } from './items.js';

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
);

/** Calls that are made without awaiting each other, then awaited together. */
export interface Burst {
  readonly operations: readonly Operation[];
  /** Which of the two stores each conversation is reached through meanwhile. */
  readonly stores: readonly (0 | 1)[];
  /** Conversations that get a damaged row before the burst, with the row's text. */
  readonly damage: readonly { readonly session: number; readonly text: string }[];
}

const session = fc.nat(SESSIONS - 1);

const operation: fc.Arbitrary<Operation> = fc.oneof(
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
