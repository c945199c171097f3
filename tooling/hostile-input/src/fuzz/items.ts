import { randomUUID } from 'node:crypto';
import type { AgentInputItem } from '@openai/agents-core';
import type { StoreSession, Turn } from '@stackone/openai-agents-js-sessions';
import fc from 'fast-check';
import { assertSame, attempt } from './promises.ts';
import { STORE_KINDS, type Stage } from './stage.ts';
import { hostileText } from './texts.ts';
import { type Hostile, hostile, itemValue } from './values.ts';

/** How a list of items is handed over, and whether it is one. */
const LISTS: Readonly<Record<string, { readonly isList: boolean; of(items: unknown[]): unknown }>> = {
  'an array': { isList: true, of: (items) => items },
  'an array of another class': { isList: true, of: (items) => class extends Array<unknown> {}.from(items) },
  'a Proxy of an array': { isList: true, of: (items) => new Proxy(items, {}) },
  'an array with a hole': { isList: false, of: (items) => [...items, ...new Array(1)] },
  'an object like an array': { isList: false, of: (items) => ({ ...items, length: items.length }) },
  'a Set': { isList: false, of: (items) => new Set(items) },
};

/** What a way needs besides. */
interface Hand {
  readonly operationId: string;
  readonly window: boolean;
  /** The same items, made anew: those that answer otherwise the next time are other items then. */
  again(): AgentInputItem[];
}

/** How items come into a conversation that has one already. */
const WAYS: Readonly<
  Record<string, (session: StoreSession, items: AgentInputItem[], hand: Hand) => Promise<unknown>>
> = {
  addItems: (session, items) => session.addItems(items),
  'addItems, twice': async (session, items, { operationId, again }) => {
    await session.addItems(items, undefined, { operationId });
    await session.addItems(again(), undefined, { operationId });
  },
  applyHistoryTransaction: (session, items, { operationId }) =>
    session.applyHistoryTransaction({ operationId, transaction: { type: 'append_items', items } }),
  // in a session with a window it adds them at the end
  replaceHistoryWithCompaction: (session, items, { window }) =>
    session.replaceHistoryWithCompaction(window ? items : behindFirst(items)),
  replaceBeginning: (session, items) => session.replaceBeginning([FIRST], behindFirst(items)),
  async replaceTurn(session, items) {
    const { data } = await session.turns();
    await session.replaceTurn(data[0] as Turn, behindFirst(items));
  },
};

/** As items that take the place of the whole conversation. */
const behindFirst = (items: AgentInputItem[]) => (Array.isArray(items) ? [FIRST, ...items] : items);

const FIRST: AgentInputItem = { role: 'user', content: 'first' };

interface Drawn {
  readonly items: readonly Hostile[];
  readonly list: string;
  readonly way: string;
  readonly kind: (typeof STORE_KINDS)[number];
  readonly window: boolean;
}

/** An item with the value somewhere in it, or in its place. */
const item = fc
  .tuple(itemValue, hostileText, hostileText, fc.constantFrom('within', 'within', 'beside', 'instead'))
  .map(([value, content, key, place]): Hostile => {
    const fields = (inner: unknown): object => {
      if (place === 'beside')
        return Object.defineProperty(
          { role: 'user', content },
          key === 'role' || key === 'content' ? 'x' : key,
          {
            value: inner,
            enumerable: true,
            writable: true,
            configurable: true,
          },
        );
      return { type: 'message', role: 'user', content, providerData: { value: inner } };
    };
    if (place === 'instead')
      return hostile({
        ...value,
        says: `instead of an item ${value.says}`,
        plain: undefined,
        fate: value.fate === 'refused' ? 'refused' : 'either',
      });
    return hostile({
      says: `${place} ${JSON.stringify(key)}: ${value.says}`,
      make: () => fields(value.make()),
      fate: value.fate,
      meaning: () => fields(value.meaning?.()),
      plain: value.plain && (() => fields(value.plain?.())),
    });
  });

const drawn: fc.Arbitrary<Drawn> = fc.record({
  items: fc.array(item, { minLength: 1, maxLength: 3 }),
  list: fc.oneof({ weight: 5, arbitrary: fc.constant('an array') }, fc.constantFrom(...Object.keys(LISTS))),
  way: fc.oneof({ weight: 2, arbitrary: fc.constant('addItems') }, fc.constantFrom(...Object.keys(WAYS))),
  kind: fc.constantFrom(...STORE_KINDS),
  window: fc.boolean(),
});

/** What is accepted reads back as it was, exactly once; all else is refused, and nothing of it is stored. */
export const items = {
  arbitrary: drawn,
  async play({ stores }: Stage, { items: given, list, way, kind, window }: Drawn): Promise<void> {
    const id = randomUUID();
    const store = stores[kind];
    const session = store.session(
      id,
      window ? { window: { items: 100, toolOutputs: { newest: 0, maxCharacters: 1 } } } : {},
    );
    await session.addItems([FIRST]);
    const { isList, of } = LISTS[list] as (typeof LISTS)[string];
    const call = WAYS[way] as (typeof WAYS)[string];
    const again = () => of(given.map((one) => one.make())) as AgentInputItem[];
    const handed = again();
    const outcome = await attempt(way, () => call(session, handed, { operationId: id, window, again }));
    const isSpread = way === 'replaceHistoryWithCompaction' ? !window : way.startsWith('replace');
    const isTransaction = way === 'applyHistoryTransaction';
    const mustBeRefused =
      given.some(({ fate, plain }) => fate === 'refused' && !(isTransaction && plain)) ||
      (!isList && !isSpread);
    if ('value' in outcome) {
      if (mustBeRefused)
        assertSame(await session.getItems(), 'a refusal', `${way} accepted what cannot be kept`);
      assertSame(
        await store.session(id).getItems(),
        [FIRST, ...given.map(({ meaning, plain }) => (plain ?? meaning)?.())],
        'what was accepted, read back',
      );
    } else {
      // the SDK's own check of a transaction refuses more
      const mayBeRefused =
        isTransaction || (!isList && isSpread) || given.some(({ fate }) => fate !== 'kept') || mustBeRefused;
      if (!mayBeRefused) throw outcome.refused;
      assertSame(await store.session(id).getItems(), [FIRST], 'what is stored after a refusal');
    }
    await attempt('history', () => store.session(id).history());
    await attempt('turns', () => store.session(id).turns());
    await attempt('getItems of a window', () => store.session(id, { window: { items: 2 } }).getItems());
    await store.session(id).clearSession();
  },
};
