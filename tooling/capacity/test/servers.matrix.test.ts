import { describeEngine } from '@stackone/test-servers/vitest';
import { innodbTables } from '../src/real/innodb.ts';
import { makeTables } from '../src/real/open-real.ts';
import { postgresTables } from '../src/real/postgres.ts';
import { checkModel } from './real-tables.ts';

describeEngine('postgres', ({ server }) => {
  checkModel('postgres', async () => {
    const url = server.url(await server.createDatabase());
    await makeTables(url);
    return postgresTables(url, server.version);
  });
});

for (const engine of ['mysql', 'mariadb'] as const)
  describeEngine(engine, ({ server }) => {
    checkModel(engine, async () => {
      const url = server.url(await server.createDatabase());
      await makeTables(url);
      return innodbTables(engine, url, server.version);
    });
  });
