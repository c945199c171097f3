// Promise: What an accessor or a Proxy throws is not shown: of clients, pools and transactions neither.
import { describeEngine } from '@stackone/test-servers/vitest';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import {
  MysqlSessionStore,
  openSessionStore,
  PostgresSessionStore,
  SqliteSessionStore,
} from '../src/index.js';

const fail = () => {
  throw new Error('a text of the application');
};
const throwing = new Proxy({}, { get: fail, has: fail }) as never;

async function isRefused(call: () => unknown): Promise<void> {
  const error = await (async () => call())().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect(String(error)).not.toContain('of the application');
  expect((error as Error).cause).toBeUndefined();
}

describe('stores', () => {
  test.each<[string, () => unknown]>([
    ['SqliteSessionStore.fromDatabase', () => SqliteSessionStore.fromDatabase(throwing)],
    ['SqliteSessionStore.fromDrizzle', () => SqliteSessionStore.fromDrizzle(throwing)],
    ['PostgresSessionStore.fromPool', () => PostgresSessionStore.fromPool(throwing)],
    ['PostgresSessionStore.fromDrizzle', () => PostgresSessionStore.fromDrizzle(throwing)],
    ['MysqlSessionStore.fromPool', () => MysqlSessionStore.fromPool(throwing)],
    ['MysqlSessionStore.fromDrizzle', () => MysqlSessionStore.fromDrizzle(throwing)],
  ])('%s', (_name, open) => isRefused(open));
});

test('sqlite: a transaction', async () => {
  const store = await SqliteSessionStore.fromDrizzle({ $client: new Sqlite(':memory:') } as never);
  await isRefused(() => store.with(throwing));
});

describeEngine(['postgres:18', 'mysql'], ({ url }) => {
  test('a transaction', async () => {
    await using store = await openSessionStore(url);
    await isRefused(() => store.with(throwing));
  });
});
