import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import Database from 'better-sqlite3';
import mysql from 'mysql2';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { type DriverModules, DrizzleSession, openSessionStore } from '../src/index.js';

const folder = temporaryFolder();

/** The drivers, and which of them were used. */
function counting() {
  const used: string[] = [];
  const drivers = {
    'better-sqlite3': class extends Database {
      constructor(file: string, options: Database.Options) {
        super(file, options);
        used.push('better-sqlite3');
      }
    },
    mysql2: {
      createPool(options: mysql.PoolOptions) {
        used.push('mysql2');
        return mysql.createPool(options);
      },
    },
    pg: {
      Pool: pg.Pool,
      Client: class extends pg.Client {
        constructor(config: pg.ClientConfig) {
          super(config);
          used.push('pg');
        }
      },
    },
  } satisfies DriverModules;
  return { drivers, used };
}

async function check(url: string, wanted: keyof DriverModules): Promise<void> {
  const { drivers, used } = counting();
  await using store = await openSessionStore(url, { drivers });
  await store.session('a').getItems();
  expect(new Set(used)).toEqual(new Set([wanted]));
  used.length = 0;
  // sessions share a store if their modules are the same ones, not if they only look alike
  const one = await DrizzleSession.fromUrl('a', url, { drivers });
  const two = await DrizzleSession.fromUrl('b', url, { drivers: { ...drivers, mysql2: drivers.mysql2 } });
  expect(used).toEqual([wanted]);
  const other = await DrizzleSession.fromUrl('a', url, { drivers: counting().drivers });
  expect(await other.getItems()).toEqual([]);
  expect(used).toEqual([wanted]);
  for (const session of [one, two, other]) await session.close();
}

test('the store of a SQLite URL takes its driver', () =>
  check(`sqlite:${join(folder, 'a.db')}`, 'better-sqlite3'));

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url }) => {
  test('the store of a URL takes its driver, and no other', () =>
    check(url, engine === 'postgres' ? 'pg' : 'mysql2'));

  test('whole modules, as they are imported', async () => {
    const drivers = { pg, mysql2: mysql, 'better-sqlite3': Database };
    const sessions = await Promise.all([
      DrizzleSession.fromUrl('c', url, { drivers }),
      DrizzleSession.fromUrl('d', url, { drivers: { ...drivers } }),
    ]);
    for (const session of sessions) expect(await session.getItems()).toEqual([]);
    for (const session of sessions) await session.close();
  });
});

describe('what is no driver is refused, whatever the URL', () => {
  test.each([
    [null, 'an object like { pg }'],
    [{ canary: pg }, 'an object with some of better-sqlite3, mysql2, pg'],
    [{ pg: mysql }, 'an object whose "pg" is the module "pg"'],
    [{ mysql2: 'canary' }, 'an object whose "mysql2" is the module "mysql2"'],
    [
      { 'better-sqlite3': {} },
      'an object whose "better-sqlite3" is what "better-sqlite3" exports, the class Database',
    ],
  ])('%#', async (given, wanted) => {
    const drivers = given as unknown as DriverModules;
    const message = `option "drivers" must be ${wanted}.`;
    await expect(openSessionStore('memory:', { drivers })).rejects.toThrow(
      new TypeError(`openSessionStore: ${message}`),
    );
    await expect(DrizzleSession.fromUrl('a', 'memory:', { drivers })).rejects.toThrow(
      new TypeError(`DrizzleSession: ${message}`),
    );
  });
});

test('`driver` is for the store of one engine; here the URL chooses', async () => {
  const options = { driver: pg } as object;
  await expect(openSessionStore('memory:', options)).rejects.toThrow('unknown option. Known: ');
});
