import { createRequire } from 'node:module';
import Database from 'better-sqlite3';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type SqliteDriverOption, SqliteSessionStore } from '../src/index.js';

const url = 'sqlite::memory:';

test('the driver that is handed over is used', async () => {
  let opened = 0;
  class Driver extends Database {
    constructor(file: string, options: Database.Options) {
      super(file, options);
      opened++;
      expect(options).toEqual({ timeout: 70 });
    }
  }
  for (const driver of [Driver, { default: Driver }]) {
    const before = opened;
    await using store = await SqliteSessionStore.fromUrl(url, { driver, busyTimeout: 70 });
    await store.session('a').addItems([{ role: 'user', content: 'Hello' }]);
    expect(await store.session('a').getItems()).toEqual([{ role: 'user', content: 'Hello' }]);
    expect(opened).toBe(before + 1);
  }
});

test('the namespace of the module is as good, also without opening at once', async () => {
  await using store = new SqliteSessionStore({ url }, { driver: await import('better-sqlite3') });
  expect(await store.session('a').getItems()).toEqual([]);
});

test('an entry of the driver for one platform, which can be part of a bundle', async () => {
  const driver = createRequire(import.meta.url)(`better-sqlite3/${process.platform}-${process.arch}`);
  await using store = await SqliteSessionStore.fromUrl(url, { driver });
  expect(await store.session('a').getItems()).toEqual([]);
});

test('a native part that is not there, or damaged: the reason, and what to do', async () => {
  class Driver extends Database {
    constructor(file: string) {
      super(file, { nativeBinding: './canary/nowhere.node' });
    }
  }
  const error = await SqliteSessionStore.fromUrl(url, { driver: Driver }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'DRIVER_FAILED', retryable: false });
  expect(error.message).toContain('The package "better-sqlite3" does not load');
  expect(error.message).toContain('nowhere.node');
  expect(error.message).toContain('In a bundle, mark "better-sqlite3" as external');
  expect(error.cause.message).toContain('nowhere.node');
});

describe('what is no driver is refused at once, and not shown', () => {
  test.each([null, 'canary', {}, { default: {} }, { default: undefined }, new Database(url.slice(7))])(
    '%j',
    (driver) => {
      const make = () => new SqliteSessionStore({ url }, { driver: driver as unknown as typeof Database });
      expect(make).toThrow(
        new TypeError(
          'SqliteSessionStore: option "driver" must be what "better-sqlite3" exports, the class Database.',
        ),
      );
    },
  );

  test('beside a handle it would be without effect', () => {
    const make = () => new SqliteSessionStore({ database: new Database(':memory:') }, { driver: Database });
    expect(make).toThrow(new TypeError('SqliteSessionStore: "driver" is for databases opened by URL.'));
  });
});

test('the types of the driver fit', () => {
  expectTypeOf(Database).toExtend<SqliteDriverOption>();
  expectTypeOf<typeof import('better-sqlite3')>().toExtend<SqliteDriverOption>();
});
