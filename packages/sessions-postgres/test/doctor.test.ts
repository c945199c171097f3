// The doctor finds what is planted, and nothing in a good database.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  allOf,
  examined,
  fillConversations,
  PASSWORD,
  PLANTED_ROWS,
  problems,
  tablesOf,
} from '@stackone/doctor-test';
import type { TestServer } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { beforeAll, expect, test, vi } from 'vitest';
import { openDoctor } from '../src/doctor.js';
import { PostgresSessionStore, type PostgresStoreOptions, schemaSql } from '../src/index.js';

let schemas = 0;

/** Good tables, in a schema of their own. */
async function goodTables(url: string): Promise<string> {
  const schema = `s${schemas++}`;
  await using store = await PostgresSessionStore.fromUrl(url, { schema, max: 1 });
  await fillConversations(store);
  return schema;
}

/** What is planted, and what has to be found. */
interface Plant {
  /** On the tables of the schema that is the `search_path`. */
  readonly sql?: string;
  /** On a role that may do everything with the tables. */
  readonly role?: string;
  readonly options?: PostgresStoreOptions;
  readonly found: readonly string[];
  /** What is left when that was done which loses nothing; absent where nothing can be. */
  readonly left?: readonly string[];
}

const PYTHON = `CREATE TABLE agent_sessions (session_id varchar PRIMARY KEY, created_at timestamp DEFAULT now() NOT NULL, updated_at timestamp DEFAULT now() NOT NULL);
  CREATE TABLE agent_messages (id serial PRIMARY KEY, session_id varchar NOT NULL REFERENCES agent_sessions ON DELETE CASCADE, message_data text NOT NULL,
    created_at timestamp DEFAULT now() NOT NULL)`;
const TABLES = tablesOf(schemaSql());
const DROP = `DROP TABLE ${TABLES.join(', ')};`;

