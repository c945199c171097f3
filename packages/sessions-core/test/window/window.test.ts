// Promise: Windows.
import type { AgentInputItem } from '@openai/agents-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SessionWindow, WindowScan, windowOf } from '../../src/window/window.js';
import { call, faultIn, history, item, PAIRS, result, say, thought, user } from './histories.js';

/** The window of a conversation, found as a reader does: newest first, until it is complete. */
function windowIn(history: readonly AgentInputItem[], window: SessionWindow): AgentInputItem[] {
  const scan = new WindowScan(window);
  for (const older of history.toReversed()) {
    if (scan.complete) break;
    scan.add(older);
  }
  return scan.window();
}

test('a turn begins at a user message', () => {
  const history = [
    item({ role: 'system', content: 's' }),
    user('1'),
    say('m1'),
    user('2'),
    user('3'),
    say('m3'),
  ];
  expect(windowIn(history, { turns: 1 })).toEqual(history.slice(4));
  expect(windowIn(history, { turns: 2 })).toEqual(history.slice(3));
  expect(windowIn(history, { turns: 3 })).toEqual(history.slice(1));
  expect(windowIn(history, { turns: 4 })).toEqual(history);
});

test('an item whose fields are of other types than the SDK has is an item like any other', () => {
  const noText = { toString: 'none', valueOf: 1 };
  const history = [
    { type: noText },
    { type: 'tool_search_call', execution: noText },
    { type: 'tool_search_output', execution: noText },
    { type: 'tool_search_call', execution: '__proto__' },
    { type: 'tool_search_output', execution: '__proto__' },
    { type: 'constructor', callId: '__proto__' },
  ].map((odd) => item(odd as never));
  expect(windowIn(history, { items: 9 })).toEqual(history);
});

test('of several bounds all hold', () => {
  const history = [user('1'), say('m1'), user('2'), say('m2'), user('3'), say('m3')];
  expect(windowIn(history, { turns: 2, items: 3 })).toEqual(history.slice(3));
  expect(windowIn(history, { turns: 2, items: 5 })).toEqual(history.slice(2));
  expect(windowIn(history, { turns: 2, items: 5, tokens: 10, count: () => 10 })).toEqual(history.slice(5));
});

test('tokens end before the first item that does not fit, though older ones would', () => {
  const history = [user('1'), user('22222'), user('3'), user('4')];
  const count = (value: AgentInputItem) => String((value as { content: string }).content).length;
  expect(windowIn(history, { tokens: 6, count })).toEqual(history.slice(2));
  expect(windowIn(history, { tokens: 7, count })).toEqual(history.slice(1));
});

test('nothing before the last compaction item is read', () => {
  const marker = item({ type: 'compaction', encrypted_content: 'x' });
  const history = [user('1'), marker, user('2'), say('m2')];
  expect(windowIn(history, { turns: 5 })).toEqual(history.slice(1));
  expect(windowIn(history, { turns: 1 })).toEqual(history.slice(2));
  expect(windowIn(history, { items: 3 })).toEqual(history.slice(1));
});

/** Pairs of which the second is invalid without the first. */
test.each(Object.keys(PAIRS))('%s: cut apart, the second goes; together both stay', (name) => {
  const [first, second] = (PAIRS[name] as [object, object]).map(item) as [AgentInputItem, AgentInputItem];
  const history = [user('1'), first, second, user('2')];
  expect(windowIn(history, { items: 2 })).toEqual([user('2')]);
  expect(windowIn(history, { items: 3 })).toEqual(history.slice(1));
});

test('results of another call, another type or before their call are left out', () => {
  for (const stranger of [result('other'), item({ type: 'shell_call_output', callId: 'c' })])
    expect(windowIn([call('c'), stranger], { items: 9 })).toEqual([call('c')]);
  expect(windowIn([result('c'), call('c')], { items: 9 })).toEqual([call('c')]);
});

test('reasoning without what belongs to it is left out, with all of its parts', () => {
  const history = [user('1'), thought('r1'), thought('r2'), user('2'), say('m'), thought('r3')];
  expect(windowIn(history, { items: 9 })).toEqual([user('1'), user('2'), say('m')]);
  const cut = [thought('r1'), thought('r2'), call('c'), result('c'), say('m')];
  expect(windowIn(cut, { items: 4 })).toEqual([say('m')]);
  expect(windowIn(cut, { items: 5 })).toEqual(cut);
});

