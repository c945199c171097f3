// Promise: Your own transactions.
import { randomUUID } from 'node:crypto';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import type pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { type Application, DRIZZLE_VERSIONS, type Opened } from './drizzle-drivers.js';
import { contents, message, turn, turnNames } from './messages.js';

/** The tag that the package loads is that of the version under test, as in an application that has only one. */
const installed = vi.hoisted(() => ({ sql: undefined as unknown }));
vi.mock('drizzle-orm/sql', async (original) => {
  const own = await original<typeof import('drizzle-orm/sql')>();
  return {
    ...own,
    sql: (...query: Parameters<typeof own.sql>) => (installed.sql as typeof own.sql)(...query),
  };
});

/** The version that is installed where the package looks for it. */
const NEWEST = DRIZZLE_VERSIONS.find(({ name }) => name === '0.45');

const NASTY = 'NUL \u0000, \\, \\\\, \', ", {}, {"a":[null]}, NULL, $1, ?, :x, \ud800, 👋';
/** They differ from pools in what runs at the same time, which the tests behind the suite look at. */
const ONE_CONNECTION = ['a client of pg', 'postgres.js with one connection'];

const portable = { durable: true, shared: true, edit: true, operations: true, transactions: true };

describeEngine('postgres:18', ({ url }) => {
  describe.each(DRIZZLE_VERSIONS)('drizzle-orm $name', ({ name, sql, drivers }) => {
    beforeAll(() => {
      installed.sql = sql;
    });
    for (const [driver, openDriver] of Object.entries(drivers)) {
      describe(driver, () => {
        let opened: Opened;
        let store: PostgresSessionStore;
        beforeAll(async () => {
          opened = await openDriver(url);
          store = await PostgresSessionStore.fromDrizzle(opened.db);
        }); // PGlite compiles a whole PostgreSQL first
        afterAll(async () => {
          await store.close();
          await opened.end();
        });

        if (wholeMatrix ? name === '0.45' || driver === 'a pool of pg' : !ONE_CONNECTION.includes(driver)) {
          sessionConformance({
            name: 'the suite',
            describe,
            test,
            open: () => ({ session: (id) => store.session(id) }),
            supports: sessionFeatures(portable),
          });
        }

        test('40,000 items in one call, and any text', async () => {
          const session = store.session(randomUUID());
          await session.addItems([message(NASTY)]);
          await session.addItems(turn('many', 40_000));
          expect(contents(await session.getItems(2))).toEqual(['many-39998', 'many-39999']);
          const all = await session.getItems();
          expect(all.length).toBe(40_001);
          expect(contents(all.slice(0, 2))).toEqual([NASTY, 'many-0']);
        });

        test('64 appends, pops and edits at once leave each turn whole', async () => {
          const backend = await backendOpener({ db: opened.db })(() => {});
          const sessionId = randomUUID();
          const seen: string[] = [];
          await Promise.all(
            Array.from({ length: 64 }, async (_, index) => {
              const texts = turn(`t${index}`).map((item) => JSON.stringify(item));
              if (index % 4 !== 3) {
                await backend.append([{ sessionId, texts }]);
                return;
              }
              // takes the whole of the newest turn away and puts another in its place; decided again where others were faster
              let removed: string[] = [];
              await backend.edit(sessionId, 4, (rows) => {
                removed = turnNames(rows.map(({ text }) => JSON.parse(text)));
                return { remove: rows.map(({ id }) => id), append: texts };
              });
              seen.push(...removed);
            }),
          );
          const names = turnNames((await backend.read(sessionId)).map(({ text }) => JSON.parse(text)));
          expect(seen.length + names.length).toBe(64);
        });

        test('pops among 64 appends and edits lose, double and tear nothing', async () => {
          const backend = await backendOpener({ db: opened.db })(() => {});
          const sessionId = randomUUID();
          const textsOf = (index: number) => turn(`t${index}`).map((item) => JSON.stringify(item));
          const popped: string[] = [];
          await Promise.all(
            Array.from({ length: 64 }, async (_, index) => {
              const texts = textsOf(index);
              if (index % 4 < 2) return backend.append([{ sessionId, texts }]);
              if (index % 4 === 2) return backend.edit(sessionId, 1, () => ({ append: texts }));
              const row = await backend.pop(sessionId);
              if (row) popped.push(row.text);
            }),
          );
          const left = (await backend.read(sessionId)).map(({ text }) => text);
          const stored = Array.from({ length: 64 }, (_, index) => index).filter((index) => index % 4 < 3);
          expect([...left, ...popped].toSorted()).toEqual(stored.flatMap(textsOf).toSorted());
          // pops take from the end: of each turn the first items are left, next to each other
          for (const texts of stored.map(textsOf)) {
            const at = left.indexOf(String(texts[0]));
            const kept = texts.filter((text) => left.includes(text));
            expect(kept).toEqual(at < 0 ? [] : left.slice(at, at + kept.length));
            expect(kept).toEqual(texts.slice(0, kept.length));
          }
        });

        test('store.with(tx): a turn and a row of the application commit or roll back together', async () => {
          const application = opened.db as unknown as Application;
          await application.execute(sql`CREATE TABLE IF NOT EXISTS orders (name text)`);
          const session = randomUUID();
          await application.transaction(async (tx) => {
            await tx.execute(sql`INSERT INTO orders VALUES (${session})`);
            const inside = store.with(tx).session(session);
            await Promise.all([inside.addItems(turn('a')), inside.addItems(turn('b'))]);
            expect(turnNames(await inside.getItems())).toEqual(['a', 'b']);
            expect(contents([await inside.popItem()])).toEqual(['b-3']);
          });
          expect((await store.session(session).getItems()).length).toBe(7);

          const failing = application.transaction(async (tx) => {
            await tx.execute(sql`INSERT INTO orders VALUES ('gone')`);
            await store.with(tx).session(session).addItems(turn('c'));
            await store.with(tx).session(session).clearSession();
            throw new Error('the application changed its mind');
          });
          await expect(failing).rejects.toThrow('changed its mind');
          expect((await store.session(session).getItems()).length).toBe(7);
          const orders = await application.execute(
            sql`SELECT count(*)::int AS n FROM orders WHERE name = 'gone'`,
          );
          expect(Array.isArray(orders) ? orders : (orders as pg.QueryResult).rows).toMatchObject([{ n: 0 }]);
        });

        test('a refused edit inside a transaction leaves the rest of it intact', async () => {
          const application = opened.db as unknown as Application;
          const sessionId = randomUUID();
          const backend = await backendOpener({ db: opened.db })(() => {});
          await application.transaction(async (tx) => {
            const inside = backend.with(tx);
            await inside.append([{ sessionId, texts: ['{"a":1}'] }]);
            const refused = inside.edit(sessionId, 'all', () => {
              throw new Error('refused');
            });
            await expect(refused).rejects.toThrow('refused');
            await inside.append([{ sessionId, texts: ['{"b":1}'] }]);
          });
          expect((await backend.read(sessionId)).map(({ text }) => text)).toEqual(['{"a":1}', '{"b":1}']);
        });
      });
    }
  });

  test('drizzle-orm in two versions: the tag of another copy works too', async () => {
    installed.sql = DRIZZLE_VERSIONS[0]?.sql;
    for (const { drivers } of DRIZZLE_VERSIONS) {
      const opened = await (drivers['a pool of pg'] as (url: string) => Promise<Opened>)(url);
      const store = await PostgresSessionStore.fromDrizzle(opened.db);
      const session = store.session(randomUUID());
      await session.addItems(turn('x'));
      expect(turnNames(await session.getItems())).toEqual(['x']);
      await opened.end();
    }
  });

  test('postgres.js that changes names: works, or is refused at opening', async () => {
    const { drizzle } = await import('drizzle-orm/postgres-js');
    installed.sql = NEWEST?.sql;
    await using plain = await PostgresSessionStore.fromUrl(url);
    const lowerCase = { column: (name: string) => name.toLowerCase() };
    const snake = { column: { from: postgres.fromCamel } };
    for (const transform of [postgres.camel, postgres.kebab, lowerCase, snake]) {
      const client = postgres(url, { max: 2, onnotice: () => {}, transform });
      const store = await PostgresSessionStore.fromDrizzle(drizzle({ client }));
      const session = store.session(randomUUID());
      for (let call = 0; call < 2; call++)
        await session.addItems(turn('x'), undefined, { operationId: 'once' });
      const other = session.addItems(turn('y'), undefined, { operationId: 'once' });
      await expect(other).rejects.toMatchObject({ code: 'OPERATION_CONFLICT' });
      await session.applyHistoryTransaction?.({
        operationId: 'edit',
        transaction: { type: 'append_items', items: turn('z') },
      });
      expect(turnNames(await session.getItems())).toEqual(['x', 'z']);
      expect(await session.history()).toEqual(await plain.session(session.sessionId).history());
      const ids = [session.sessionId, `${session.sessionId} other`] as const;
      await store.sessions.update(ids[0], { title: 'A', metadata: { a: 'b' } });
      await store.sessions.fork(ids[0], `${ids[0]} copy`);
      await store.sessions.rename(`${ids[0]} copy`, ids[1]);
      for (const id of ids) {
        const described = await plain.sessions.retrieve(id);
        expect(described).toMatchObject({ title: 'A', metadata: { a: 'b' } });
        expect(await store.sessions.retrieve(id)).toEqual(described);
      }
      const found = { idPrefix: ids[0], by: 'id', order: 'asc' } as const;
      expect(await store.sessions.list(found)).toEqual(await plain.sessions.list(found));
      expect(await store.sessions.count({ idPrefix: ids[0] })).toBe(2);
      expect(contents([await session.popItem()])).toEqual(['z-3']);
      await session.clearSession();
      await store.sessions.delete(ids[1]);
      expect(await store.sessions.count({ idPrefix: ids[1] })).toBe(0);
      await client.end();
    }
    const client = postgres(url, { max: 2, onnotice: () => {}, transform: postgres.pascal });
    await expect(PostgresSessionStore.fromDrizzle(drizzle({ client }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('transform'),
    });
    await client.end();
  });
});