const PLANTED: Readonly<Record<string, Plant>> = {
  'no tables': { sql: DROP, found: ['wrong TABLES'], left: [] },
  'a column that is missing': {
    sql: 'ALTER TABLE agent_messages DROP COLUMN created_at',
    found: ['wrong TABLES'],
  },
  'a type that does not hold every id': {
    sql: 'ALTER TABLE agent_sessions ALTER session_id TYPE char(40)',
    found: ['wrong TABLES'],
  },
  'conversations without a primary key': {
    sql: 'ALTER TABLE agent_sessions DROP CONSTRAINT agent_sessions_pkey CASCADE',
    found: ['wrong TABLES'],
  },
  'tables of a later version': {
    sql: 'ALTER TABLE agent_sessions_schema ALTER version SET DEFAULT 99',
    found: ['wrong TABLES'],
  },
  'a side table is missing': { sql: 'DROP TABLE agent_sessions_usage', found: ['wrong TABLES'], left: [] },
  'tables of the Python SDK': {
    sql: DROP + PYTHON,
    found: ['improvable INDEXES', 'improvable INDEXES', 'improvable TABLES'],
    left: [],
  },
  'the index of the newest items is missing': {
    sql: 'DROP INDEX idx_agent_messages_session_id',
    found: ['improvable INDEXES'],
    left: [],
  },
  'the index of the last changes is missing': {
    sql: 'DROP INDEX idx_agent_sessions_changed',
    found: ['improvable INDEXES'],
    left: [],
  },
  'an index whose making was cut off': {
    sql: `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_agent_messages_session_time'::regclass`,
    found: ['improvable INDEXES'],
    left: [],
  },
  'tables that a crash empties': {
    sql: 'ALTER TABLE agent_messages SET UNLOGGED',
    found: ['wrong CRASH_SAFETY'],
  },
  'commits that are not waited for': {
    role: 'SET synchronous_commit = off',
    found: ['improvable DURABILITY'],
  },
  'no writes': { role: 'SET default_transaction_read_only = on', found: ['wrong WRITABLE'] },
  'another level of isolation': {
    role: "SET default_transaction_isolation = 'repeatable read'",
    found: ['improvable ISOLATION'],
  },
  'a time zone': { role: "SET timezone = 'Europe/Dublin'", found: ['improvable TIME_ZONE'] },
  'fewer connections than the pool opens': { role: 'CONNECTION LIMIT 5', found: ['wrong CONNECTIONS'] },
  'a pool that is larger than the server': { options: { max: 1000 }, found: ['wrong CONNECTIONS'] },
  'a pool that needs all that is free': { options: { max: 197 }, found: ['improvable CONNECTIONS'] },
  'a privilege that is missing': {
    role: 'NOINHERIT; REVOKE DELETE ON agent_messages FROM',
    found: ['wrong PRIVILEGES'],
  },
  'a sequence that may not be asked': {
    sql: `${DROP} ${PYTHON}; ${schemaSql().join(';')}`,
    role: 'NOINHERIT; REVOKE ALL ON SEQUENCE agent_messages_id_seq FROM',
    found: ['wrong PRIVILEGES'],
  },
  'autovacuum is off for a table': {
    sql: 'ALTER TABLE agent_messages SET (autovacuum_enabled = false)',
    found: ['improvable AUTOVACUUM'],
  },
  'nothing is counted for autovacuum': {
    role: 'SET track_counts = off',
    found: ['improvable AUTOVACUUM'],
  },
  'dead rows': {
    sql: `INSERT INTO agent_messages (session_id, message_data) SELECT 'chat_123', '{"role":"user","content":"hi"}' FROM generate_series(1, 3000);
      DELETE FROM agent_messages WHERE id > 100`,
    found: ['improvable DEAD_ROWS'],
    left: [],
  },
  'ids of 32 bits that are used up': {
    sql: `ALTER TABLE agent_messages ALTER id TYPE integer; INSERT INTO agent_messages (id, session_id, message_data) VALUES (2000000000, 'chat_123', '{"role":"user","content":"hi"}')`,
    found: ['wrong ROW_IDS'],
  },
  'items without their conversation': {
    sql: `SET session_replication_role = replica; DELETE FROM agent_sessions WHERE session_id = 'chat_123'; DELETE FROM agent_sessions_operations`,
    found: ['improvable ORPHAN_ITEMS'],
    left: [],
  },
  'an operation without its conversation': {
    sql: `SET session_replication_role = replica; INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES ('lost', 'op', 'd')`,
    found: ['improvable ORPHAN_OPERATIONS'],
    left: [],
  },
  'rows that no key opens': { options: { encryption: { key: 'another key' } }, found: ['wrong KEYS'] },
  ...PLANTED_ROWS,
};

/** A role of its own, that may do everything with the tables, and what is planted on it. */
async function withRole(server: TestServer, url: string, schema: string, planted: string): Promise<string> {
  const role = `role_${schema}`;
  const [change, ...rest] = planted.split('; ');
  await server.query(
    `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'; GRANT USAGE ON SCHEMA ${schema} TO ${role}; SET search_path = ${schema};
      GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};
      ALTER ROLE ${role} ${change}; ${rest.map((statement) => `${statement} ${role}`).join('; ')}`,
    new URL(url).pathname.slice(1),
  );
  const ofRole = new URL(url);
  ofRole.username = role;
  ofRole.password = encodeURIComponent(PASSWORD);
  return ofRole.href;
}

