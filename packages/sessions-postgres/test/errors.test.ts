// Promise: Retries only where nothing was written.
import { randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { SessionError, type SessionErrorCode } from '@stackone/sessions-core';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES, ROLLED_BACK, toSessionError } from '../src/errors.js';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { message, turn } from './messages.js';

const CANARY = 'canary-4711';

/** What a call ends with; no part of it may show data of the application. */
async function failure(call: () => Promise<unknown>): Promise<SessionError> {
  const error = await call().then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
  expect(shown + JSON.stringify(error) + (error as Error).stack).not.toContain(CANARY);
  expect(error).toBeInstanceOf(SessionError);
  return error as SessionError;
}

const quick: PostgresStoreOptions = { maxRetries: 0 };

describeEngine('postgres', ({ server, url }) => {
  const raw = new pg.Pool({ connectionString: url, max: 5 });
  let store: PostgresSessionStore;
  beforeAll(async () => {
    store = await PostgresSessionStore.fromUrl(url, quick);
  });
  afterAll(async () => {
    await store.close();
    await raw.end();
  });
  const session = () => store.session(`${CANARY}-${randomUUID()}`);
  const items = [message(CANARY)];

  describe('what the server raises', () => {
    /** Makes every insert of a message fail with a SQLSTATE, its message and detail full of data. */
    const raising = async (state: string, work: () => Promise<void>) => {
      await raw.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION USING ERRCODE = '${state}', MESSAGE = NEW.message_data, DETAIL = NEW.session_id,
          HINT = NEW.message_data, CONSTRAINT = 'some_constraint'; END $$`);
      await raw.query(
        'CREATE TRIGGER refuse BEFORE INSERT ON agent_messages FOR EACH ROW EXECUTE FUNCTION refuse()',
      );
      await work().finally(() => raw.query('DROP TRIGGER refuse ON agent_messages'));
    };
    const states = ERROR_CODES.filter(([name]) => /^[0-9A-Z]{2,5}$/.test(name) && name !== 'EPROTO');

    // an append commits by itself: what is no proof of a rollback may have come after that
    const told = (name: string, code: SessionErrorCode) =>
      ROLLED_BACK.some((proof) => name.startsWith(proof)) ? code : 'OUTCOME_UNKNOWN';
    test.each(
      states.map(
        ([name, code]) => [name.padEnd(5, '0').replace('P0000', 'P0001'), told(name, code)] as const,
      ),
    )('%s is %s, in an append through a URL, a pool and Drizzle', async (state, code) => {
      const strict = await PostgresSessionStore.fromPool(raw, quick);
      const drizzled = await PostgresSessionStore.fromDrizzle(drizzle({ client: raw }), quick);
      await raising(state, async () => {
        for (const one of [store, strict, drizzled]) {
          const error = await failure(() => one.session(`${CANARY}-${state}`).addItems(items));
          expect(error.code).toBe(code);
          expect((error.cause as { code?: string }).code ?? inspect(error.cause)).toContain(state);
        }
      });
      expect(await store.session(`${CANARY}-${state}`).getItems()).toEqual([]);
    });

    test('anything else is OUTCOME_UNKNOWN, or DATABASE_ERROR before the commit, with its own code', async () => {
      const edited = session();
      await edited.addItems(items);
      await raising('XX000', async () => {
        const transaction = { type: 'replace_suffix' as const, expectedSuffix: items, replacement: items };
        const edit = async () => edited.applyHistoryTransaction?.({ operationId: 'a', transaction });
        for (const write of [() => session().addItems(items), edit]) {
          const error = await failure(write);
          expect(error).toMatchObject({
            code: 'OUTCOME_UNKNOWN',
            retryable: false,
            cause: { code: 'XX000' },
          });
        }
        expect(await failure(() => store.sessions.fork(edited.sessionId, randomUUID()))).toMatchObject({
          code: 'DATABASE_ERROR',
          retryable: false,
          cause: { code: 'XX000' },
        });
      });
    });
  });

  describe('what really happens', () => {
    const opening = (change: (url: URL) => void, options?: PostgresStoreOptions) => {
      const changed = new URL(url);
      changed.password = changed.password || CANARY;
      change(changed);
      return failure(() => PostgresSessionStore.fromUrl(changed.href, { ...quick, ...options }));
    };

    test('wrong password: AUTHENTICATION_FAILED', async () => {
      const error = await opening((changed) => {
        changed.password = `${CANARY}#/@`;
      });
      expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', retryable: false });
    });

    test('no password: AUTHENTICATION_FAILED', async () => {
      const error = await opening((changed) => {
        changed.password = '';
      });
      expect(error.code).toBe('AUTHENTICATION_FAILED');
    });

    test('no such database: DATABASE_NOT_FOUND', async () => {
      const error = await opening((changed) => {
        changed.pathname = `/${CANARY}`;
      });
      expect(error.code).toBe('DATABASE_NOT_FOUND');
    });

    test('nobody listens: CONNECTION_FAILED', async () => {
      const error = await opening((changed) => {
        changed.port = '1';
      });
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    });

    test('no such host: CONNECTION_FAILED', async () => {
      const error = await opening((changed) => {
        changed.hostname = 'absent.invalid';
      });
      expect(error.code).toBe('CONNECTION_FAILED');
    });

    test('a server that does not answer: CONNECTION_FAILED after connectionTimeout', async () => {
      const sockets: Socket[] = [];
      const silent = createServer((socket) => sockets.push(socket.on('error', () => {})));
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as { port: number };
      const connecting = (connectionTimeout: number) =>
        opening(
          (changed) => {
            changed.port = String(port);
          },
          { connectionTimeout },
        );
      const ended: string[] = [];
      const patient = connecting(200_000).finally(() => ended.push('patient'));
      expect((await connecting(300)).code).toBe('CONNECTION_FAILED');
      expect(ended).toEqual([]);
      for (const socket of sockets) socket.destroy();
      expect((await patient).code).toBe('CONNECTION_FAILED');
      silent.close();
    });

    test('no connection left for the user: CONNECTION_FAILED, then it works', async () => {
      const role = `few_${randomUUID().replaceAll('-', '')}`;
      await raw.query(`CREATE ROLE ${role} LOGIN PASSWORD '${CANARY}' CONNECTION LIMIT 1`);
      await raw.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
      await raw.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
      const changed = new URL(url);
      Object.assign(changed, { username: role, password: CANARY });
      const holder = new pg.Client({ connectionString: changed.href });
      await holder.connect();
      const error = await failure(() => PostgresSessionStore.fromUrl(changed.href, quick));
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED', cause: { code: '53300' } });
      const waiting = PostgresSessionStore.fromUrl(changed.href, { maxRetries: 20, retryDelay: 100, max: 1 });
      await holder.end();
      await (await waiting).close();
      await raw.query(`DROP OWNED BY ${role}`);
      await raw.query(`DROP ROLE ${role}`);
    });

    test('no privilege on the tables: PERMISSION_DENIED', async () => {
      const role = `none_${randomUUID().replaceAll('-', '')}`;
      await raw.query(`CREATE ROLE ${role} LOGIN PASSWORD '${CANARY}'`);
      const changed = new URL(url);
      Object.assign(changed, { username: role, password: CANARY });
      await using other = await PostgresSessionStore.fromUrl(changed.href, quick);
      const calls = [
        () => other.session(CANARY).getItems(),
        () => other.session(CANARY).addItems(items),
        () => other.session(CANARY).popItem(),
        () => other.session(CANARY).clearSession(),
      ];
      for (const call of calls) expect((await failure(call)).code).toBe('PERMISSION_DENIED');
      await raw.query(`DROP ROLE ${role}`);
    });

    test('tables that are gone, columns that are gone: TABLE_MISSING', async () => {
      const tables = { sessions: 'gone_s', messages: 'gone_m' };
      await using other = await PostgresSessionStore.fromUrl(url, { ...quick, tables });
      await raw.query('ALTER TABLE gone_m RENAME message_data TO other');
      expect((await failure(() => other.session('a').getItems())).code).toBe('TABLE_MISSING');
      await raw.query('DROP TABLE gone_m');
      expect((await failure(() => other.session('a').addItems(items))).code).toBe('TABLE_MISSING');
    });

    test('a statement over statement_timeout: BUSY; a lock over lock_timeout: BUSY', async () => {
      for (const setting of ['statement_timeout', 'lock_timeout']) {
        const changed = new URL(url);
        changed.searchParams.set(setting, '200');
        await using other = await PostgresSessionStore.fromUrl(changed.href, quick);
        const one = other.session(`${CANARY}-${setting}`);
        await one.addItems(items);
        const holder = await raw.connect();
        await holder.query('BEGIN');
        await holder.query('SELECT 1 FROM agent_sessions WHERE session_id = $1 FOR UPDATE', [one.sessionId]);
        for (const call of [() => one.addItems(items), () => one.clearSession()]) {
          expect(await failure(call)).toMatchObject({ code: 'BUSY', retryable: true });
        }
        await holder.query('COMMIT');
        holder.release();
        expect(await one.getItems()).toEqual(items);
      }
    });

    test('a check on the table: CONSTRAINT_VIOLATED', async () => {
      await raw.query(
        "ALTER TABLE agent_messages ADD CONSTRAINT short CHECK (message_data NOT LIKE '%forbidden%')",
      );
      const error = await failure(() => session().addItems([message(`${CANARY} forbidden`)]));
      expect(error).toMatchObject({
        code: 'CONSTRAINT_VIOLATED',
        cause: { code: '23514', constraint: 'short' },
      });
      await raw.query('ALTER TABLE agent_messages DROP CONSTRAINT short');
    });

    test('a column that is too short: SCHEMA_MISMATCH', async () => {
      const tables = { sessions: 'short_s', messages: 'short_m' };
      await using other = await PostgresSessionStore.fromUrl(url, { ...quick, tables });
      await raw.query('ALTER TABLE short_s ALTER session_id TYPE VARCHAR(20)');
      const error = await failure(() => other.session(CANARY.repeat(10)).addItems(items));
      expect(error.code).toBe('SCHEMA_MISMATCH');
    });

    test('32-bit ids that are used up: STORAGE_FULL', async () => {
      const tables = { sessions: 'full_s', messages: 'full_m' };
      await using other = await PostgresSessionStore.fromUrl(url, { ...quick, tables });
      await raw.query('ALTER SEQUENCE full_m_id_seq MAXVALUE 3');
      const error = await failure(() => other.session('a').addItems(turn(CANARY)));
      expect(error.code).toBe('STORAGE_FULL');
      expect(await other.session('a').getItems()).toEqual([]);
    });

    test('deadlocks and serialization failures are tried again until they pass', async () => {
      // an application that locks the two conversations of each turn in the other order
      const ids = [`${CANARY}-a`, `${CANARY}-b`] as const;
      await using patient = await PostgresSessionStore.fromUrl(url);
      for (const id of ids) await patient.session(id).addItems(items);
      const client = await raw.connect();
      await client.query("BEGIN; SET LOCAL deadlock_timeout = '10s'");
      await client.query('SELECT 1 FROM agent_messages WHERE session_id = $1 FOR UPDATE', [ids[0]]);
      // holds the session's lock, waits for the row of the message: then the client closes the circle
      const cleared = patient.session(ids[0]).clearSession();
      await raw.query(
        'SELECT pg_sleep(0.1) FROM generate_series(1, 50) WHERE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LIMIT 5',
      );
      const closing = client.query('SELECT 1 FROM agent_sessions WHERE session_id = $1 FOR UPDATE', [ids[0]]);
      await closing;
      await client.query('COMMIT');
      client.release();
      await cleared;
      expect(await patient.session(ids[0]).getItems()).toEqual([]);
    });

    test('a serialization failure at COMMIT is tried again too', async () => {
      await using patient = await PostgresSessionStore.fromUrl(url);
      const one = patient.session(`${CANARY}-commit`);
      await one.addItems(items);
      await raw.query(`CREATE SEQUENCE tries;
        CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER late AFTER DELETE ON agent_messages DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION fail_twice()`);
      await one.clearSession();
      expect((await raw.query("SELECT nextval('tries')::int AS n")).rows).toEqual([{ n: 4 }]);
      expect(await one.getItems()).toEqual([]);
      await raw.query('DROP TRIGGER late ON agent_messages');
    });

    test('an ended pool of the application: CLOSED', async () => {
      const pool = new pg.Pool({ connectionString: url });
      const other = await PostgresSessionStore.fromPool(pool, quick);
      await pool.end();
      expect((await failure(() => other.session(CANARY).getItems())).code).toBe('CLOSED');
    });

    test('lost while the statement is under way: OUTCOME_UNKNOWN for writes, tried again for the rest', async () => {
      await using proxy = await startProxy(server, { protocol: 'postgres' });
      const through = proxy.url(url);
      await using other = await PostgresSessionStore.fromUrl(through, { retryDelay: 1 });
      const one = other.session(`${CANARY}-cut`);
      await one.addItems(turn(CANARY));

      proxy.cut({ when: 'answered', sql: /INSERT INTO .*agent_messages/s });
      const unknown = await failure(() => one.addItems(items));
      expect(unknown).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
      expect((await one.getItems()).length).toBe(5); // here it was stored, once

      proxy.cut({ when: 'answered', sql: /^WITH locked AS MATERIALIZED/ });
      expect((await failure(() => one.popItem())).code).toBe('OUTCOME_UNKNOWN');
      expect((await one.getItems()).length).toBe(4);

      for (const when of ['before', 'sent', 'answered'] as const) {
        proxy.cut({ when, sql: /^SELECT .*agent_messages/s });
        expect((await one.getItems()).length).toBe(4);
      }
      const forked = `${CANARY}-forked`;
      proxy.cut({ when: 'answered', sql: /^INSERT INTO .*agent_messages/s });
      await other.sessions.fork(one.sessionId, forked);
      expect((await other.session(forked).getItems()).length).toBe(4);
      proxy.cut({ when: 'answered', sql: /^COMMIT/ });
      const forkedAgain = other.sessions.fork(one.sessionId, `${forked}-again`);
      expect((await failure(() => forkedAgain)).code).toBe('OUTCOME_UNKNOWN');

      proxy.cut({ when: 'answered', sql: /^WITH locked AS MATERIALIZED/ });
      expect((await failure(() => one.clearSession())).code).toBe('OUTCOME_UNKNOWN');
      expect(await one.getItems()).toEqual([]);
    });
  });
});

