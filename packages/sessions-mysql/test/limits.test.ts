import { randomUUID } from 'node:crypto';
import type { AgentInputItem } from '@openai/agents-core';
import { wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MysqlBackend } from '../src/backend.js';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { DRIZZLES, driverUrl, FIRST_SERVER, failOnWarning, rowsOf, SERVERS } from './databases.js';
import { contents, message, messages, texts } from './items.js';

const MB = 1024 * 1024;
/** Everything that some escaping, some mode or some type of column might get wrong. */
const TRICKY =
  '\0 \\ \\\\ \' \'\' " ` \\\' \\" {} {"a":1} [] NULL null \n\r\t\b\x1a \x01 % _ ; -- /* # ? ?? :name $1 😀 é e\u0301 \ud800 \u2028 \x7f';

describeEngine(FIRST_SERVER, ({ engine, url }) => {
  let store: MysqlSessionStore;
  let backend: MysqlBackend;
  beforeAll(async () => {
    store = await MysqlSessionStore.fromUrl(url);
    backend = await backendOpener({ url })(failOnWarning);
  });
  afterAll(async () => {
    await store.close();
    await backend.close();
  });

  /** One text for each time that rows of a session carry. */
  const times = (sessionId: string) =>
    rowsOf(
      url,
      `SELECT DISTINCT CAST(created_at AS CHAR) AS time FROM agent_messages WHERE session_id = '${sessionId}'`,
    );

  test.each([40_000, 70_000])('A11, B9: %i items in one call, in order, with one time', async (count) => {
    const session = store.session(randomUUID());
    await session.addItems(messages(count));
    const items = await session.getItems();
    expect(items).toHaveLength(count);
    expect(contents(items)).toEqual(contents(messages(count)));
    expect(await times(session.sessionId)).toHaveLength(1);
  });

  test('B8: 4 items of 6 MB in one call, in order, with one time', async () => {
    const session = store.session(randomUUID());
    const items = Array.from({ length: 4 }, (_, at) => message(`${at}${'x'.repeat(6 * MB)}`));
    await session.addItems([message('before'), ...items, message('after')]);
    const found = contents(await session.getItems());
    expect(found.map((content) => String(content).slice(0, 6))).toEqual([
      'before',
      ...items.map((_, at) => `${at}xxxxx`),
      'after',
    ]);
    expect(await times(session.sessionId)).toHaveLength(1);
    expect(contents(await session.getItems(1))).toEqual(['after']);
  });

  test('batches of many sessions keep one time each, however they are cut into statements', async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const [small, large, other] = ids as [string, string, string];
    await backend.append([{ sessionId: large, texts: texts(1) }]);
    await backend.append([
      { sessionId: small, texts: texts(10) },
      { sessionId: large, texts: texts(25_000) },
      { sessionId: other, texts: texts(9_995) },
    ]);
    expect((await backend.read(large)).map(({ text }) => text)).toEqual([...texts(1), ...texts(25_000)]);
    expect(await times(small)).toHaveLength(1);
    expect(await times(large)).toHaveLength(2);
    expect(await times(other)).toHaveLength(1);
  });

  test('A14: an item of 10 MB comes back', async () => {
    const session = store.session(randomUUID());
    const text = `${'\\"ü'.repeat((10 * MB) / 8)}`;
    await session.addItems([message(text)]);
    expect(contents(await session.getItems())[0] === text).toBe(true);
  });

  describe('B10, B11: any text is exact under every sql_mode', () => {
    test('and under every collation of the connection', async () => {
      const client = mysql.createConnection(driverUrl(url));
      for (const collation of [
        'utf8mb4_bin',
        'utf8mb4_unicode_ci',
        'utf8mb4_general_ci',
        'utf8mb4_spanish_ci',
      ]) {
        await client.promise().query(`SET NAMES utf8mb4 COLLATE ${collation}`);
        const port = await backendOpener({ pool: client })(failOnWarning);
        const sessionId = `\\é ${collation}`;
        await port.append([{ sessionId, texts: [TRICKY.toWellFormed()] }]);
        expect(await port.read(sessionId)).toMatchObject([{ text: TRICKY.toWellFormed() }]);
        expect(await port.read(sessionId.replace('é', 'e'))).toEqual([]);
      }
      await client.promise().end();
    });

    const modes = [
      '',
      'NO_BACKSLASH_ESCAPES',
      'ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES',
      engine === 'mariadb' ? 'ORACLE' : 'ANSI,TRADITIONAL,HIGH_NOT_PRECEDENCE,PAD_CHAR_TO_FULL_LENGTH',
    ];
    test.each(modes)('sql_mode = %j', async (mode) => {
      const client = mysql.createConnection(driverUrl(url));
      await client.promise().query('SET SESSION sql_mode = ?', [mode]);
      const port = await backendOpener({ pool: client })(failOnWarning);
      const sessionId = `${TRICKY.replaceAll('\0', '').toWellFormed()} ${mode}`.slice(0, 250);
      const stored = [
        JSON.stringify(TRICKY),
        "'",
        '\\',
        "\\'",
        "'\\",
        "\\\\'' \u0001",
        '{}',
        'NULL',
        '\0',
        '"',
      ];
      const operation = { id: sessionId, digest: sessionId };
      await port.append([{ sessionId, texts: stored, operation }]);
      expect((await port.read(sessionId)).map(({ text }) => text)).toEqual(stored);
      expect(await port.append([{ sessionId, texts: stored, operation }])).toEqual(['repeated']);
      await port.edit(sessionId, 1, ([row]) => ({ update: [{ id: row?.id ?? '', text: "\\'new" }] }));
      expect(await port.pop(sessionId)).toMatchObject({ text: "\\'new" });
      await port.clear(sessionId);
      expect(await port.read(sessionId)).toEqual([]);
      await client.promise().end();
    });
  });

  test.each(Object.entries(DRIZZLES))(
    '%s: 40,000 items in one call, and tricky ones',
    async (_name, drizzle) => {
      const client = mysql.createPool(driverUrl(url));
      const db = drizzle({ client });
      const own = await MysqlSessionStore.fromDrizzle(db);
      const [one, other] = [randomUUID(), randomUUID()];
      await own.session(one).addItems([...messages(40_000), message(TRICKY)]);
      expect(contents(await own.session(one).getItems(2))).toEqual(['m39999', TRICKY]);
      await db.transaction(async (tx) => {
        await own
          .with(tx)
          .session(other)
          .addItems([...messages(40_000), message(TRICKY)]);
      });
      expect(contents(await own.session(other).getItems(2))).toEqual(['m39999', TRICKY]);
      expect(await own.session(other).getItems()).toHaveLength(40_001);
      await client.promise().end();
    },
  );

  test('B21: ids beyond 2^53 stay exact in every verb', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await backend.append([one, other].map((sessionId) => ({ sessionId, texts: texts(1) })));
    const ids = [2n ** 53n - 2n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 62n + 1n];
    for (const id of ids) {
      await rowsOf(
        url,
        `INSERT INTO agent_messages (id, session_id, message_data) VALUES (${id}, '${one}', '"${id}"')`,
      );
    }
    const seen = (await backend.read(one)).map(({ id }) => id);
    expect(seen.slice(1)).toEqual(ids.map(String));
    expect((await backend.read(one, 2, String(ids[3]))).map(({ id }) => id)).toEqual([
      String(ids[1]),
      String(ids[2]),
    ]);
    expect(await backend.pop(one)).toEqual({ id: String(ids[3]), text: `"${ids[3]}"` });
    await backend.edit(one, 'all', (rows) => ({
      remove: [String(ids[1])],
      update: [{ id: String(ids[2]), text: '"new"' }],
      append: [`"${rows.length}"`],
    }));
    expect((await backend.read(one)).map(({ text }) => text)).toEqual([
      '"t0"',
      `"${ids[0]}"`,
      '"new"',
      '"4"',
    ]);
    await rowsOf(url, `DELETE FROM agent_messages WHERE session_id = '${one}'`);
  });

  test('A5: limits of every kind', async () => {
    const session = store.session(randomUUID());
    await session.addItems(messages(25));
    for (const [limit, count] of [
      [1, 1],
      [20, 20],
      [25, 25],
      [26, 25],
      [0, 0],
      [-1, 0],
      [undefined, 25],
    ] as const) {
      expect(contents(await session.getItems(limit))).toEqual(contents(messages(25)).slice(25 - count));
    }
  });

  test('A10: bytes come back as bytes', async () => {
    const session = store.session(randomUUID());
    const image = { type: 'input_image', image: new Uint8Array([0, 39, 92, 255]) };
    const item = { type: 'message', role: 'user', content: [image] } as unknown as AgentInputItem;
    await session.addItems([item]);
    expect(await session.getItems()).toEqual([item]);
  });

  test('A13: ids that differ in case, accents, normal form or a space at the end are different conversations', async () => {
    const ids = ['Abc', 'abc', 'café', 'cafe', 'cafe\u0301', 't1', 't1 ', 't1\t', 'ß', 'ss', '😀', '😁'];
    for (const id of ids) await store.session(id).addItems([message(id)]);
    for (const id of ids) expect(contents(await store.session(id).getItems())).toEqual([id]);
    await store.session('t1').clearSession();
    expect(contents(await store.session('t1 ').getItems())).toEqual(['t1 ']);
  });

  test('operation ids of any length and any characters are told apart', async () => {
    const session = store.session(randomUUID());
    const ids = ['a\0b', 'a\ud800', 'a\udc01', 'A', 'a', 'a ', 'x'.repeat(10_000), `${'x'.repeat(10_000)}y`];
    for (const [index, operationId] of ids.entries()) {
      for (const _ of ['stored', 'repeated']) {
        await session.addItems([message('x')], undefined, { operationId });
        expect(await session.getItems()).toHaveLength(index + 1);
      }
    }
  });

  test('A17, B3: order is by id, though times run backwards', async () => {
    const sessionId = randomUUID();
    await backend.append([{ sessionId, texts: texts(5) }]);
    await rowsOf(
      url,
      `UPDATE agent_messages SET created_at = FROM_UNIXTIME(1000000000 - id % 1000000) WHERE session_id = '${sessionId}'`,
    );
    expect((await backend.read(sessionId)).map(({ text }) => text)).toEqual(texts(5));
    expect((await backend.read(sessionId, 2)).map(({ text }) => text)).toEqual(texts(5).slice(3));
    expect((await backend.pop(sessionId))?.text).toBe(texts(5)[4]);
  });

  test('Python reads whole turns in the same order: one created_at a batch, later ones later', async () => {
    const sessionId = randomUUID();
    await backend.append([{ sessionId, texts: texts(1) }]);
    const wide = await backendOpener({ url }, { max: 16 })(failOnWarning);
    await Promise.all(
      Array.from({ length: 32 }, (_, at) => wide.append([{ sessionId, texts: texts(3, `b${at}:`) }])),
    );
    const byTime = await rowsOf(
      url,
      `SELECT message_data AS text FROM agent_messages WHERE session_id = '${sessionId}' ORDER BY created_at, id`,
    );
    expect(byTime.map(({ text }) => text)).toEqual((await wide.read(sessionId)).map(({ text }) => text));
    await wide.close();
  });

  test('B22: connections of different time zones keep order and time', async () => {
    const sessionId = randomUUID();
    for (const [at, zone] of ['+09:00', '-08:00', '+00:00'].entries()) {
      const client = mysql.createConnection(driverUrl(url));
      await client.promise().query('SET SESSION time_zone = ?', [zone]);
      const port = await backendOpener({ pool: client })(failOnWarning);
      await port.append([{ sessionId, texts: texts(at === 1 ? 10_001 : 1, `${at}:`) }]);
      await client.promise().end();
    }
    const [row] = await rowsOf(
      url,
      `SELECT COUNT(DISTINCT created_at) AS times, MAX(UNIX_TIMESTAMP(created_at)) - MIN(UNIX_TIMESTAMP(created_at)) AS spread,
        UNIX_TIMESTAMP() - MIN(UNIX_TIMESTAMP(created_at)) AS age FROM agent_messages WHERE session_id = '${sessionId}'`,
    );
    expect(Number(row?.times)).toBe(3);
    // zones are hours apart
    expect(Number(row?.spread)).toBeLessThan(3600);
    expect(Number(row?.age)).toBeLessThan(3600);
  });

  test('sessions are newer after every write, and pop leaves them alone', async () => {
    const sessionId = randomUUID();
    const updated = async () =>
      (
        await rowsOf(
          url,
          `SELECT CAST(updated_at AS CHAR) AS t FROM agent_sessions WHERE session_id = '${sessionId}'`,
        )
      )[0]?.t;
    await backend.append([{ sessionId, texts: texts(2) }]);
    const first = await updated();
    await backend.append([{ sessionId, texts: texts(2) }]);
    const second = await updated();
    expect(String(second) > String(first)).toBe(true);
    await backend.pop(sessionId);
    expect(await updated()).toBe(second);
  });
});

