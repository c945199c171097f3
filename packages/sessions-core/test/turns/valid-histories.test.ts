// Promise: History and turns.
// Whatever is changed, what is left makes a valid input for a model.
import type { AgentInputItem } from '@openai/agents-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeItems } from '../../src/backend.js';
import { isSessionError } from '../../src/index.js';
import { ITEM_CODECS } from '../../src/items/responses-format/codec.js';
import { RowReader } from '../../src/items/row-reader.js';
import type { HistoryPatch, StoredRow } from '../../src/port/backend.js';
import {
  type DecideChange,
  removeItemAt,
  replaceItemAt,
  replaceTurnBy,
  rewindTo,
} from '../../src/turns/history-changes.js';
import { replaceBeginningBy } from '../../src/turns/replaced-beginning.js';
import { isUserMessage, validItems } from '../../src/window/item-partners.js';
import { anyItem, call, faultIn, history, PAIRS, result, say, thought, user } from '../window/histories.js';

const codec = ITEM_CODECS['agents-js'];

const ANSWERS: Readonly<Record<string, string>> = {
  function_call: 'function_call_result',
  computer_call: 'computer_call_result',
  shell_call: 'shell_call_output',
  apply_patch_call: 'apply_patch_call_output',
  program: 'program_output',
};

/** The calls without an answer, but for those that are there twice: which of them has the answer, nobody can tell. */
function unanswered(items: readonly AgentInputItem[]): string[] {
  const names = items.map((item) => JSON.stringify([item.type, (item as { callId?: string }).callId]));
  const isAnswered = ({ type, callId }: { type?: string; callId?: string }) =>
    names.includes(JSON.stringify([ANSWERS[String(type)], callId]));
  return names.filter((name, at) => {
    const item = items[at] as { type?: string; callId?: string };
    const isCall = ANSWERS[String(item.type)] !== undefined && item.callId !== undefined;
    return isCall && names.indexOf(name) === names.lastIndexOf(name) && !isAnswered(item);
  });
}

/** A conversation in a list, changed as a backend does it: with few rows first, and more when they are asked for. */
function changed<Result>(
  rows: readonly StoredRow[],
  last: number | 'all',
  change: DecideChange<Result>,
): { readonly rows: readonly StoredRow[]; readonly result: Result } {
  const newest = last === 'all' ? rows : rows.slice(-last);
  const reader = new RowReader(codec, { onCorruptItem: 'skip', warn: () => {} });
  const answer = change({ rows: newest, reader, areAll: last === 'all' || newest.length < last });
  if ('need' in answer)
    return changed(rows, answer.need === 'all' || last === 'all' ? 'all' : 2 * last, change);
  return { rows: patched(rows, answer.patch), result: answer.result };
}

let added = 0;

function patched(rows: readonly StoredRow[], { remove, update, append = [] }: HistoryPatch): StoredRow[] {
  const texts = new Map(update?.map(({ id, text }) => [id, text]));
  return [
    ...rows
      .filter(({ id }) => !remove?.includes(id))
      .map(({ id, text }) => ({ id, text: texts.get(id) ?? text })),
    ...append.map((text) => ({ id: `new ${++added}`, text })),
  ];
}

const rowsOf = (items: readonly AgentInputItem[]): StoredRow[] =>
  encodeItems(items).map((text, at) => ({ id: String(at), text }));
const itemsIn = (rows: readonly StoredRow[]) => rows.map(({ text }) => codec.decode(text));

/** A change of a conversation, and how much of it is seen first. */
interface Step {
  readonly kind: 'rewind' | 'replaceTurn' | 'removeItem' | 'replaceItem';
  readonly at: number;
  readonly item: AgentInputItem;
  readonly items: readonly AgentInputItem[];
  readonly last: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('rewind', 'replaceTurn', 'removeItem', 'replaceItem'),
  at: fc.nat(60),
  item: anyItem,
  items: fc.array(anyItem, { maxLength: 6 }),
  last: fc.integer({ min: 1, max: 8 }),
});

function play(rows: readonly StoredRow[], { kind, at, item, items, last }: Step): readonly StoredRow[] {
  const id = rows[at % Math.max(rows.length, 1)]?.id ?? 'none';
  const all = itemsIn(rows);
  const begin = all.findLastIndex(isUserMessage);
  const turn = { items: rows.slice(begin).map((row, place) => entry(row, all[begin + place])) };
  switch (kind) {
    case 'rewind':
      return changed(rows, last, rewindTo(id)).rows;
    case 'removeItem':
      return changed(rows, last, removeItemAt(id)).rows;
    case 'replaceItem':
      return changed(rows, last, replaceItemAt(id, item, codec)).rows;
    case 'replaceTurn': {
      if (begin < 0) return rows;
      const input = (at % 2 === 0 && all[begin]) || user('new');
      return changed(rows, last, replaceTurnBy(turn, [input, ...items], codec)).rows;
    }
  }
}

function entry({ id }: StoredRow, item: AgentInputItem | undefined) {
  return { id, item: item as AgentInputItem, createdAt: new Date(0) };
}

