import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeItems } from '../../../src/items/item-codec.js';
import { ITEM_CODECS } from '../../../src/items/responses-format/codec.js';
import { applyDifference, difference } from '../../../src/items/responses-format/difference.js';
import { isRow } from '../../../src/items/responses-format/row-shape.js';
import { ITEM_CASES } from './items.js';
import { ROW_CASES } from './python-rows.js';

const { responses, 'agents-js': agentsJs } = ITEM_CODECS;

/** Keys that mean something on one side or the other, and some that mean nothing. */
const KEYS = [
  ...['id', 'type', 'role', 'status', 'name', 'content', 'output', 'caller', 'providerData', 'provider_data'],
  ...[
    'callId',
    'call_id',
    'annotations',
    'text',
    'phase',
    'result',
    'action',
    'summary',
    'stackone_agents_js',
  ],
  ...['mine', 'aB', '0', '__proto__', '$sessions', ''],
];

const value = fc.oneof(
  fc.constantFrom<unknown>('', 'x', 'message', 'completed', '__fake_id__', 'FAKE_ID', 'c1', '\ud800', '\0'),
  fc.constantFrom<unknown>(null, undefined, 0, -0, Number.NaN, true, 10n, new Date(0), new Uint8Array([1])),
  fc.jsonValue({ maxDepth: 2 }),
);

type Change = (object: Record<string, unknown>) => void;

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.constantFrom(...KEYS), value).map(([key, field]): Change => {
    return (object) => Object.defineProperty(object, key, { ...FIELD, value: field });
  }),
  fc.nat().map((at): Change => {
    return (object) => {
      const keys = Object.keys(object);
      if (keys.length > 0) delete object[keys[at % keys.length] as string];
    };
  }),
  fc.constant<Change>((object) => {
    for (const [key, field] of Object.entries(object).reverse()) {
      delete object[key];
      Object.defineProperty(object, key, { ...FIELD, value: field });
    }
  }),
);

const FIELD = { configurable: true, enumerable: true, writable: true };

/** One of the values with changes at random places inside. */
function changed(values: readonly object[]): fc.Arbitrary<Record<string, unknown>> {
  const changes = fc.array(fc.tuple(fc.nat(), change), { maxLength: 4 });
  return fc.tuple(fc.constantFrom(...values), changes).map(([original, list]) => {
    const copy = structuredClone(original) as Record<string, unknown>;
    for (const [at, apply] of list) {
      const objects = objectsIn(copy);
      apply(objects[at % objects.length] as Record<string, unknown>);
    }
    return copy;
  });
}

function objectsIn(one: object): object[] {
  if (one instanceof Date || one instanceof Uint8Array) return [];
  const inside = Object.values(one).filter((field) => typeof field === 'object' && field !== null);
  return [...(Array.isArray(one) ? [] : [one]), ...inside.flatMap((field) => objectsIn(field as object))];
}

const items = changed(ITEM_CASES.map(({ item }) => item));
const rows = changed(ROW_CASES.map(({ row }) => row));

/** Whether an item is one that both formats keep exactly: no row, and no reasoning item. */
function isKept(item: Record<string, unknown>): boolean {
  return !isRow(item) && !isCarrier(item) && item.type !== 'reasoning';
}

function isCarrier({ provider_data }: Record<string, unknown>): boolean {
  return typeof provider_data === 'object' && provider_data !== null && 'stackone_agents_js' in provider_data;
}

test('an item comes back exactly, whatever is in it', () => {
  fc.assert(
    fc.property(items, (item) => {
      fc.pre(isKept(item));
      for (const codec of [responses, agentsJs]) {
        const back = codec.decode(codec.encode([item as never])[0] as string);
        expect(encodeItems([back])).toEqual(encodeItems([item as never]));
      }
    }),
    { numRuns: 5000 },
  );
});

test('what is carried lies under one key, and the rest of the row is plain JSON', () => {
  fc.assert(
    fc.property(items, (item) => {
      fc.pre(isKept(item));
      const text = responses.encode([item as never])[0] as string;
      if (text === encodeItems([item as never])[0]) return;
      const { provider_data, ...row } = JSON.parse(text) as Record<string, unknown>;
      expect(JSON.stringify(row)).not.toContain('"$sessions":[');
      expect(row.type === 'reasoning' && provider_data !== undefined).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

test('a reasoning item keeps what its row says', () => {
  const reasoning = changed(ITEM_CASES.map(({ item }) => item).filter(({ type }) => type === 'reasoning'));
  fc.assert(
    fc.property(reasoning, (item) => {
      fc.pre(item.type === 'reasoning' && !isRow(item));
      const text = responses.encode([item as never])[0] as string;
      const back = responses.decode(text);
      expect(responses.encode([back])).toEqual([text]);
      expect(isCarrier(JSON.parse(text) as Record<string, unknown>)).toBe(isCarrier(item));
    }),
    { numRuns: 2000 },
  );
});

test('a row is stored unchanged, read as an item, and that item comes back exactly', () => {
  fc.assert(
    fc.property(rows, (row) => {
      fc.pre(isRow(row));
      const [text = ''] = responses.encode([row as never]);
      expect([text]).toEqual(encodeItems([row as never]));
      const item = responses.decode(text);
      const [again = ''] = responses.encode([item]);
      fc.pre(item.type !== 'reasoning');
      expect(encodeItems([responses.decode(again)])).toEqual(encodeItems([item]));
    }),
    { numRuns: 3000 },
  );
});

test('a difference leads from any value to any other', () => {
  const any = fc.oneof(value, items, fc.array(items, { maxLength: 2 }));
  fc.assert(
    fc.property(any, any, (base, target) => {
      const carried = difference(base, target);
      const result = carried === undefined ? base : applyDifference(base, carried);
      expect(encodeItems([{ result } as never])).toEqual(encodeItems([{ result: target } as never]));
    }),
    { numRuns: 3000 },
  );
});