describeEngine(SERVERS, { settings: { max_allowed_packet: '1M' } }, ({ url }) => {
  let store: MysqlSessionStore;
  let backend: MysqlBackend;
  beforeAll(async () => {
    store = await MysqlSessionStore.fromUrl(url);
    backend = await backendOpener({ url })(failOnWarning);
  });
  afterAll(async () => {
    await store.close();
    await backend.close();
  });

  describe('A14: an item over max_allowed_packet', () => {
    let limit = 0;
    beforeAll(async () => {
      const [row] = await rowsOf(url, 'SELECT @@max_allowed_packet AS packet');
      limit = Number(row?.packet);
    });
    test('is refused with both numbers and no content; nothing is written, and the store goes on', async () => {
      const session = store.session(randomUUID());
      const error = await session
        .addItems([message('a'), message('x'.repeat(limit))])
        .catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: 'ITEM_TOO_LARGE' });
      expect((error as Error).message).toContain(String(limit));
      expect((error as Error).message).toMatch(/of \d+ bytes/);
      expect((error as Error).message).not.toContain('xxxx');
      expect(await session.getItems()).toEqual([]);
      expect(
        await rowsOf(url, `SELECT 1 FROM agent_sessions WHERE session_id = '${session.sessionId}'`),
      ).toEqual([]);
      await session.addItems(messages(1));
      expect(await session.getItems()).toHaveLength(1);
    });
    test('is refused in an edit, which then changes nothing', async () => {
      const sessionId = randomUUID();
      await backend.append([{ sessionId, texts: texts(2) }]);
      const large = 'x'.repeat(limit);
      await expect(
        backend.edit(sessionId, 'all', ([row]) => ({ remove: [row?.id ?? ''], append: [large] })),
      ).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' });
      await expect(
        backend.edit(sessionId, 'all', ([row]) => ({ update: [{ id: row?.id ?? '', text: large }] })),
      ).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' });
      expect(await backend.read(sessionId)).toHaveLength(2);
    });
    if (wholeMatrix)
      test('whatever is not refused is taken by the server, to the byte', async () => {
        const sessionId = randomUUID();
        const outcomes = new Set<string>();
        for (const character of ['x', '\\']) {
          for (let bytes = limit - 400; bytes <= limit; bytes += 7) {
            const append = backend.append([{ sessionId, texts: [character.repeat(bytes)] }]);
            outcomes.add(await append.then(String, (error: { code: string }) => error.code));
          }
        }
        expect([...outcomes]).toEqual(['stored', 'ITEM_TOO_LARGE']);
        expect((await backend.read(sessionId, 1))[0]?.text).toMatch(/^\\+$/);
        await backend.clear(sessionId);
      });
  });
});