test('a reasoning item takes along the one item that follows it', () => {
  const history = [
    thought('r1'),
    call('c1'),
    call('c2'),
    result('c1'),
    result('c2'),
    thought('r2'),
    say('m'),
  ];
  expect(windowIn(history, { items: 6 })).toEqual([call('c2'), result('c2'), thought('r2'), say('m')]);
});

test('a call that waits for an approval stays, also where its reasoning lies outside', () => {
  expect(windowIn([user('1'), thought('r'), call('c')], { items: 1 })).toEqual([call('c')]);
  expect(windowIn([user('1'), thought('r'), call('c')], { items: 2 })).toEqual([thought('r'), call('c')]);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '1', undefined, Promise.resolve(1)])(
  'a count of %s is refused',
  (counted) => {
    const window: SessionWindow = { tokens: 5, count: () => counted as number };
    expect(() => windowIn([user('1')], window)).toThrow(TypeError);
  },
);

test.each([
  {},
  { turns: 0 },
  { turns: 1.5 },
  { items: -1 },
  { items: '3' },
  { tokens: 10 },
  { count: () => 1 },
  { tokens: 10, count: 1 },
  { turns: 1, item: 3 },
  [],
])('%j is no window', (window) => {
  expect(() => windowOf(window as SessionWindow)).toThrow(TypeError);
});

/** Two windows of which the second is nowhere smaller. */
const windows = fc
  .record({
    turns: fc.option(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(4)), { nil: undefined }),
    items: fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(10)),
    tokens: fc.option(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(20)), { nil: undefined }),
  })
  .map(({ turns, items, tokens }) => {
    const at = (more: 0 | 1): SessionWindow => ({
      items: items[0] + more * items[1],
      ...(turns && { turns: turns[0] + more * turns[1] }),
      ...(tokens && { tokens: tokens[0] + more * tokens[1], count: tokensOf }),
    });
    return [at(0), at(1)] as const;
  });

function tokensOf(value: AgentInputItem): number {
  return JSON.stringify(value).length % 7;
}

const RUNS = { numRuns: 5000 };

test('a window is valid, within its bounds, in order, and part of every larger one', () => {
  fc.assert(
    fc.property(history, windows, (given, [smaller, larger]) => {
      const shown = windowIn(given, smaller);
      expect(faultIn(shown)).toBeUndefined();
      expect(shown.length).toBeLessThanOrEqual(smaller.items ?? 0);
      if (smaller.tokens)
        expect(shown.reduce((sum, value) => sum + tokensOf(value), 0)).toBeLessThanOrEqual(smaller.tokens);
      const turns = shown.filter((value) => 'role' in value && value.role === 'user').length;
      if (smaller.turns) expect(turns).toBeLessThanOrEqual(smaller.turns);
      const places = shown.map((value) => given.lastIndexOf(value));
      const inLarger = windowIn(given, larger);
      for (const value of shown) expect(inLarger).toContain(value);
      expect(isSubsequence(shown, given.slice(-(smaller.items ?? 0)))).toBe(true);
      expect(places.every((place) => place >= 0)).toBe(true);
    }),
    RUNS,
  );
});

function isSubsequence(part: readonly unknown[], whole: readonly unknown[]): boolean {
  let at = 0;
  for (const value of whole) if (value === part[at]) at++;
  return at === part.length;
}

test('a window that holds everything leaves out only what is invalid anyway', () => {
  fc.assert(
    fc.property(history, (given) => {
      const read = given.slice(
        Math.max(
          given.findLastIndex(({ type }) => type === 'compaction'),
          0,
        ),
      );
      const shown = windowIn(given, { items: 100 });
      // a search without an id is answered once
      const searches = read.filter((value) => String(value.type).startsWith('tool_search')).length;
      if (faultIn(read) === undefined && searches < 3) expect(shown).toEqual(read);
    }),
    RUNS,
  );
});

test('count is called at most once an item, newest first, and not for what other bounds keep out', () => {
  const counted: unknown[] = [];
  const given = Array.from({ length: 10 }, (_, at) => user(String(at)));
  const count = (value: AgentInputItem) => counted.push(value) * 0 + 1;
  windowIn(given, { items: 4, tokens: 100, count });
  expect(counted).toEqual(given.slice(6).reverse());
});
