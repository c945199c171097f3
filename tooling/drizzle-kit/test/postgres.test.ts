import { PostgresSessionStore, type PostgresStoreOptions } from '@stackone/sessions-postgres';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { checkStore, refusalOf } from './checked-store.js';
import { DrizzleKit } from './run-drizzle-kit.js';

describeEngine('postgres', ({ server }) => {
  const project = async (options: PostgresStoreOptions = {}) => {
    const url = server.url(await server.createDatabase());
    const kit = new DrizzleKit({
      dialect: 'postgresql',
      url,
      ...(options.schema && { schema: options.schema }),
    });
    const migrated = async () => {
      const client = new pg.Client(url);
      await client.connect();
      await migrate(drizzle({ client }), { migrationsFolder: kit.migrations });
      await client.end();
    };
    const store = (createTables = false) => new PostgresSessionStore({ url }, { ...options, createTables });
    return { kit, migrated, store };
  };

  test('generate: tables of the first version, then those of today, then nothing', async () => {
    const { kit, migrated, store } = await project();
    expect(await kit.generate('postgres-of-first-version')).toBe(true);
    await migrated();
    await refusalOf(store());
    expect(await kit.generate('postgres')).toBe(true);
    await migrated();
    expect(await checkStore(store())).toEqual([]);
    expect(await kit.generate('postgres')).toBe(false);
    expect(await kit.planned('postgres')).toEqual([]);
  });

  for (const [tables, options] of [
    ['postgres', {}],
    ['postgres-in-schema', { schema: 'chats', tables: { sessions: 'chat', messages: 'chat_items' } }],
  ] as const) {
    describe(tables, () => {
      test('push: an empty database, then nothing', async () => {
        const { kit, store } = await project(options);
        await kit.push(tables);
        expect(await checkStore(store())).toEqual([]);
        expect(await kit.planned(tables)).toEqual([]);
      });

      test('push: nothing to change in what a store made', async () => {
        const { kit, store } = await project(options);
        expect(await checkStore(store(true))).toEqual([]);
        expect(await kit.planned(tables)).toEqual([]);
      });
    });
  }
});