describe('what this side and the drivers raise', () => {
  // no word of a server: while a write is under way it is always OUTCOME_UNKNOWN
  const CASES: readonly [
    code: string | undefined,
    text: string,
    connecting: SessionErrorCode,
    undone?: SessionErrorCode,
  ][] = [
    ['ECONNRESET', 'read ECONNRESET', 'CONNECTION_FAILED'],
    ['EPIPE', 'write EPIPE', 'CONNECTION_FAILED'],
    ['ETIMEDOUT', '', 'CONNECTION_FAILED'],
    ['EHOSTDOWN', '', 'CONNECTION_FAILED'],
    ['EHOSTUNREACH', '', 'CONNECTION_FAILED'],
    ['ENETDOWN', '', 'CONNECTION_FAILED'],
    ['ENETUNREACH', '', 'CONNECTION_FAILED'],
    ['EACCES', '', 'CONNECTION_FAILED'],
    ['08006', '', 'CONNECTION_FAILED'],
    ['57P02', '', 'CONNECTION_FAILED'],
    ['CONNECTION_CLOSED', '', 'CONNECTION_FAILED'],
    [undefined, 'Connection terminated unexpectedly', 'CONNECTION_FAILED'],
    [undefined, 'Query read timeout', 'CONNECTION_FAILED'],
    ['ECONNREFUSED', '', 'CONNECTION_FAILED'],
    [undefined, 'timeout expired', 'CONNECTION_FAILED'],
    [undefined, 'The server does not support SSL connections', 'TLS_FAILED'],
    ['SELF_SIGNED_CERT_IN_CHAIN', '', 'TLS_FAILED'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', '', 'TLS_FAILED'],
    ['CERT_HAS_EXPIRED', '', 'TLS_FAILED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', '', 'TLS_FAILED'],
    ['ERR_OSSL_PEM_NO_START_LINE', '', 'TLS_FAILED'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', '', 'TLS_FAILED', 'CONNECTION_FAILED'],
    ['EPROTO', '', 'TLS_FAILED', 'CONNECTION_FAILED'],
    [undefined, 'PGlite is closed', 'CLOSED'],
    ['CONNECTION_ENDED', '', 'CLOSED'],
    [undefined, 'fetch failed', 'DATABASE_ERROR'],
    ['504', 'Gateway Timeout', 'DATABASE_ERROR'],
    [undefined, 'something else', 'DATABASE_ERROR'],
  ];
  test.each(CASES)(
    '%s %s is %s, and OUTCOME_UNKNOWN for a write',
    (code, text, connecting, undone = connecting) => {
      const driver = Object.assign(new Error(`${text}${code ? CANARY : ''}`), code && { code }, {
        detail: CANARY,
      });
      const wrapped = Object.assign(new Error(`Failed query: ${CANARY}`, { cause: driver }), {
        params: [CANARY],
      });
      for (const error of [driver, wrapped]) {
        expect(toSessionError(error, 'connect').code).toBe(connecting);
        expect(toSessionError(error, 'undone').code).toBe(undone);
        expect(toSessionError(error, 'write').code).toBe('OUTCOME_UNKNOWN');
        expect(inspect(toSessionError(error, 'write'), { depth: 9, showHidden: true })).not.toContain(CANARY);
      }
    },
  );

  test.each(ERROR_CODES)('%s is %s, with a message that ends as a sentence', (name, code, text) => {
    expect(text).toMatch(/^[A-Z].*[.)]$/);
    const error = Object.assign(new Error(CANARY), { code: name });
    expect(toSessionError(error, 'connect').code).toBe(code);
  });

  test.each(ROLLED_BACK)('%s proves a rollback, unless the session ends with it', (name) => {
    const code = name.padEnd(5, '0');
    const said = (fields: object) =>
      toSessionError(Object.assign(new Error(CANARY), { code }, fields), 'write');
    for (const fields of [{}, { severity: 'ERROR' }, { severity: 'ERREUR' }])
      expect(said(fields).code).not.toBe('OUTCOME_UNKNOWN');
    for (const fields of [{ severity: 'FATAL' }, { severity: 'PANIC' }, { severity_local: 'FATAL' }])
      expect(said(fields).code).toBe('OUTCOME_UNKNOWN');
  });
});
