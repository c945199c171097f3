// Promise: Nothing leaked.
// A short soak finds what is planted in a store, each leak and each wrong, and a store without one sound.
import { expect, test } from 'vitest';
import { LEAKS, WRONGS } from '../planted/soaked-store.ts';
import { grown } from '../src/soak/report.ts';
import { type SoakedEngine, soak } from '../src/soak/soak.ts';

/** Where it is planted, and what grows. */
const GROWN: Readonly<Record<string, readonly [SoakedEngine, ...(readonly string[])]>> = {
  'a listener of a signal': ['sqlite', 'listeners'],
  'a map of all calls': ['sqlite', 'heap'],
  'a buffer': ['sqlite', 'external'],
  'a timer': ['sqlite', 'Timeout'],
  'a file': ['sqlite', 'files'],
  'a connection, after an error': ['postgres', 'sockets', 'connections'],
};

/** What is said of what is wrong. */
const SAID: Readonly<Record<string, RegExp>> = {
  'turns that are lost': /^by SQL: plain-\d+: turn \d+ is lost$/,
  'turns that are stored twice': /^plain-\d+: turn \d+ is there twice$/,
  'an error outside of every call': /^an error outside of every call: Error: nobody waits for this/,
};

/** By calls, not by time, so that a busy machine finds as much. */
const SHORT = {
  minutes: 10,
  seed: 'planted',
  rate: 500,
  pause: [0, 0],
  calls: 50,
  most: 10,
  closing: 500,
  ending: 3000,
  hasFaults: false,
} as const;

// all at the same time: most of it is waiting
const leaking = Object.entries(GROWN).map(
  ([plant, [engine, ...names]]) => [plant, names, soak(engine, { ...SHORT, plant })] as const,
);
const wrong = Object.entries(SAID).map(
  ([plant, said]) => [plant, said, soak('sqlite', { ...SHORT, most: 5, plant })] as const,
);
const sound = (['sqlite', 'postgres'] as const).map((engine) => [engine, soak(engine, SHORT)] as const);

test('there is a case for each', () => {
  expect(Object.keys({ ...GROWN, ...SAID }).sort()).toEqual(Object.keys({ ...LEAKS, ...WRONGS }).sort());
});

test.each(leaking)('%s is found', async (_plant, names, soaked) => {
  expect(grown(await soaked)).toEqual(expect.arrayContaining([...names]));
});

test.each(wrong)('%s: found', async (_plant, said, soaked) => {
  expect((await soaked).problems).toContainEqual(expect.stringMatching(said));
});

test.each(sound)('%s without one is sound', async (_engine, soaked) => {
  expect((await soaked).problems).toEqual([]);
  expect(grown(await soaked)).toEqual([]);
});
