// The doctor finds what is planted, and nothing in a good database.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import {
  examined,
  fillConversations,
  PASSWORD,
  PLANTED_ROWS,
  problems,
  tablesOf,
} from '@stackone/doctor-test';
import { wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { beforeAll, expect, test, vi } from 'vitest';
import { openDoctor } from '../src/doctor.js';
import { MysqlSessionStore, type MysqlStoreOptions, schemaSql } from '../src/index.js';

async function fill(url: string): Promise<void> {
  await using store = await MysqlSessionStore.fromUrl(url, { max: 1 });
  await fillConversations(store);
}

/** What is planted, and what has to be found. */
interface Plant {
  /** On the tables. */
  readonly sql?: readonly string[];
  /** Settings of the server, and what they were. */
  readonly settings?: readonly [set: string, restore: string];
  /** On a user that may do everything with the tables. */
  readonly user?: (database: string) => readonly string[];
  readonly options?: MysqlStoreOptions;
  readonly found: readonly string[];
  /** What is left when that was done which loses nothing; absent where nothing can be. */
  readonly left?: readonly string[];
}

/** The tables; those of the Python SDK first. */
const TABLES = tablesOf(schemaSql());
const DROP_KEYS = [
  'ALTER TABLE agent_messages DROP FOREIGN KEY agent_messages_ibfk_1',
  'ALTER TABLE agent_sessions_operations DROP FOREIGN KEY agent_sessions_operations_ibfk_1',
];

const PLANTED: Readonly<Record<string, Plant>> = {
  'no tables': {
    sql: [`DROP TABLE ${TABLES.toReversed().join(', ')}`],
    found: ['wrong TABLES'],
    left: [],
  },
  'a column that is missing': {
    sql: ['ALTER TABLE agent_messages DROP COLUMN created_at'],
    found: ['wrong TABLES'],
  },
  'ids that differ in case are one': {
    sql: [
      ...DROP_KEYS,
      'ALTER TABLE agent_sessions MODIFY session_id VARCHAR(255) COLLATE utf8mb4_general_ci NOT NULL',
    ],
    found: ['wrong TABLES'],
  },
  'a table without transactions': {
    sql: [
      ...DROP_KEYS,
      'ALTER TABLE agent_messages DROP INDEX idx_agent_messages_session_id, DROP INDEX idx_agent_messages_session_time, ENGINE = MyISAM',
    ],
    found: ['wrong TABLES'],
  },
  'a column that is too small': {
    sql: ['ALTER TABLE agent_messages MODIFY message_data TEXT NOT NULL'],
    found: ['improvable TABLES'],
  },
  'texts that do not hold every character': {
    sql: ['ALTER TABLE agent_messages MODIFY message_data LONGTEXT CHARACTER SET latin1 NOT NULL'],
    found: ['improvable TABLES'],
  },
  'tables of a later version': {
    sql: ['ALTER TABLE agent_sessions_schema ALTER version SET DEFAULT 99'],
    found: ['wrong TABLES'],
  },
  'a side table is missing': {
    sql: ['DROP TABLE agent_sessions_usage'],
    found: ['wrong TABLES'],
    left: [],
  },
  'tables of another program': {
    sql: [`DROP TABLE ${TABLES.slice(2).join(', ')}`],
    found: ['improvable TABLES'],
    left: [],
  },
  'the index of the newest items is missing': {
    sql: ['ALTER TABLE agent_messages DROP INDEX idx_agent_messages_session_id'],
    found: ['improvable INDEXES'],
    left: [],
  },
  'the index of the last changes is missing': {
    sql: ['ALTER TABLE agent_sessions DROP INDEX idx_agent_sessions_changed'],
    found: ['improvable INDEXES'],
    left: [],
  },
  'values that are cut': {
    settings: ["SET GLOBAL sql_mode = ''", 'SET GLOBAL sql_mode = DEFAULT'],
    found: ['improvable SQL_MODE'],
  },
  'small packets': {
    settings: ['SET GLOBAL max_allowed_packet = 1048576', 'SET GLOBAL max_allowed_packet = DEFAULT'],
    found: ['improvable PACKET_SIZE'],
  },
  'reads that wait': {
    settings: [
      'SET GLOBAL TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      'SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    ],
    found: ['improvable ISOLATION'],
  },
  'no writes': {
    settings: ['SET GLOBAL read_only = ON', 'SET GLOBAL read_only = OFF'],
    user: () => [],
    found: ['wrong WRITABLE'],
  },
  'fewer connections than the pool opens': {
    user: () => ['ALTER USER planted WITH MAX_USER_CONNECTIONS 5'],
    found: ['wrong CONNECTIONS'],
  },
  'a pool that is larger than the server': { options: { max: 1000 }, found: ['wrong CONNECTIONS'] },
  'a pool that needs all that is free': { options: { max: 60 }, found: ['improvable CONNECTIONS'] },
  'a privilege that is missing': {
    user: (database) => [
      `REVOKE ALL ON ${database}.* FROM planted`,
      `GRANT SELECT, INSERT, UPDATE ON ${database}.* TO planted`,
    ],
    found: ['wrong PRIVILEGES'],
  },
  'ids of 32 bits that are used up': {
    sql: [
      'ALTER TABLE agent_messages MODIFY id INT NOT NULL AUTO_INCREMENT',
      `INSERT INTO agent_messages (id, session_id, message_data) VALUES (2000000000, 'chat_123', '{"role":"user","content":"hi"}')`,
    ],
    found: ['wrong ROW_IDS'],
  },
  'items without their conversation': {
    sql: [
      DROP_KEYS[0] ?? '',
      `INSERT INTO agent_messages (session_id, message_data) VALUES ('lost', '{"role":"user","content":"hi"}')`,
    ],
    found: ['improvable ORPHAN_ITEMS'],
    left: [],
  },
  'an operation without its conversation': {
    sql: [
      DROP_KEYS[1] ?? '',
      `INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES ('lost', 'op', 'd')`,
    ],
    found: ['improvable ORPHAN_OPERATIONS'],
    left: [],
  },
  'rows that no key opens': { options: { encryption: { key: 'another key' } }, found: ['wrong KEYS'] },
  ...Object.fromEntries(
    Object.entries(PLANTED_ROWS).map(([name, { sql, found }]) => [name, { sql: [sql], found }]),
  ),
};

const SERVERS = ['mysql', 'mariadb'] as const;

describeEngine(SERVERS, { durable: true }, ({ url }) => {
  test('a good database', async () => {
    await fill(url);
    const { findings } = await examined(await openDoctor(url));
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual([
      'SERVER',
      'TLS',
      'POOLER',
      'CONNECTIONS',
      'DURABILITY',
      'CRASH_SAFETY',
      'SQL_MODE',
      'PACKET_SIZE',
      'ISOLATION',
      'CLOCK',
      'CHARACTER_SET',
      'INDEXES',
      'TABLES',
      'WRITABLE',
      'PRIVILEGES',
      'SIZE',
      'FREE_SPACE',
      'ROW_IDS',
      'GROWTH',
      'ORPHAN_ITEMS',
      'ORPHAN_OPERATIONS',
      'CORRUPT_ITEMS',
      'KEYS',
      'INVALID_INPUT',
    ]);
    expect(findings.find(({ code }) => code === 'CORRUPT_ITEMS')?.message).toMatch(/^3 items of 2 conv/);
  });
});

// MariaDB has no binary log unless it is asked for one, and does not wait for it unless that is asked for too
describeEngine(
  SERVERS,
  { durable: true, settings: { 'log-bin': 'binlog', 'sync-binlog': '0' } },
  (context) => {
    test('a binary log that is not waited for', async () => {
      const { server, url } = context;
      await fill(url);
      const { findings } = await examined(await openDoctor(url));
      expect(problems(findings)).toEqual(['improvable DURABILITY']);
      expect(findings.find(({ code }) => code === 'DURABILITY')).toMatchObject({
        message: expect.stringContaining('sync_binlog is 0'),
        advice: expect.stringContaining('sync_binlog = 1'),
      });
      await server.query('SET GLOBAL sync_binlog = 1');
      expect(problems((await examined(await openDoctor(url))).findings)).toEqual([]);
    });
  },
);

/** What is wrong with all servers of tests that do not wait for the disk. */
const QUICK = ['improvable DURABILITY', 'wrong CRASH_SAFETY'];

// a server that no other file has: its settings are changed
describeEngine(SERVERS, { settings: { 'max-connections': '60' } }, ({ engine, server, url: common }) => {
  // what is asked of one of the servers in words that are the same on both is asked of one
  const plants = Object.entries(PLANTED).filter(
    ([, { settings, user, left }]) => wholeMatrix || engine === 'mysql' || settings || user || left,
  );

  beforeAll(() => fill(common));

  /** Good tables, in a database of their own where they are changed. */
  async function planted({ sql = [], user }: Plant): Promise<{ database: string; url: string }> {
    const database = sql.length === 0 ? new URL(common).pathname.slice(1) : await server.createDatabase();
    const url = server.url(database);
    if (sql.length > 0) await fill(url);
    for (const statement of sql) await server.query(statement, database);
    if (!user) return { database, url };
    await server.query(`CREATE USER planted IDENTIFIED BY '${PASSWORD}'`);
    await server.query(`GRANT ALL ON ${database}.* TO planted`);
    for (const statement of user(database)) await server.query(statement);
    const ofUser = new URL(url);
    ofUser.username = 'planted';
    ofUser.password = encodeURIComponent(PASSWORD);
    return { database, url: ofUser.href };
  }

  test.each(plants)('%s', async (_name, plant) => {
    const { sql, settings, user, options, found, left } = plant;
    const { database, url } = await planted(plant);
    try {
      if (settings) await server.query(settings[0]);
      const { findings, left: after } = await examined(await openDoctor(url, options));
      expect(problems(findings).filter((problem) => !QUICK.includes(problem))).toEqual(found);
      expect(problems(findings)).toEqual(expect.arrayContaining(QUICK));
      expect(after && problems(after).filter((problem) => !QUICK.includes(problem))).toEqual(left);
    } finally {
      if (settings) await server.query(settings[1]);
      if (user) await server.query('DROP USER planted');
      if (sql) await server.dropDatabase(database);
    }
  });

  test('free space', async () => {
    const { database, url } = await planted({ found: [] });
    const large = `INSERT INTO agent_messages (session_id, message_data) SELECT 'chat_123', REPEAT('x', 6000000)`;
    await server.query(`${large} FROM agent_messages CROSS JOIN agent_sessions_operations`, database);
    await server.query(`${large} FROM agent_messages`, database);
    await server.query('DELETE FROM agent_messages WHERE length(message_data) > 1000000', database);
    // the server clears away what was deleted a moment later
    await vi.waitFor(
      async () =>
        expect(problems((await examined(await openDoctor(url))).findings)).toEqual([
          ...QUICK,
          'improvable FREE_SPACE',
        ]),
      { timeout: 60_000, interval: 100 },
    );
  });

  test('a clock that is an hour off', async () => {
    const { url } = await planted({ found: [] });
    const { now } = Date;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    try {
      expect(problems((await examined(await openDoctor(url))).findings)).toEqual([
        ...QUICK,
        'improvable CLOCK',
      ]);
    } finally {
      clock.mockRestore();
    }
  });
});

/** A proxy that has connections of its own tells the clients numbers of its own. */
function renumbered(port: number): Server {
  return createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    upstream.once('data', (greeting) => {
      // behind the head of the packet: the protocol's version, the server's, which a zero ends, and the number of the connection
      const place = greeting.indexOf(0, 5) + 1;
      greeting.writeUInt32LE(greeting.readUInt32LE(place) + 1000, place);
      client.write(greeting);
      upstream.pipe(client);
    });
  });
}

describeEngine(wholeMatrix ? SERVERS : ['mysql'], ({ server, url }) => {
  test('a proxy in between', async () => {
    const proxy = renumbered(server.port).listen(0, '127.0.0.1');
    try {
      await once(proxy, 'listening');
      const through = new URL(url);
      through.port = String((proxy.address() as AddressInfo).port);
      const { findings } = await examined(await openDoctor(through.href));
      expect(findings.find(({ code }) => code === 'POOLER')?.message).toBe('A proxy stands in between.');
    } finally {
      proxy.close();
    }
  });
});

describeEngine(SERVERS, { tls: {} }, ({ server, url }) => {
  test.each([
    ['a certificate that nobody checks', { rejectUnauthorized: false }, 'improvable'],
    ['a certificate that is checked', { ca: server.tls?.ca ?? '' }, 'good'],
  ])('%s', async (_name, ssl, level) => {
    const { findings } = await examined(await openDoctor(url, { ssl }));
    expect(findings.find(({ code }) => code === 'TLS')?.level).toBe(level);
  });
});
