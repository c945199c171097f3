// Promise: Whole turns.
import { CALLS, cutAtEachStatement, DocumentedCosts, killAtEachStatement } from '@stackone/interruptions';
import { variants, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';

const COSTS = new DocumentedCosts('MySQL and MariaDB');
const PROGRAM = new URL('./programs/store-to-kill.mjs', import.meta.url);

describeEngine(variants(['mysql'], ['mariadb:11.8']), ({ engine, server, url }) => {
  const subject = () => ({
    engine,
    server,
    url,
    open: (target: string, options?: MysqlStoreOptions) => MysqlSessionStore.fromUrl(target, options),
  });

  describe.each(CALLS)('$name', (call) => {
    test.each(variants([3], [0]))('connection cut at each statement, maxRetries %i', async (maxRetries) => {
      await cutAtEachStatement(subject(), call, COSTS.of(call), maxRetries);
    });

    if (wholeMatrix)
      test('process killed at each statement', async () => {
        await killAtEachStatement(subject(), PROGRAM, call, COSTS.of(call));
      });
  });
});
