// Promise: Errors and warnings of the command line have no secrets, whatever fails.
import { join } from 'node:path';
import { temporaryFolder, variants, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { playCommands } from '../src/canary/command-line.ts';
import type { Failure } from '../src/canary/failing.ts';
import { FAILURES } from '../src/canary/failures.ts';
import { databaseWorld, type World } from '../src/world.ts';

const folder = temporaryFolder();

/** Failures that a process of its own meets too, in which the database shows values. */
const TELLING = ['a trigger refuses rows and shows them', 'damaged rows'];

/** The others: what is printed of them does not depend on the server, and how each server puts them the canary of calls sees. */
const OTHERS = [
  'the tables are gone',
  'another key',
  'a wrong password',
  'the rights to write are taken away',
  'all rights are taken away',
];

function playAll(names: readonly string[], open: (nth: number) => Promise<World>): void {
  test.each(names.map((name, nth) => [name, nth] as const))('%s', async (name, nth) => {
    const world = await open(nth);
    try {
      const failing = await (FAILURES[name] as Failure)(world);
      if (!failing) return;
      const { leaks, failed, misused } = await playCommands(world, failing, folder);
      expect(leaks).toEqual([]);
      expect(misused).toEqual([]);
      expect(failed).toBeGreaterThan(0);
      await failing.store.close();
      await failing.end?.();
    } finally {
      await world.close();
    }
  });
}

describe('sqlite', () =>
  playAll(variants(TELLING, OTHERS), (nth) =>
    databaseWorld('sqlite', `sqlite:${join(folder, `${nth}.db`)}`),
  ));

if (wholeMatrix)
  describeEngine(['postgres:18', 'mysql', 'mariadb:11.8'], ({ engine, server }) => {
    const names = engine === 'postgres' ? [...TELLING, ...OTHERS] : TELLING;
    playAll(names, async () => databaseWorld(engine, server.url(await server.createDatabase())));
  });