test('a valid conversation stays valid through every change, or the change is refused', () => {
  let refused = 0;
  fc.assert(
    fc.property(history, fc.array(step, { maxLength: 6 }), (given, steps) => {
      const valid = validItems(given, false);
      let rows: readonly StoredRow[] = rowsOf(given.filter((_, at) => valid[at]));
      fc.pre(faultIn(itemsIn(rows)) === undefined);
      for (const one of steps) {
        const before = rows;
        try {
          rows = play(rows, one);
        } catch (error) {
          if (!isSessionError(error)) throw error;
          expect(['NOT_FOUND', 'INVALID_HISTORY']).toContain(error.code);
          refused++;
        }
        const items = itemsIn(rows);
        expect(validItems(items, false).every(Boolean)).toBe(true);
        expect(faultIn(items)).toBeUndefined();
        if (one.kind !== 'removeItem') continue;
        const names = itemsIn(before).map((item) =>
          JSON.stringify([item.type, (item as { callId?: string }).callId]),
        );
        const twice = names.filter((name, at) => names.indexOf(name) !== at);
        const known = [...unanswered(itemsIn(before)), ...twice];
        expect(unanswered(items).filter((name) => !known.includes(name))).toEqual([]);
      }
    }),
    { numRuns: 5000 },
  );
  expect(refused).toBeGreaterThan(0);
});

test.each(Object.keys(PAIRS))('%s: the one takes the other along', (name) => {
  const pair = PAIRS[name] as [AgentInputItem, AgentInputItem];
  const rows = rowsOf([user('1'), ...pair, user('2'), say('m')]);
  for (const id of ['1', '2']) {
    const { rows: left, result: removed } = changed(rows, 2, removeItemAt(id));
    expect(itemsIn(left)).toEqual([user('1'), user('2'), say('m')]);
    expect(removed).toHaveLength(2);
    expect(() => changed(rows, 2, replaceItemAt(id, user('other'), codec))).toThrow('Nothing was changed');
  }
});

test('reasoning goes with the item that follows it, that with its result, and the other way round', () => {
  const belonging = [thought('r1'), thought('r2'), call('c'), result('c')];
  const rows = rowsOf([user('1'), ...belonging, say('m')]);
  for (const id of ['1', '2', '3', '4'])
    expect(itemsIn(changed(rows, 1, removeItemAt(id)).rows)).toEqual([user('1'), say('m')]);
  expect(itemsIn(changed(rows, 1, removeItemAt('5')).rows)).toEqual([user('1'), ...belonging]);
});

test('a result that came in a later turn goes with its call, however far back that is', () => {
  const items = [user('1'), call('c'), ...Array.from({ length: 50 }, (_, at) => user(`q${at}`)), result('c')];
  const { rows } = changed(rowsOf(items), 4, removeItemAt('52'));
  expect(itemsIn(rows)).toEqual([items[0], ...items.slice(2, -1)]);
});

test('a call in an earlier turn takes the reasoning before it along, also where a first look ends between them', () => {
  const rows = rowsOf([thought('r'), call('c'), user('1'), say('m'), result('c')]);
  expect(itemsIn(changed(rows, 1, removeItemAt('4')).rows)).toEqual([user('1'), say('m')]);
});

test('a turn may answer a call of an earlier turn, and no other', () => {
  const rows = rowsOf([user('1'), call('c'), user('2'), say('m')]);
  const turn = { items: [entry(rows[2] as StoredRow, user('2')), entry(rows[3] as StoredRow, say('m'))] };
  const answering = (callId: string) =>
    changed(rows, 2, replaceTurnBy(turn, [user('3'), result(callId)], codec));
  expect(itemsIn(answering('c').rows)).toEqual([user('1'), call('c'), user('3'), result('c')]);
  expect(() => answering('d')).toThrow('Nothing was changed');
});

test('what was added after the beginning stays valid when that is replaced, and stays whole', () => {
  const compaction = { type: 'compaction', encrypted_content: 'x' } as AgentInputItem;
  fc.assert(
    fc.property(history, fc.nat(40), fc.nat(3), (given, cut, count) => {
      const valid = validItems(given, false);
      const items = itemsIn(rowsOf(given.filter((item, at) => valid[at] && item.type !== 'compaction')));
      fc.pre(faultIn(items) === undefined);
      const fresh = [compaction, user('kept'), say('new')].slice(0, count);
      const [begin, rest] = [items.slice(0, cut), items.slice(cut)];
      const { rows } = changed(rowsOf(items), 3, replaceBeginningBy(begin, fresh, codec));
      const left = itemsIn(rows);
      expect(faultIn(left)).toBeUndefined();
      expect(validItems(left, false)).toEqual(left.map(() => true));
      expect(left.slice(0, fresh.length)).toEqual(fresh);
      expect(rest.length === 0 ? [] : left.slice(-rest.length)).toEqual(rest);
      const needed = left.slice(fresh.length, left.length - rest.length);
      expect(begin).toEqual(expect.arrayContaining(needed));
    }),
    { numRuns: 3000 },
  );
});

test('a late result keeps its call, with its reasoning, and nothing else of the beginning', () => {
  const begin = [user('1'), thought('r'), call('a'), call('b'), result('a'), user('2')];
  const { rows } = changed(rowsOf([...begin, result('b')]), 'all', replaceBeginningBy(begin, [], codec));
  expect(itemsIn(rows)).toEqual([call('b'), result('b')]);
  const other = [user('1'), thought('r'), call('a')];
  const late = changed(rowsOf([...other, result('a')]), 'all', replaceBeginningBy(other, [user('s')], codec));
  expect(itemsIn(late.rows)).toEqual([user('s'), thought('r'), call('a'), result('a')]);
  // where the new items have the call, it is not there twice
  const twice = changed(
    rowsOf([...other, result('a')]),
    'all',
    replaceBeginningBy(other, [user('s'), call('a')], codec),
  );
  expect(itemsIn(twice.rows)).toEqual([user('s'), call('a'), result('a')]);
});
