import type { AgentInputItem } from '@openai/agents-core';
import { expect, test } from 'vitest';
import {
  checkInterleaved,
  checkItems,
  JSON_AROUND_MARK,
  makeItem,
  makeTurn,
  newestItems,
} from '../src/items.ts';

const turns = (...names: readonly (string | number)[]) => names.flatMap((name) => makeTurn('chat', name));

test('an item is about 560 bytes of text, and SQL can write it', () => {
  for (const place of [0, 1]) {
    const json = JSON.stringify(makeItem('chat', 7, place));
    expect(json.length).toBeGreaterThan(520);
    expect(json.length).toBeLessThan(760);
    const { before, after } = JSON_AROUND_MARK[place] ?? { before: '', after: '' };
    expect(`${before}chat/7/${place}${after}`).toBe(json);
  }
});

test('the newest items of a conversation', () => {
  expect(newestItems('chat', 3, 5)).toEqual(turns(1, 2).slice(3));
  expect(newestItems('chat', 1, 20)).toEqual(turns(0));
});

test.each<[string, AgentInputItem[], RegExp]>([
  ['lost', turns(0, 1).slice(0, 7), /^lost: 7 of 8/],
  ['too many', turns(0, 1, 1), /^too many: 12/],
  [
    'wrong order',
    turns(0, 1).toSpliced(2, 2, makeItem('chat', 0, 3), makeItem('chat', 0, 2)),
    /^wrong order/,
  ],
  ['changed', turns(0, 1).with(2, { ...makeItem('chat', 0, 2), id: 'x' } as AgentInputItem), /^changed/],
  ['others', turns(0, 2), /^wrong items/],
])('what is read back: %s', (_, actual, message) => {
  checkItems(turns(0, 1), turns(0, 1));
  expect(() => checkItems(actual, turns(0, 1))).toThrow(message);
});

test.each<[string, AgentInputItem[], RegExp]>([
  ['lost', turns('a-0', 'b-0', 'a-1'), /^lost/],
  ['twice', turns('a-0', 'b-0', 'a-1', 'a-1'), /^torn turn/],
  ['one caller in the wrong order', turns('a-1', 'b-0', 'a-0', 'b-1'), /^torn turn/],
  [
    'torn',
    [...turns('a-0').slice(0, 2), ...turns('b-0'), ...turns('a-0').slice(2), ...turns('a-1', 'b-1')],
    /^torn turn/,
  ],
])('what many callers stored: %s', (_, actual, message) => {
  const callers = [
    ['a-0', 'a-1'],
    ['b-0', 'b-1'],
  ];
  checkInterleaved(turns('a-0', 'b-0', 'b-1', 'a-1'), 'chat', callers);
  expect(() => checkInterleaved(actual, 'chat', callers)).toThrow(message);
});
