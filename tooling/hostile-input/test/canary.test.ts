// What docs/hostile-input.md promises of secrets.
import { join } from 'node:path';
import {
  Conversations,
  Runs,
  SessionStore,
  StoreSession,
  TurnSession,
  UsageSession,
} from '@stackone/openai-agents-js-sessions';
import { temporaryFolder, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { SESSION_CALLS, STORE_CALLS } from '../src/canary/calls.ts';
import type { Failure } from '../src/canary/failing.ts';
import { FAILURES } from '../src/canary/failures.ts';
import { onSmallDisk, SERVERS_WITH_DISKS } from '../src/canary/full-disk.ts';
import { playCanary } from '../src/canary/play.ts';
import { databaseWorld, memoryWorld, type World } from '../src/world.ts';

const folder = temporaryFolder();

/** Plays a failure, where it can be made on the engine. */
async function play(name: string, open: () => Promise<World>): Promise<void> {
  const world = await open();
  try {
    await playIn(world, FAILURES[name] as Failure);
  } finally {
    await world.close();
  }
}

async function playIn(world: World, failure: Failure): Promise<void> {
  const seen = await playCanary(world, failure);
  if (!seen) return;
  expect(seen.leaks).toEqual([]);
  expect(seen.failed).toBeGreaterThan(0);
  expect(seen.missing).toEqual([]);
}

function playAll(open: (nth: number) => Promise<World>): void {
  for (const [nth, name] of Object.keys(FAILURES).entries()) test(name, () => play(name, () => open(nth)));
}

describe('memory', () => playAll(async () => memoryWorld()));

describe('sqlite', () => playAll((nth) => databaseWorld('sqlite', `sqlite:${join(folder, `${nth}.db`)}`)));

// servers take their time for each statement
if (wholeMatrix)
  describeEngine(['postgres:18', 'mysql', 'mariadb:11.8'], ({ engine, server }) => {
    playAll(async () => databaseWorld(engine, server.url(await server.createDatabase())));
  });

for (const engine of wholeMatrix ? SERVERS_WITH_DISKS : [])
  test(`${engine}: the disk of the server is full`, async () => {
    await using place = await onSmallDisk(engine);
    await playIn(place.world, place.failure);
  });

test('every method is called', () => {
  const methodsOf = (type: { readonly prototype: object }) =>
    Reflect.ownKeys(type.prototype).filter(
      (name): name is string => typeof name === 'string' && name !== 'constructor',
    );
  const ofSessions = [StoreSession, TurnSession, UsageSession].flatMap(methodsOf);
  expect(ofSessions.filter((name) => !Object.hasOwn(SESSION_CALLS, name))).toEqual([]);
  const named = Object.keys(STORE_CALLS).map((name) => name.split(',')[0]);
  const ofStores = [
    ...methodsOf(SessionStore).map((name) => `store.${name}`),
    ...methodsOf(Conversations).map((name) => `sessions.${name}`),
    ...methodsOf(Runs).map((name) => `runs.${name}`),
  ];
  // closed at the end of each; the others make no call
  const others = ['store.close', 'store.on', 'store.off', 'store.sessions', 'store.runs', 'store.supports'];
  expect(ofStores.filter((name) => !named.includes(name) && !others.includes(name))).toEqual([]);
});
