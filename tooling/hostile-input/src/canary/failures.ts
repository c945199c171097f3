import type { OpenStoreOptions, SessionErrorCode } from '@stackone/openai-agents-js-sessions';
import { hostOf } from '@stackone/sessions-core/backend';
import type { Database, World } from '../world.ts';
import { SECRET } from './calls.ts';
import { type Failing, type Failure, filled, SIDE_TABLES, TABLES } from './failing.ts';
import { ADDRESSES, RIGHTS } from './server-failures.ts';

const user = (content: string) => ({ role: 'user', content }) as const;
const ENCRYPTED: OpenStoreOptions = { encryption: { key: SECRET.key } };

/** Statements that make every write of a table fail, in words that show the row. */
const TRIGGERS: Readonly<Record<string, (table: string) => string[]>> = {
  sqlite: (table) =>
    ['INSERT', 'UPDATE', 'DELETE'].map(
      (verb) =>
        `CREATE TRIGGER ${table}_${verb} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, '${SECRET.item} of a trigger'); END`,
    ),
  postgres: (table) => [
    `CREATE OR REPLACE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION '${SECRET.item} %', coalesce(NEW, OLD) USING DETAIL = '${SECRET.item}', HINT = '${SECRET.item}'; END $$`,
    `CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_${table}()`,
  ],
  mysql: (table) =>
    ['INSERT', 'UPDATE', 'DELETE'].map(
      (verb) =>
        `CREATE TRIGGER ${table}_${verb} BEFORE ${verb} ON ${table} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${SECRET.item} of a trigger'`,
    ),
};

const familyOf = (engine: string) => (engine === 'mariadb' ? 'mysql' : engine);

/** A failure that is made with SQL, after the conversation was filled. */
const bySql =
  (statementsOf: (engine: string) => readonly string[], code?: SessionErrorCode): Failure =>
  async (world) => {
    if (!world.database) return undefined;
    const store = await filled(world);
    for (const statement of statementsOf(familyOf(world.engine))) await world.database.run(statement);
    return { store, ...(code && { code }) };
  };

/** Rows that no store wrote, and that say what may not be shown. */
const byRows =
  (options: OpenStoreOptions): Failure =>
  async (world) => {
    await filled(world);
    const store = await world.open(options);
    const text = `${SECRET.item} is no JSON`;
    if (world.database) {
      for (const [statement, ...values] of badRows(text))
        await world.database.run(statement as string, values);
    } else {
      await store.session(SECRET.session).addItems([user(SECRET.item)]);
      const work = (backend: { append(batches: readonly object[]): unknown }) =>
        backend.append([{ sessionId: SECRET.session, texts: [text] }]);
      await hostOf(store).perform('addItems', () => ({ storedId: SECRET.session, work: work as never }));
    }
    return { store, options };
  };

function badRows(text: string): readonly (readonly string[])[] {
  return [
    ['INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', SECRET.session, text],
    ['UPDATE agent_sessions_metadata SET description = ?', text],
    ['UPDATE agent_sessions_operations SET digest = ?', text],
    [
      'INSERT INTO agent_sessions_runs (run_id, entry, session_id, tenant, state, fence, lease_until, created_at, changed_at, content) ' +
        "VALUES ('run', '', ?, '', 'running', 1, 1, 1, 1, ?)",
      SECRET.session,
      text,
    ],
  ];
}

/** A store in which a turn waits already, whenever a call is made. */
async function overloaded(world: World, limits: OpenStoreOptions): Promise<Failing> {
  const store = await filled(world, limits);
  return {
    store,
    code: 'OVERLOADED',
    again() {
      // in the same tick as the call: it has not been stored by then
      store
        .session(SECRET.session)
        .addItems([user(SECRET.item)])
        .catch(() => {});
    },
  };
}

