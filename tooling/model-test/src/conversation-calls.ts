import fc from 'fast-check';

/** How many ids a sequence plays on. */
export const IDS = 3;

/** What is done with the conversation under the id with this number, through one of the two stores. */
export type ConversationCall = { readonly on: number; readonly store: 0 | 1 } & (
  | { readonly kind: 'turn'; readonly calls: number }
  | { readonly kind: 'two turns at once' }
  | { readonly kind: 'turn and update at once' }
  | { readonly kind: 'popItem' | 'clearSession' | 'delete' | 'read' }
  | { readonly kind: 'rewind' | 'removeItem' | 'replaceItem'; readonly at: number; readonly gone: boolean }
  | { readonly kind: 'replaceTurn'; readonly late: boolean }
  | { readonly kind: 'replaceBeginning'; readonly at: number; readonly late: boolean }
  | {
      readonly kind: 'update';
      readonly title: string | null | undefined;
      readonly metadata: Readonly<Record<string, unknown>>;
      readonly expects: 'nothing' | 'this version' | 'another version';
    }
  | { readonly kind: 'fork'; readonly to: number; readonly freed: boolean; readonly upTo: number | undefined }
  | { readonly kind: 'rename'; readonly to: number; readonly freed: boolean }
);

/** Every kind of call. */
export const KINDS: readonly ConversationCall['kind'][] = [
  'turn',
  'two turns at once',
  'turn and update at once',
  'popItem',
  'clearSession',
  'delete',
  'read',
  'rewind',
  'removeItem',
  'replaceItem',
  'replaceTurn',
  'replaceBeginning',
  'update',
  'fork',
  'rename',
];

const place = { on: fc.nat(IDS - 1), store: fc.constantFrom<0 | 1>(0, 1) };
const to = fc.nat(IDS - 1);
/** Whether what is under the other id is deleted before. */
const freed = fc.nat(3).map((number) => number > 0);
const at = fc.nat(20);
const seldom = fc.nat(5).map((number) => number === 0);

const json = fc.constantFrom<unknown>(null, 'text', '', 7, -0.5, true, [1, { a: null }], { b: '\n"😀' });

const calls: readonly { weight: number; arbitrary: fc.Arbitrary<ConversationCall> }[] = [
  {
    weight: 12,
    arbitrary: fc.record({ ...place, kind: fc.constant('turn' as const), calls: fc.nat(2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...place,
      kind: fc.constantFrom('two turns at once' as const, 'turn and update at once' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...place,
      kind: fc.constantFrom('popItem' as const, 'clearSession' as const, 'delete' as const, 'read' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...place,
      kind: fc.constantFrom('rewind' as const, 'removeItem' as const, 'replaceItem' as const),
      at,
      gone: seldom,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...place, kind: fc.constant('replaceTurn' as const), late: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...place,
      kind: fc.constant('replaceBeginning' as const),
      at,
      late: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...place,
      kind: fc.constant('update' as const),
      title: fc.constantFrom('A title', '', null, undefined),
      metadata: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'ü"'), json, { maxKeys: 3 }),
      expects: fc.constantFrom('nothing', 'nothing', 'this version', 'another version'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...place,
      kind: fc.constant('fork' as const),
      to,
      freed,
      upTo: fc.option(fc.nat(12), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...place, kind: fc.constant('rename' as const), to, freed }) },
];

/** Calls of which each is made when the one before it is done, but for those of other conversations: see `nextAtOnce`. */
export const sequences: fc.Arbitrary<readonly ConversationCall[]> = fc.array(fc.oneof(...calls), {
  minLength: 1,
  maxLength: 30,
  size: 'max',
});

/** How many of the calls, from the first on, can be made at the same time, as each is about other conversations. */
export function nextAtOnce(sequence: readonly ConversationCall[]): number {
  const busy = new Set<number>();
  for (const [index, call] of sequence.entries()) {
    const own = 'to' in call ? [call.on, call.to] : [call.on];
    if (own.some((id) => busy.has(id))) return index;
    for (const id of own) busy.add(id);
  }
  return sequence.length;
}
