// Promises: Whole turns, in order; Tables split over nodes.
import { randomUUID } from 'node:crypto';
import {
  CALLS,
  type Call,
  cutAtEachStatement,
  killAtEachStatement,
  openMetered,
  prepare,
  type ServerSubject,
} from '@stackone/interruptions';
import { modelRuns, modelTimeout, playConversations, playModel } from '@stackone/model-test';
import { backendConformance } from '@stackone/sessions-core/conformance';
import { describeSuite } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { failOnWarning, SUPPORT } from './support.js';

const PROGRAM = new URL('./programs/store-to-kill.mjs', import.meta.url);
const RUNS = 100;

describeEngine('postgres:15', ({ engine, server, url, target }) => {
  // every store of this database finds them so
  beforeAll(async () => (await PostgresSessionStore.fromUrl(url, { distributed: true })).close());

  backendConformance({
    name: 'the port over tables that are found to be split',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ url })(failOnWarning);
      expect(backend.gathersBySession).toBe(true);
      return { backend, close: () => backend.close() };
    },
    supports: SUPPORT,
  });

  test('two stores behave as MemorySession does', { timeout: modelTimeout(modelRuns(RUNS)) }, async () => {
    const stores = [
      await PostgresSessionStore.fromUrl(url),
      await PostgresSessionStore.fromUrl(url, { max: 1 }),
    ] as const;
    const raw = new pg.Pool({ connectionString: url, max: 1 });
    const insert = 'INSERT INTO agent_messages (session_id, message_data) VALUES ($1, $2)';
    const insertRaw = (sessionId: string, text: string) => raw.query(insert, [sessionId, text]);
    await playModel(`${target}, split`, { stores, insertRaw }, modelRuns(RUNS));
    for (const store of stores) await store.close();
    await raw.end();
  });

  test('conversations as objects behave as a model in memory does', {
    timeout: modelTimeout(modelRuns(RUNS)),
  }, async () => {
    await using one = await PostgresSessionStore.fromUrl(url);
    await using other = await PostgresSessionStore.fromUrl(url, { max: 1 });
    await playConversations(`${target}, split`, [one, other], modelRuns(RUNS));
  });

  const subject = (): ServerSubject => ({
    engine,
    server,
    url,
    open: (place, options) => PostgresSessionStore.fromUrl(place, options),
  });

  /** What a call sends: nothing is documented of it, but it is the same each time. */
  async function costOf(call: Call) {
    await using metered = await openMetered(subject());
    const sessionId = randomUUID();
    await prepare(metered.store, sessionId);
    const before = metered.sent();
    await call.perform(metered.store.session(sessionId));
    const after = metered.sent();
    return {
      roundTrips: after.roundTrips - before.roundTrips,
      statements: after.statements - before.statements,
    };
  }

  describe.each(CALLS)('$name', (call) => {
    test.each([3, 0])(
      'connection cut at each statement, maxRetries %i',
      { timeout: 120_000 },
      async (maxRetries) => {
        await cutAtEachStatement(subject(), call, await costOf(call), maxRetries);
      },
    );

    test('process killed at each statement', { timeout: 240_000 }, async () => {
      await killAtEachStatement(subject(), PROGRAM, call, await costOf(call));
    });
  });
});
