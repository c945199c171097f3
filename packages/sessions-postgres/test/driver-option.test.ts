import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import lowest from 'pg-lowest';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type PostgresDriverOption, PostgresSessionStore } from '../src/index.js';
import { contents, message } from './messages.js';

/** The driver, and how many clients it has made. */
function counting(driver: typeof pg) {
  const made = { clients: 0 };
  class Client extends driver.Client {
    constructor(config: pg.ClientConfig) {
      super(config);
      made.clients++;
    }
  }
  return { driver: { Client, Pool: driver.Pool }, made };
}

describeEngine('postgres:18', ({ url }) => {
  const drivers = { 'the newest pg': pg, 'the oldest pg': lowest as unknown as typeof pg };

  test.each(Object.entries(drivers))('the driver that is handed over is used: %s', async (_, module) => {
    const { driver, made } = counting(module);
    for (const given of [driver, { default: driver }]) {
      const before = made.clients;
      await using store = await PostgresSessionStore.fromUrl(url, { driver: given });
      const session = store.session(randomUUID());
      await session.addItems([message('Hello')]);
      expect(contents(await session.getItems())).toEqual(['Hello']);
      expect(made.clients).toBeGreaterThan(before);
    }
  });

  test('the namespace of the module is as good, also without opening at once', async () => {
    await using store = new PostgresSessionStore({ url }, { driver: await import('pg') });
    expect(await store.session(randomUUID()).getItems()).toEqual([]);
  });
});

describe('what is no driver is refused at once, and not shown', () => {
  test.each([null, 'canary', {}, pg.Pool, { default: {} }, { default: undefined }, { Pool: pg.Pool }])(
    '%j',
    (driver) => {
      const make = () =>
        new PostgresSessionStore({ url: 'postgres://h/d' }, { driver: driver as unknown as typeof pg });
      expect(make).toThrow(new TypeError('PostgresSessionStore: option "driver" must be the module "pg".'));
    },
  );

  test('beside a pool it would be without effect', () => {
    expect(() => new PostgresSessionStore({ pool: new pg.Pool() }, { driver: pg })).toThrow(
      new TypeError('PostgresSessionStore: "driver" is for stores made from a URL.'),
    );
  });
});

test('the types of the driver fit', () => {
  expectTypeOf(pg).toExtend<PostgresDriverOption>();
  expectTypeOf<typeof import('pg')>().toExtend<PostgresDriverOption>();
});