/** Ends the connections of everybody else. */
async function endOthers(database: Database, engine: string): Promise<void> {
  if (engine === 'postgres') {
    await database.run(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    return;
  }
  const others = await database.run(
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
  );
  for (const row of others) await database.run(`KILL ${Number(row.id ?? row.ID)}`).catch(() => undefined);
}

/** All ways in which calls are made to fail. */
export const FAILURES: Readonly<Record<string, Failure>> = {
  'nothing fails but what is wrong': async (world) => ({ store: await filled(world) }),
  'nothing fails in an encrypted store': async (world) => ({
    store: await filled(world, ENCRYPTED),
    options: ENCRYPTED,
  }),
  'the tables are gone': bySql(() => TABLES.map((table) => `DROP TABLE ${table}`), 'TABLE_MISSING'),
  'the table of items is gone': bySql(() => ['DROP TABLE agent_messages']),
  'side tables are gone': bySql(() => SIDE_TABLES.map((table) => `DROP TABLE ${table}`)),
  'columns are gone': bySql(() => ['ALTER TABLE agent_messages RENAME COLUMN message_data TO other']),
  'a trigger refuses rows and shows them': bySql((engine) =>
    TABLES.flatMap(TRIGGERS[engine] as (table: string) => string[]),
  ),
  'a constraint refuses rows and shows them': bySql((engine) =>
    engine === 'postgres'
      ? TABLES.map((table) => `ALTER TABLE ${table} ADD CONSTRAINT refuse_${table} CHECK (false) NOT VALID`)
      : [`CREATE UNIQUE INDEX refuse ON agent_messages (session_id)`],
  ),
  'the store is closed': async (world) => {
    const store = await filled(world);
    await store.close();
    return { store, code: 'CLOSED' };
  },
  'the signal has aborted': async (world) => ({
    store: await filled(world),
    limits: { signal: AbortSignal.abort(new Error(SECRET.item)) },
    code: 'ABORTED',
  }),
  'there is no time': async (world) => ({ store: await filled(world), limits: { timeout: 1 } }),
  'another key': async (world) => {
    if (!world.database) return undefined;
    await filled(world, ENCRYPTED);
    const options = { encryption: { key: SECRET.otherKey } };
    return { store: await world.open(options), options, code: 'DECRYPTION_FAILED' };
  },
  'no key': async (world) => {
    await filled(world, ENCRYPTED);
    return { store: await world.open() };
  },
  'damaged rows': byRows({}),
  'damaged rows, not to be skipped': byRows({ onCorruptItem: 'throw' }),
  'damaged rows, encrypted': byRows(ENCRYPTED),
  'too many turns wait': async (world) => overloaded(world, { maxWaitingTurns: 1 }),
  'too many bytes wait': async (world) => overloaded(world, { maxWaitingBytes: 1 }),
  'the file may only be read': async (world) => {
    if (world.engine !== 'sqlite') return undefined;
    await (await filled(world)).close();
    const { default: Sqlite } = await import('better-sqlite3');
    const { SqliteSessionStore } = await import('@stackone/openai-agents-js-sessions');
    const database = new Sqlite((world.url as string).slice('sqlite:'.length), { readonly: true });
    return { store: new SqliteSessionStore({ database }, { createTables: false }) };
  },
  'the file is full': async (world) => {
    if (world.engine !== 'sqlite') return undefined;
    await (await filled(world)).close();
    const { default: Sqlite } = await import('better-sqlite3');
    const { SqliteSessionStore } = await import('@stackone/openai-agents-js-sessions');
    const database = new Sqlite((world.url as string).slice('sqlite:'.length));
    const store = await SqliteSessionStore.fromDatabase(database);
    database.pragma('max_page_count = 1');
    return { store };
  },
  'another one holds the lock': async (world) => {
    if (world.engine !== 'sqlite' || !world.database) return undefined;
    await (await filled(world)).close();
    const store = await world.open({ busyTimeout: 1 });
    await world.database.run('BEGIN EXCLUSIVE');
    return { store };
  },
  'the database takes no writes': async (world) => {
    if (world.engine !== 'postgres' || !world.database) return undefined;
    await filled(world);
    const [row] = await world.database.run('SELECT current_database() AS name');
    await world.database.run(
      `ALTER DATABASE ${world.database.quoted(String(row?.name))} SET default_transaction_read_only = on`,
    );
    return { store: await world.open({ createTables: false, maxRetries: 0 }) };
  },
  'every connection is cut': async (world) => {
    const { database, engine } = world;
    if (!database || engine === 'sqlite') return undefined;
    const store = await filled(world);
    return { store, again: () => endOthers(database, engine) };
  },
  ...ADDRESSES,
  ...RIGHTS,
};
