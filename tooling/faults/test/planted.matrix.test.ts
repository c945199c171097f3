// The harness finds what is planted: a store of ours that is wrong in one way each.
import { join } from 'node:path';
import { clientFaults, type TortureProblem, torture } from '@stackone/openai-agents-js-sessions/torture';
import { temporaryFolder } from '@stackone/test-environment';
import { afterEach, expect, test } from 'vitest';
import { FAULTS } from '../planted/faults.ts';
import { SERVERS, serverGround } from '../src/server-ground.ts';

const STORE = join(import.meta.dirname, '../planted/store.ts');
const folder = temporaryFolder();

/** What is found of each, without any fault of the machine but a process that is killed. */
const FOUND: Readonly<Record<string, TortureProblem>> = {
  'the commit is not awaited': 'lost',
  'acknowledged before it is written': 'lost',
  'a lost answer is repeated without the id': 'doubled',
  'an error after the turn was stored': 'untrue',
  'an error of the driver itself': 'untrue',
  'the lock is left out': 'lost',
  'a turn in two transactions': 'partial',
  'calls overtake each other': 'reordered',
  'the items of a turn in another order': 'reordered',
  'a pop that reads before it removes': 'doubled',
  'ids that are cut off': 'foreign',
  'texts that are cut off': 'foreign',
  'a call that does not settle': 'hung',
  'an error outside of every call': 'crashed',
  'a connection that close() leaves open': 'leaked',
};

/** What only a network shows that loses answers. */
const FOUND_BY_CUTS: Readonly<Record<string, TortureProblem>> = {
  'an unknown end is repeated without the id': 'doubled',
  'an unknown end is called a failed connection': 'untrue',
};

afterEach(() => {
  delete process.env.PLANTED_FAULT;
});

test('there is a case for each', () => {
  expect(Object.keys({ ...FOUND, ...FOUND_BY_CUTS }).sort()).toEqual(Object.keys(FAULTS).sort());
});

test.each(Object.entries(FOUND))('%s: %s', async (name, problem) => {
  process.env.PLANTED_FAULT = name;
  const report = await torture(STORE, {
    url: `sqlite:${join(folder, `${problem}-${Object.keys(FOUND).indexOf(name)}.db`)}`,
    faults: clientFaults().filter((one) => ['none', 'client killed'].includes(one.name)),
    rounds: problem === 'hung' ? 1 : 2,
    writers: 2,
    // what hangs is waited for
    patience: problem === 'hung' ? 1500 : 10_000,
    seed: 'planted',
  });
  const found = report.rows.reduce((sum, { problems }) => sum + problems[problem], 0);
  expect(found, JSON.stringify(report.rows)).toBeGreaterThan(0);
  expect(report.isSound).toBe(false);
});

test.each(Object.entries(FOUND_BY_CUTS))('%s: %s', async (name, problem) => {
  process.env.PLANTED_FAULT = name;
  await using ground = await serverGround(await SERVERS.postgres());
  const report = await torture(STORE, {
    url: ground.url,
    faults: clientFaults().filter((one) => one.name.startsWith('network: cut')),
    rounds: 10,
    writers: 2,
    read: ground.read,
    seed: 'planted',
  });
  const found = report.rows.reduce((sum, { problems }) => sum + problems[problem], 0);
  expect(found, JSON.stringify(report.rows)).toBeGreaterThan(0);
});
