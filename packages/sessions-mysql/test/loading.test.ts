import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleRunner } from '@stackone/test-environment';
import type { drizzle as drizzleNewest } from 'drizzle-orm/mysql2';
import type { drizzle as drizzleOldest } from 'drizzle-orm-0.44/mysql2';
import type { drizzle as drizzleCandidate } from 'drizzle-orm-rc/mysql2';
import type mysql from 'mysql2';
import type promises from 'mysql2/promise';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type {
  DrizzleMysqlDatabase,
  DrizzleMysqlTransaction,
  MysqlConnection,
  MysqlPool,
} from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

const DIST = join(import.meta.dirname, '../dist');

describe('loading the index', () => {
  test('A15: loads no driver and no drizzle-orm', async () => {
    const code = `
      import { createRequire } from 'node:module';
      import '@stackone/sessions-mysql';
      const require = createRequire(import.meta.url);
      require('@stackone/sessions-mysql');
      const loaded = Object.keys(require.cache).filter((file) => /mysql2|drizzle/.test(file.replace('sessions-mysql', '')));
      console.log(JSON.stringify(loaded));
    `;
    expect(JSON.parse(await runModule(code))).toEqual([]);
  });

  test.each(['index.d.ts', 'index.d.cts'])('%s names no type of theirs', (file) => {
    const text = readFileSync(join(DIST, file), 'utf8');
    const imported = [...text.matchAll(/^(?:im|ex)port .* from '([^']+)'/gm)].map(([, name]) => name);
    expect(
      imported.filter((name) => !/^\.|^@stackone\/sessions-core(?:\/backend)?$/.test(name ?? '')),
    ).toEqual([]);
  });
});

test('what the drivers and every Drizzle make is what the store takes', () => {
  expectTypeOf<mysql.Pool>().toExtend<MysqlPool>();
  expectTypeOf<promises.Pool>().toExtend<MysqlPool>();
  expectTypeOf<mysql.Connection>().toExtend<MysqlConnection>();
  expectTypeOf<mysql.PoolConnection>().toExtend<MysqlConnection>();
  expectTypeOf<promises.Connection>().toExtend<MysqlConnection>();
  expectTypeOf<promises.PoolConnection>().toExtend<MysqlConnection>();
  expectTypeOf<ReturnType<typeof drizzleOldest>>().toExtend<DrizzleMysqlDatabase>();
  expectTypeOf<ReturnType<typeof drizzleNewest>>().toExtend<DrizzleMysqlDatabase>();
  expectTypeOf<ReturnType<typeof drizzleCandidate>>().toExtend<DrizzleMysqlDatabase>();
  type TransactionOf<Db extends { transaction(callback: never): unknown }> = Parameters<
    Parameters<Db['transaction']>[0] extends (transaction: infer Tx, ...rest: never[]) => unknown
      ? (transaction: Tx) => void
      : never
  >[0];
  expectTypeOf<TransactionOf<ReturnType<typeof drizzleOldest>>>().toExtend<DrizzleMysqlTransaction>();
  expectTypeOf<TransactionOf<ReturnType<typeof drizzleNewest>>>().toExtend<DrizzleMysqlTransaction>();
  expectTypeOf<TransactionOf<ReturnType<typeof drizzleCandidate>>>().toExtend<DrizzleMysqlTransaction>();
});
