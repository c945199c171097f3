import { CALLS, cutAtEachStatement, documentedCosts, killAtEachStatement } from '@stackone/interruptions';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';

const COSTS = documentedCosts(new URL('../README.md', import.meta.url));
const PROGRAM = new URL('./programs/store-to-kill.mjs', import.meta.url);

test('the cost of every call is documented', () => {
  expect([...COSTS.keys()]).toEqual(CALLS.map(({ name }) => name));
});

describeEngine(['postgres:18', 'pgbouncer'], ({ engine, server, url }) => {
  const subject = () => ({
    engine,
    server,
    url,
    open: (target: string, options?: PostgresStoreOptions) => PostgresSessionStore.fromUrl(target, options),
  });

  describe.each(CALLS)('$name', { timeout: 120_000 }, (call) => {
    const cost = COSTS.get(call.name) ?? { statements: 0 };

    test.each([0, 3])('connection cut at each statement, maxRetries %i', async (maxRetries) => {
      await cutAtEachStatement(subject(), call, cost, maxRetries);
    });

    test('process killed at each statement', async () => {
      await killAtEachStatement(subject(), PROGRAM, call, cost);
    });
  });
});
