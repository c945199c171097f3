// Promise: Whole turns.
import { CALLS, cutAtEachStatement, DocumentedCosts, killAtEachStatement } from '@stackone/interruptions';
import { variants } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';

const COSTS = new DocumentedCosts('PostgreSQL');
const PROGRAM = new URL('./programs/store-to-kill.mjs', import.meta.url);

describeEngine(variants<Target>(['postgres:18'], ['pgbouncer']), ({ engine, server, url }) => {
  const subject = () => ({
    engine,
    server,
    url,
    open: (target: string, options?: PostgresStoreOptions) => PostgresSessionStore.fromUrl(target, options),
  });

  describe.each(CALLS)('$name', (call) => {
    test.each(variants([3], [0]))('connection cut at each statement, maxRetries %i', async (maxRetries) => {
      await cutAtEachStatement(subject(), call, COSTS.of(call), maxRetries);
    });

    test('process killed at each statement', async () => {
      await killAtEachStatement(subject(), PROGRAM, call, COSTS.of(call));
    });
  });
});
