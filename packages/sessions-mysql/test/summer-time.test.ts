import { randomUUID } from 'node:crypto';
import type { ConversationQuery, StoredConversation } from '@stackone/sessions-core/backend';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MysqlBackend } from '../src/backend.js';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { driverUrl, failOnWarning } from './databases.js';
import { message } from './items.js';

// the server takes the zone of the process that starts it
const { TZ } = process.env;
process.env.TZ = 'Europe/Berlin';
afterAll(() => {
  if (TZ === undefined) delete process.env.TZ;
  else process.env.TZ = TZ;
});

const HOUR = 3600;
const DAY = 24 * HOUR;
/** In seconds. 13 hours later clocks are put forward. */
const BEFORE = Date.UTC(2026, 2, 28, 12) / 1000;
/** When clocks are put back in Berlin, in seconds: 02:00 to 03:00 comes twice there. */
const PUT_BACK = Date.UTC(2026, 9, 25, 1) / 1000;

/** Zones that are put back then, by so many seconds. The server knows the first by itself, the others from its tables. */
const ZONES = { SYSTEM: HOUR, 'Test/Half': HOUR / 2, 'Test/Three': 3 * HOUR, 'Test/Forward': -HOUR };

describeEngine(['mysql', 'mariadb'], { own: true }, ({ url }) => {
  let client: mysql.Connection;
  beforeAll(() => {
    client = mysql.createConnection(driverUrl(url));
  });
  afterAll(() => client.promise().end());

  test('a day in which clocks are put forward is as long as others', async () => {
    const backend = await backendOpener({ pool: client })(failOnWarning);
    const sessionId = randomUUID();
    const append = (id: string, forgetOlderThan?: number) =>
      backend.append([{ sessionId, texts: ['{}'], operation: { id, digest: 'd', forgetOlderThan } }]);
    const at = (seconds: number) => client.promise().query(`SET timestamp = ${seconds}`);
    const [zone] = await client.promise().query<mysql.RowDataPacket[]>('SELECT @@system_time_zone AS name');
    expect(zone[0]?.name).toMatch(/^CES?T$/);
    await at(BEFORE);
    await append('old');
    await at(BEFORE + DAY - HOUR / 2);
    await append('forgets', DAY);
    expect(await append('old')).toEqual(['repeated']);
    await at(BEFORE + DAY + HOUR / 2);
    await append('forgets more', DAY);
    expect(await append('old')).toEqual(['stored']);
  });

  test('what is stored, described, moved and copied in the first of two equal hours keeps its time', async () => {
    const store = await MysqlSessionStore.fromPool(client, {
      tables: { sessions: 'early', messages: 'items' },
    });
    const time = PUT_BACK - 600;
    await client.promise().query(`SET timestamp = ${time}`);
    const session = store.session('chat');
    await session.addItems([message('one')]);
    await session.addItems([message('two')], undefined, { operationId: 'once' });
    await store.sessions.update('chat', { title: 'A chat' });
    await store.sessions.fork('chat', 'fork');
    await store.sessions.rename('chat', 'moved');
    await client.promise().query(`SET timestamp = ${time + 60}`);
    await store.session('fork').addItems([message('three')]);
    const at = new Date(time * 1000);
    expect(await store.sessions.retrieve('moved')).toMatchObject({ createdAt: at, updatedAt: at });
    const minuteLater = new Date((time + 60) * 1000);
    expect(await store.sessions.retrieve('fork')).toMatchObject({ createdAt: at, updatedAt: minuteLater });
    expect((await store.sessions.list()).data.map(({ id }) => id)).toEqual(['fork', 'moved']);
    for (const id of ['moved', 'fork']) {
      const { data } = await store.session(id).history({ limit: 2 });
      expect([id, data[0]?.createdAt]).toEqual([id, at]);
    }
    const [operations] = await client
      .promise()
      .query<mysql.RowDataPacket[]>('SELECT UNIX_TIMESTAMP(created_at) AS time FROM early_operations');
    expect(operations.map((row) => Number(row.time))).toEqual([time]);
    await client.promise().query('SET timestamp = DEFAULT');
  });

  test('what is restored keeps its times in both of two equal hours', async () => {
    const backend = await backendOpener({ pool: client })(failOnWarning);
    for (const seconds of [PUT_BACK - 600, PUT_BACK, PUT_BACK + 600]) {
      const [id, createdAt, updatedAt] = [randomUUID(), seconds * 1000, seconds * 1000 + 1];
      const rows = [{ text: '{}', createdAt }];
      expect(await backend.conversations.restore([{ id, tenant: '', createdAt, updatedAt, rows }])).toEqual([
        'stored',
      ]);
      expect(await backend.conversations.get(id)).toMatchObject({ createdAt, updatedAt });
      expect(await backend.history(id, { limit: 1, oldest: false })).toMatchObject([{ createdAt }]);
    }
  });

  describe('conversations around the hour that comes twice', () => {
    const tables = { sessions: 'listed', messages: 'listed_items' };
    /** Each time three times, in steps of 10 minutes and of 1 µs. */
    const rows = Array.from({ length: 3 * 61 }, (_, at) => {
      const step = Math.floor(at / 3);
      const seconds = PUT_BACK + (Math.floor(step / 2) - 18) * 600;
      return { id: `c${String((at * 37) % 183).padStart(3, '0')}`, seconds, micros: step % 2 };
    });
    const ordered = rows
      .toSorted(
        (one, other) =>
          one.seconds - other.seconds || one.micros - other.micros || (one.id < other.id ? -1 : 1),
      )
      .map(({ id }) => id);
    const backends: MysqlBackend[] = [];
    const clients: mysql.Connection[] = [];
    const query = { prefix: '', limit: 7 } as const;

    beforeAll(async () => {
      await addZones(client);
      for (const zone of Object.keys(ZONES)) {
        const inZone = mysql.createConnection(driverUrl(url));
        clients.push(inZone);
        await inZone.promise().query(`SET time_zone = '${zone}'`);
        backends.push(await backendOpener({ pool: inZone }, { tables })(failOnWarning));
      }
      await client.promise().query("SET time_zone = '+00:00'");
      const values = rows.map(({ id, seconds, micros }) => {
        const time = `FROM_UNIXTIME(${seconds}.${micros === 0 ? '000000' : '000001'})`;
        return `('${id}', ${time}, ${time})`;
      });
      await client.promise().query(`INSERT INTO listed VALUES ${values.join()}`);
      await client.promise().query('ANALYZE TABLE listed');
    });
    afterAll(async () => {
      for (const one of clients) await one.promise().end();
    });

    /** All pages, each asked for in another zone than the one before. */
    async function listed(
      options: Pick<ConversationQuery, 'by' | 'descending'>,
      first: number,
    ): Promise<string[]> {
      const ids: string[] = [];
      for (let after: StoredConversation | undefined, at = first; ; at++) {
        const backend = backends[at % backends.length] as MysqlBackend;
        const page = await backend.conversations.list({ ...query, ...options, after });
        ids.push(...page.map(({ id }) => id));
        after = page.at(-1);
        if (!after) return ids;
      }
    }

    test('the zones are put back', async () => {
      for (const [at, shift] of Object.values(ZONES).entries()) {
        const [[row]] = (await (clients[at] as mysql.Connection)
          .promise()
          .query(
            `SELECT TIMESTAMPDIFF(SECOND, FROM_UNIXTIME(${PUT_BACK - 60}), FROM_UNIXTIME(${PUT_BACK + 60})) AS n`,
          )) as unknown as [[{ n: number }]];
        expect(Number(row.n)).toBe(120 - shift);
      }
    });

    const ORDERS = (['changed', 'created'] as const).flatMap((by) =>
      [true, false].map((descending) => ({ by, descending })),
    );
    test('each comes once, in the order of time, with the index and without it', async () => {
      for (const without of [false, true]) {
        if (without) await client.promise().query('ALTER TABLE listed DROP INDEX idx_listed_changed');
        for (const order of ORDERS) {
          const expected = order.descending ? ordered.toReversed() : ordered;
          for (const first of backends.keys()) expect(await listed(order, first)).toEqual(expected);
        }
      }
    });

    test('filters are exact to the ms', async () => {
      for (const backend of backends) {
        for (let seconds = PUT_BACK - 3 * HOUR; seconds <= PUT_BACK + 2 * HOUR; seconds += 600) {
          for (const offset of [-1, 0, 1]) {
            const at = seconds * 1000 + offset;
            const later = rows.filter((row) => row.seconds * 1000 + row.micros / 1000 > at).length;
            const earlier = rows.filter((row) => row.seconds * 1000 + row.micros / 1000 < at).length;
            expect(await backend.conversations.count({ prefix: '', changedAfter: at })).toBe(later);
            expect(await backend.conversations.count({ prefix: '', changedBefore: at })).toBe(earlier);
          }
        }
        for (const at of [-1e12, 0, 1e10, 2 ** 31 * 1000, 1e14]) {
          const filter = { prefix: '', [at > 1e12 ? 'changedBefore' : 'changedAfter']: at };
          expect(await backend.conversations.count(filter)).toBe(rows.length);
        }
      }
    });
  });
});

/** Zones for the server's own tables, that change their offset once. */
async function addZones(client: mysql.Connection): Promise<void> {
  for (const [number, [name, shift]] of Object.entries(ZONES).entries()) {
    if (name === 'SYSTEM') continue;
    const id = 9000 + number;
    for (const statement of [
      `INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (${id}, 'N')`,
      `INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('${name}', ${id})`,
      `INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, \`Offset\`, Is_DST, Abbreviation)
        VALUES (${id}, 0, ${10 * HOUR}, 1, 'A'), (${id}, 1, ${10 * HOUR - shift}, 0, 'B')`,
      `INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id)
        VALUES (${id}, -2147483648, 0), (${id}, ${PUT_BACK}, 1)`,
    ])
      await client.promise().query(statement);
  }
}
