// What a soak goes by: the rule of what is flat, and the comparison of conversations with the journal.
import { expect, test } from 'vitest';
import { Conversation, compare } from '../src/soak/journal.ts';
import { isSound, report } from '../src/soak/report.ts';
import { MB, type Measured, verdict } from '../src/soak/verdict.ts';

const samples = (count: number, change: (nth: number) => Partial<Measured>): Measured[] =>
  Array.from({ length: count }, (_, nth) => ({
    heap: 30 * MB,
    external: 9 * MB,
    rss: 140 * MB,
    files: 20,
    sockets: 3,
    connections: 3,
    listeners: 10,
    resources: { Timeout: 2 },
    ...change(nth),
  }));

const grown = (measured: readonly Measured[]) =>
  verdict(measured).flatMap(({ name, isFlat }) => (isFlat ? [] : [name]));

test.each<[string, (nth: number) => Partial<Measured>]>([
  ['nothing changes', () => ({})],
  ['the first quarter is loaded', (nth) => ({ heap: (nth < 10 ? 10 + nth : 30) * MB })],
  ['the heap goes up and down', (nth) => ({ heap: (nth % 2 ? 30 : 45) * MB })],
  ['a sample is disturbed', (nth) => (nth === 38 ? { heap: 90 * MB, files: 90, sockets: 90 } : {})],
  ['SQLite keeps descriptors', (nth) => ({ files: nth < 20 ? 20 : 23 })],
  ['a pool is used more', (nth) => ({ sockets: nth < 20 ? 1 : 6, connections: nth < 20 ? 1 : 6 })],
])('%s: flat', (_name, change) => {
  expect(grown(samples(40, change))).toEqual([]);
});

test.each<[string, string, (nth: number) => Partial<Measured>]>([
  ['heap', 'bytes with each call', (nth) => ({ heap: (30 + nth / 3) * MB })],
  ['external', 'buffers', (nth) => ({ external: (9 + nth / 3) * MB })],
  ['rss', 'memory that V8 does not know', (nth) => ({ rss: (140 + nth * 4) * MB })],
  ['files', 'a file with each fault', (nth) => ({ files: 20 + nth })],
  ['sockets', 'one more than the pools may keep', () => ({ sockets: 7 })],
  ['connections', 'one that only the server has', () => ({ connections: 7 })],
  ['listeners', 'a listener', (nth) => ({ listeners: nth < 20 ? 10 : 11 })],
  ['Timeout', 'timers', (nth) => ({ resources: { Timeout: nth } })],
])('%s grows: %s', (name, _what, change) => {
  expect(grown(samples(40, change))).toEqual([name]);
});

test('too few samples are no verdict', () => {
  expect(() => verdict(samples(7, () => ({})))).toThrow('There are 7 samples: a verdict needs 8.');
});

/** Four turns: two that are stored, one that is not, one whose end is unknown. */
function journalled() {
  const conversation = new Conversation('c-1', undefined as never, true);
  const [one, two, three, four] = (['stored', 'stored', 'absent', 'maybe'] as const).map((state) => {
    const entry = conversation.begin(2);
    conversation.end(entry, state);
    return conversation.itemsOf(entry);
  }) as [unknown[], unknown[], unknown[], unknown[]];
  return { entries: conversation.entries, one, two, three, four };
}

test('a conversation that has what callers were told is right, with what is unknown or without', () => {
  const { entries, one, two, four } = journalled();
  expect(compare('c-1', entries, [...one, ...two])).toEqual([]);
  expect(compare('c-1', entries, [...one, ...two, ...four])).toEqual([]);
});

test('what is lost, doubled, partial, foreign, untrue and reordered is found', () => {
  const { entries, one, two, three } = journalled();
  const problems = (...items: unknown[]) => compare('c-1', entries, items);
  expect(problems(...one)).toEqual(['c-1: turn 1 is lost']);
  expect(problems(...one, ...two, ...one)).toContain('c-1: turn 0 is there twice');
  expect(problems(...one, two[0])).toEqual(["c-1: a part of turn 1, or others' items inside it"]);
  expect(problems(...one, ...two, { content: 'x' })).toEqual([
    'c-1: an item that nobody added, or that was changed',
  ]);
  expect(problems(...one, ...two, ...three)).toEqual([
    'c-1: turn 2 is there, and an error said that it is not',
  ]);
  expect(problems(...two, ...one)).toEqual(['c-1: turn 0 stands after a later one']);
});

test('a process that ended early is not sound, and its report says so', () => {
  const ended = {
    title: 'SQLite',
    minutes: 1,
    seed: 's',
    faults: {},
    samples: samples(2, () => ({})),
    played: undefined,
    problems: ['the process ended by itself: SIGSEGV'],
  };
  expect(isSound(ended)).toBe(false);
  expect(report(ended)).toContain('- the process ended by itself: SIGSEGV\n\nToo few samples for a verdict');
});