describeEngine('postgres', { durable: true }, async ({ server, url }) => {
  const database = new URL(url).pathname.slice(1);

  beforeAll(() => server.query(`ALTER DATABASE ${database} SET timezone = 'UTC'`));

  test('a good database', async () => {
    const schema = await goodTables(url);
    const { findings } = await examined(await openDoctor(url, { schema }));
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual([
      'SERVER',
      'TLS',
      'POOLER',
      'CONNECTIONS',
      'WRITABLE',
      'DURABILITY',
      'CRASH_SAFETY',
      'ISOLATION',
      'TIME_ZONE',
      'CLOCK',
      'COLLATION',
      'CHARACTER_SET',
      'INDEXES',
      'TABLES',
      'PRIVILEGES',
      'SIZE',
      'DEAD_ROWS',
      'AUTOVACUUM',
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

  test.each(Object.entries(PLANTED))('%s', async (_name, { sql, role, options, found, left }) => {
    const schema = await goodTables(url);
    if (sql) await server.query(`SET search_path = ${schema}; ${sql}`, database);
    const by = role ? await withRole(server, url, schema, role) : url;
    const { findings, left: after } = await examined(await openDoctor(by, { schema, ...options }));
    expect(problems(findings)).toEqual(found);
    expect(after && problems(after)).toEqual(left);
    if (role) await server.query(`DROP OWNED BY role_${schema}; DROP ROLE role_${schema}`, database);
  });

  test('a clock that is an hour off', async () => {
    const schema = await goodTables(url);
    const { now } = Date;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    try {
      expect(problems((await examined(await openDoctor(url, { schema }))).findings)).toEqual([
        'improvable CLOCK',
      ]);
    } finally {
      clock.mockRestore();
    }
  });
});

describeEngine('postgres', { tls: {} }, ({ server, url }) => {
  const levels = async (parameters: string) => {
    const { findings } = await examined(await openDoctor(`${url}?${parameters}`, {}));
    return new Map(findings.map(({ code, level }) => [code, level]));
  };

  test('a certificate that nobody checks, and a server that a power cut destroys', async () => {
    const found = await levels('sslmode=no-verify');
    expect([found.get('TLS'), found.get('CRASH_SAFETY')]).toEqual(['improvable', 'wrong']);
    expect((await levels('sslmode=disable')).get('TLS')).toBe('good');
  });

  test('a certificate that is checked', async () => {
    const doctor = await openDoctor(url, { ssl: { ca: server.tls?.ca ?? '' } });
    const findings = await allOf(doctor.examine());
    await doctor.close();
    expect(findings.find(({ code }) => code === 'TLS')?.level).toBe('good');
  });

  test.each([
    [
      'a collation that the system has changed',
      {},
      "UPDATE pg_database SET datcollversion = '0' WHERE datname =",
      'wrong COLLATION',
    ],
    [
      'a character set that does not hold every text',
      { characterSet: 'LATIN1' },
      undefined,
      'wrong CHARACTER_SET',
    ],
  ])('%s', async (_name, options, sql, found) => {
    const other = await server.createDatabase(undefined, options);
    try {
      if (sql) await server.query(`${sql} '${other}'`);
      expect(
        problems((await examined(await openDoctor(`${server.url(other)}?sslmode=disable`, {}))).findings),
      ).toContain(found);
    } finally {
      await server.dropDatabase(other);
    }
  });
});

describeEngine('postgres', { own: true }, ({ server, url }) => {
  test('a standby', async () => {
    const schema = await goodTables(url);
    await server.kill();
    await writeFile(join(server.folder, 'data', 'standby.signal'), '');
    await server.restart();
    const { findings } = await examined(await openDoctor(url, { schema }));
    expect(problems(findings)).toContain('wrong WRITABLE');
    expect(findings.find(({ code }) => code === 'WRITABLE')?.advice).toBe('Name the primary in the URL.');
    // what is in it is looked at all the same
    expect(findings.find(({ code }) => code === 'CORRUPT_ITEMS')?.message).toMatch(/^3 items of 2 conv/);
  });
});

describeEngine('pgbouncer', ({ url }) => {
  test('a pooler in between', async () => {
    const { findings } = await examined(await openDoctor(url, {}));
    expect(findings.find(({ code }) => code === 'POOLER')?.message).toMatch(/^A pooler stands in between/);
  });
});
