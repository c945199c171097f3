import type { SessionWindow } from '@stackone/sessions-core';
import { variants } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MysqlBackend } from '../src/backend.js';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { driverUrl, emptyDatabase, failOnWarning, SERVERS } from './databases.js';
import { texts, textsOf } from './items.js';

/** Rows of the long conversation, then rows of others that are all newer. */
const LONG = 450_000;
const NEWER = 300_000;
const CHUNK = 10_000;

/** Tables of ours, and what makes of them others that people may have. */
const LAYOUTS = variants<readonly [name: string, change: string | undefined]>(
  [['as they are made', undefined]],
  [
    [
      'with an index of another name',
      'ALTER TABLE agent_messages DROP INDEX idx_agent_messages_session_id, ADD INDEX by_session (session_id, id)',
    ],
    [
      'with a primary key that begins with the session',
      'ALTER TABLE agent_messages DROP PRIMARY KEY, DROP INDEX idx_agent_messages_session_id, ' +
        'ADD PRIMARY KEY (session_id, id), ADD UNIQUE INDEX (id)',
    ],
  ],
);

describeEngine(SERVERS, ({ server }) =>
  describe.each(LAYOUTS)('%s', (_, change) => {
    let connection: Connection;
    let backend: MysqlBackend;

    beforeAll(async () => {
      const url = await emptyDatabase(server);
      await (await MysqlSessionStore.fromUrl(url)).close();
      connection = await mysql.createConnection(driverUrl(url));
      if (change !== undefined) await connection.query(change);
      backend = await backendOpener({ pool: connection })(failOnWarning);
      await backend.append([{ sessionId: 'long', texts: texts(1) }]);
      for (let at = 0; at < 100; at++) await backend.append([{ sessionId: `other ${at}`, texts: texts(1) }]);
      for (let rows = 0; rows < LONG; rows += CHUNK) await fill(CHUNK, () => 'long');
      for (let rows = 0; rows < NEWER; rows += CHUNK) await fill(CHUNK, (at) => `other ${at % 100}`);
      await connection.query('ANALYZE TABLE agent_messages');
    });
    afterAll(() => connection.end());

    function fill(rows: number, sessionId: (at: number) => string) {
      const values = Array.from(
        { length: rows },
        (_, at) => `('${sessionId(at)}','{"role":"user","content":"x"}')`,
      );
      return connection.query(
        `INSERT INTO agent_messages (session_id, message_data) VALUES ${values.join()}`,
      );
    }

    async function handlerReads(): Promise<number> {
      // MariaDB also tells of index entries that it passed over within the storage engine
      const [rows] = await connection.query(
        "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Handler_icp_attempts'",
      );
      return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
    }

    /** The rows that the server asked its storage engine for during a call on this connection. */
    async function touched(call: () => Promise<unknown>): Promise<number> {
      const before = await handlerReads();
      const asking = (await handlerReads()) - before;
      await call();
      return (await handlerReads()) - before - 2 * asking;
    }

    test('the newest 20 of 450,000 rows before 300,000 newer ones of others are found by index', async () => {
      const read = await touched(async () => expect(await backend.read('long', 20)).toHaveLength(20));
      const page = await backend.read('long', 3);
      const before = await touched(() => backend.read('long', 20, page[0]?.id));
      const pop = await touched(() => backend.pop('long'));
      const edit = await touched(() => backend.edit('long', 20, () => ({ append: texts(1) })));
      const append = await touched(() => backend.append([{ sessionId: 'long', texts: texts(3, 'last') }]));
      expect(textsOf(await backend.read('long', 3))).toEqual(['last0', 'last1', 'last2']);
      console.info(`rows touched: read ${read}, page ${before}, pop ${pop}, edit ${edit}, append ${append}`);
      for (const rows of [read, before, pop, edit, append]) expect(rows).toBeLessThan(60);
    });

    test.each([40, 100, 1_000, 10_000])('the newest 20 of %i rows touch no others', async (rows) => {
      await backend.append([{ sessionId: `of ${rows}`, texts: texts(1) }]);
      await fill(rows, () => `of ${rows}`);
      await connection.query('ANALYZE TABLE agent_messages');
      const read = await touched(async () => expect(await backend.read(`of ${rows}`, 20)).toHaveLength(20));
      expect(read).toBeLessThan(30);
    });

    test.each([449_000, 225_000, 1_000])('a page with %i older rows touches no others', async (older) => {
      const [rows] = await connection.query(
        `SELECT CAST(id AS CHAR) AS position FROM agent_messages WHERE session_id >= 'long' AND session_id <= 'long' ` +
          `ORDER BY session_id, agent_messages.id LIMIT ${older}, 1`,
      );
      const [{ position } = { position: '' }] = rows as { position: string }[];
      const page = await touched(async () =>
        expect(await backend.read('long', 80, position)).toHaveLength(80),
      );
      expect(page).toBeLessThan(100);
    });

    test.each<[SessionWindow, number]>([
      [{ turns: 20 }, 20],
      [{ items: 200 }, 200],
      [{ tokens: 8000, count: () => 2 }, 4000],
    ])('window %j: rows are touched for %i items', async (window, length) => {
      const store = await MysqlSessionStore.fromPool(connection);
      const session = store.session('long', { window });
      await session.getItems(1); // the store is open
      const rows = await touched(async () => expect(await session.getItems()).toHaveLength(length));
      expect(rows).toBeLessThanOrEqual(2 * length + 64);
    });

    test('the plain equality, which is not used, walks through the rows of others', async () => {
      const plain = await touched(() =>
        connection.query(
          "SELECT id FROM agent_messages WHERE session_id = 'long' ORDER BY id DESC, created_at LIMIT 20",
        ),
      );
      expect(plain).toBeGreaterThan(NEWER);
    });

    test('so they are inside a transaction of the application, where reads lock', async () => {
      await connection.beginTransaction();
      const joined = backend.with(connection);
      const pop = await touched(() => joined.pop('long'));
      const edit = await touched(() => joined.edit('long', 20, () => ({ append: texts(1) })));
      await connection.rollback();
      for (const rows of [pop, edit]) expect(rows).toBeLessThan(60);
    });
  }),
);
