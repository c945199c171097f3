import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import promises from 'mysql2/promise';
import lowest from 'mysql2-lowest';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type MysqlDriverOption, MysqlSessionStore } from '../src/index.js';
import { SERVERS } from './databases.js';
import { contents, messages } from './items.js';

/** The driver, and how many pools it has made. */
function counting(module: { createPool: unknown }) {
  const made = { pools: 0 };
  const createPool = (options: mysql.PoolOptions) => {
    made.pools++;
    return (module as typeof mysql).createPool(options);
  };
  return { driver: { createPool }, made };
}

describeEngine(SERVERS, ({ url }) => {
  const drivers = { mysql2: mysql, 'mysql2/promise': promises, 'the oldest mysql2': lowest };

  test.each(Object.entries(drivers))('the driver that is handed over is used: %s', async (_, module) => {
    const { driver, made } = counting(module);
    for (const given of [driver, { default: driver }]) {
      const before = made.pools;
      const store = await MysqlSessionStore.fromUrl(url, { driver: given });
      const session = store.session(randomUUID());
      await session.addItems(messages(2));
      expect(contents(await session.getItems())).toEqual(['m0', 'm1']);
      expect(made.pools).toBe(before + 1);
      await store.close();
      await expect(session.getItems()).rejects.toMatchObject({ code: 'CLOSED' });
    }
  });

  test('the namespace of the module is as good, also without opening at once', async () => {
    for (const driver of [await import('mysql2'), await import('mysql2/promise')]) {
      await using store = new MysqlSessionStore({ url }, { driver });
      expect(await store.session(randomUUID()).getItems()).toEqual([]);
    }
  });
});

describe('what is no driver is refused at once, and not shown', () => {
  test.each([null, 'canary', {}, mysql.createPool, { default: {} }, { default: undefined }])(
    '%j',
    (driver) => {
      const make = () =>
        new MysqlSessionStore({ url: 'mysql://h/d' }, { driver: driver as unknown as typeof mysql });
      expect(make).toThrow(new TypeError('MysqlSessionStore: option "driver" must be the module "mysql2".'));
    },
  );

  test('beside a pool it would be without effect', () => {
    expect(() => new MysqlSessionStore({ pool: mysql.createPool({}) }, { driver: mysql })).toThrow(
      new TypeError('MysqlSessionStore: "driver" is for pools opened by URL.'),
    );
  });
});

test('the types of the driver fit', () => {
  expectTypeOf(mysql).toExtend<MysqlDriverOption>();
  expectTypeOf(promises).toExtend<MysqlDriverOption>();
  expectTypeOf<typeof import('mysql2')>().toExtend<MysqlDriverOption>();
  expectTypeOf<typeof import('mysql2/promise')>().toExtend<MysqlDriverOption>();
});
