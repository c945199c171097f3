import { inspect } from 'node:util';
import { OpenAIResponsesCompactionSession, type Session } from '@openai/agents';
import { MemorySession } from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import { bench } from '../src/bench.js';
import {
  atomicCompaction,
  DrizzleSession,
  EncryptedSession,
  InMemorySession,
  isSessionError,
  MemorySessionStore,
  MysqlSessionStore,
  mysqlSchemaSql,
  openSessionStore,
  PostgresSessionStore,
  parseStoreUrl,
  postgresSchemaSql,
  SqliteSessionStore,
  sqliteSchemaSql,
  tenantSessionId,
  toMessages,
} from '../src/index.js';

/** What ends up in the wrong place, with a secret in it wherever there is room for one. */
const WRONG: Readonly<Record<string, unknown>> = {
  'a URL': 'mssql://me:canary@h/db',
  'a list': ['canary'],
  'an object with a secret as name': { canary: 1 },
  'an object with a secret as value': { value: 'canary' },
  'a URL object': new URL('postgres://me:canary@h/db'),
  'a map': new Map([['canary', 'canary']]),
  'a promise': Promise.resolve('canary'),
  bytes: Buffer.from('canary'),
  'a function': () => 'canary',
  'a class': class canary {},
  'a symbol': Symbol('canary'),
  'an object that says it as a text': { toString: () => 'canary', [Symbol.toPrimitive]: () => 'canary' },
  'a number': 6_210_947.5,
  'a big number': 6_210_947n,
  null: null,
};

const SECRETS = /canary|6_?210_?947/;

const url = 'sqlite::memory:';
const ITEM = { role: 'user', content: 'hello' } as const;
const wrapped = (underlyingSession: Session) => new OpenAIResponsesCompactionSession({ underlyingSession });
const TURN = { id: '1', items: [{ id: '1', item: ITEM, createdAt: new Date(0) }] };
const memory = await new MemorySessionStore().open();
const session = memory.session('a');

/** Calls that a wrong value of any kind must not get through, and the kinds that are right there. */
const CALLS: Readonly<Record<string, readonly [call: (wrong: never) => unknown, ...right: string[]]>> = {
  'openSessionStore(x)': [(x) => openSessionStore(x)],
  'openSessionStore(url, x)': [(x) => openSessionStore(url, x)],
  'openSessionStore(url, { tables: x })': [(x) => openSessionStore(url, { tables: x })],
  'openSessionStore(url, { tables: { sessions: x } })': [
    (x) => openSessionStore(url, { tables: { sessions: x } }),
    'a URL',
  ],
  'openSessionStore(url, { schema: x })': [(x) => openSessionStore(url, { schema: x }), 'a URL'],
  'openSessionStore(url, { encryption: x })': [(x) => openSessionStore(url, { encryption: x })],
  'openSessionStore(url, { encryption: { key: x } })': [
    (x) => openSessionStore(url, { encryption: { key: x } }),
    'a URL',
  ],
  'openSessionStore(url, { encryption: { keys: x } })': [
    (x) => openSessionStore(url, { encryption: { keys: x } }),
    'a list',
  ],
  'openSessionStore(url, { ssl: x })': [(x) => openSessionStore(url, { ssl: x })],
  'openSessionStore(url, { ssl: { ca: x } })': [
    (x) => openSessionStore(url, { ssl: { ca: x } }),
    'a URL',
    'a list',
    'bytes',
  ],
  'openSessionStore(url, { drivers: x })': [(x) => openSessionStore(url, { drivers: x })],
  'openSessionStore(url, { max: x })': [(x) => openSessionStore(url, { max: x })],
  'parseStoreUrl(x)': [(x) => parseStoreUrl(x)],
  'DrizzleSession.fromUrl(id, x)': [(x) => DrizzleSession.fromUrl('a', x)],
  'DrizzleSession.fromUrl(id, url, x)': [(x) => DrizzleSession.fromUrl('a', url, x)],
  'DrizzleSession.fromUrl(x, url)': [(x) => DrizzleSession.fromUrl(x, url), 'a URL'],
  'new DrizzleSession(id, x)': [(x) => new DrizzleSession('a', x)],
  'new InMemorySession(x)': [(x) => new InMemorySession(x), 'a URL'],
  'bench(x)': [(x) => bench(x)],
  'bench(url, x)': [(x) => bench(url, x)],
  'bench(url, { store: x })': [(x) => bench(url, { store: x })],
  'new MemorySessionStore(x)': [(x) => new MemorySessionStore(x)],
  'new SqliteSessionStore(x)': [(x) => new SqliteSessionStore(x)],
  'new SqliteSessionStore({ url: x })': [(x) => new SqliteSessionStore({ url: x })],
  'new SqliteSessionStore({ database: x })': [(x) => new SqliteSessionStore({ database: x })],
  'new SqliteSessionStore({ db: x })': [(x) => new SqliteSessionStore({ db: x })],
  'new SqliteSessionStore({ url }, x)': [(x) => new SqliteSessionStore({ url }, x)],
  'SqliteSessionStore.fromUrl(x)': [(x) => SqliteSessionStore.fromUrl(x)],
  'SqliteSessionStore.fromUrl(url, x)': [(x) => SqliteSessionStore.fromUrl(url, x)],
  'SqliteSessionStore.fromDatabase(x)': [(x) => SqliteSessionStore.fromDatabase(x)],
  'SqliteSessionStore.fromDrizzle(x)': [(x) => SqliteSessionStore.fromDrizzle(x)],
  'new PostgresSessionStore(x)': [(x) => new PostgresSessionStore(x)],
  'new PostgresSessionStore({ url: x })': [(x) => new PostgresSessionStore({ url: x })],
  'new PostgresSessionStore({ pool: x })': [(x) => new PostgresSessionStore({ pool: x })],
  'new PostgresSessionStore({ db: x })': [(x) => new PostgresSessionStore({ db: x })],
  'new PostgresSessionStore({ url }, x)': [(x) => new PostgresSessionStore({ url: 'postgres://h/db' }, x)],
  'new PostgresSessionStore({ url }, { schema: x })': [
    (x) => new PostgresSessionStore({ url: 'postgres://h/db' }, { schema: x }),
    'a URL',
  ],
  'new PostgresSessionStore({ url }, { ssl: x })': [
    (x) => new PostgresSessionStore({ url: 'postgres://h/db' }, { ssl: x }),
  ],
  'new PostgresSessionStore({ url }, { driver: x })': [
    (x) => new PostgresSessionStore({ url: 'postgres://h/db' }, { driver: x }),
  ],
  'PostgresSessionStore.fromUrl(x)': [(x) => PostgresSessionStore.fromUrl(x)],
  'PostgresSessionStore.fromPool(x)': [(x) => PostgresSessionStore.fromPool(x)],
  'PostgresSessionStore.fromDrizzle(x)': [(x) => PostgresSessionStore.fromDrizzle(x)],
  'new MysqlSessionStore(x)': [(x) => new MysqlSessionStore(x)],
  'new MysqlSessionStore({ url: x })': [(x) => new MysqlSessionStore({ url: x })],
  'new MysqlSessionStore({ pool: x })': [(x) => new MysqlSessionStore({ pool: x })],
  'new MysqlSessionStore({ db: x })': [(x) => new MysqlSessionStore({ db: x })],
  'new MysqlSessionStore({ url }, x)': [(x) => new MysqlSessionStore({ url: 'mysql://h/db' }, x)],
  'new MysqlSessionStore({ url }, { ssl: x })': [
    (x) => new MysqlSessionStore({ url: 'mysql://h/db' }, { ssl: x }),
  ],
  'new MysqlSessionStore({ url }, { driver: x })': [
    (x) => new MysqlSessionStore({ url: 'mysql://h/db' }, { driver: x }),
  ],
  'MysqlSessionStore.fromUrl(x)': [(x) => MysqlSessionStore.fromUrl(x)],
  'MysqlSessionStore.fromPool(x)': [(x) => MysqlSessionStore.fromPool(x)],
  'MysqlSessionStore.fromDrizzle(x)': [(x) => MysqlSessionStore.fromDrizzle(x)],
  'new EncryptedSession(x)': [(x) => new EncryptedSession(x)],
  'new EncryptedSession({ session: x, key })': [(x) => new EncryptedSession({ session: x, key: 'k' })],
  'new EncryptedSession({ session, key: x })': [
    (x) => new EncryptedSession({ session: new MemorySession(), key: x }),
    'a URL',
  ],
  'sqliteSchemaSql(x)': [(x) => sqliteSchemaSql(x)],
  'postgresSchemaSql(x)': [(x) => postgresSchemaSql(x)],
  'mysqlSchemaSql(x)': [(x) => mysqlSchemaSql(x)],
  'mysqlSchemaSql({ server: x })': [(x) => mysqlSchemaSql({ server: x })],
  'tenantSessionId(x, id)': [(x) => tenantSessionId(x, 'a'), 'a URL'],
  'store.session(x)': [(x) => memory.session(x), 'a URL'],
  'store.session(id, x)': [(x) => memory.session('a', x)],
  'store.session(id, { window: x })': [(x) => memory.session('a', { window: x })],
  'store.session(id, { tenant: x })': [(x) => memory.session('a', { tenant: x }), 'a function', 'a class'],
  'store.scoped(x)': [(x) => memory.scoped(x), 'a URL'],
  'store.scoped(tenant).session(id, x)': [(x) => memory.scoped('t').session('a', x)],
  'store.reencrypt(x)': [(x) => memory.reencrypt(x)],
  'store.on(event, x)': [(x) => memory.on('warning', x), 'a function', 'a class'],
  'store.off(event, x)': [(x) => memory.off('warning', x), 'a function', 'a class'],
  'session.addItems(x)': [(x) => session.addItems(x)],
  'session.addItems([x])': [
    (x) => session.addItems([x]),
    'an object with a secret as name',
    'an object with a secret as value',
  ],
  'session.addItems(items, undefined, x)': [(x) => session.addItems([ITEM], undefined, x)],
  'session.addItems(items, undefined, { operationId: x })': [
    (x) => session.addItems([ITEM], undefined, { operationId: x }),
    'a URL',
  ],
  'session.applyHistoryTransaction(x)': [(x) => session.applyHistoryTransaction?.(x)],
  'session.applyHistoryMutations(x)': [(x) => session.applyHistoryMutations?.(x)],
  'session.replaceHistoryWithCompaction(x)': [(x) => session.replaceHistoryWithCompaction?.(x)],
  'session.history(x)': [(x) => session.history(x)],
  'session.history({ limit: x })': [(x) => session.history({ limit: x })],
  'session.history({ before: x })': [(x) => session.history({ before: x })],
  'session.history({ after: x })': [(x) => session.history({ after: x })],
  'session.turns(x)': [(x) => session.turns(x)],
  'session.turns({ before: x })': [(x) => session.turns({ before: x })],
  'session.rewind(x)': [(x) => session.rewind(x)],
  'session.rewind({ id: x })': [(x) => session.rewind({ id: x })],
  'session.replaceTurn(x, items)': [(x) => session.replaceTurn(x, [ITEM])],
  'session.replaceTurn({ id, items: x }, items)': [(x) => session.replaceTurn({ id: '1', items: x }, [ITEM])],
  'session.replaceTurn(turn, x)': [(x) => session.replaceTurn(TURN, x)],
  'session.replaceTurn(turn, [x])': [(x) => session.replaceTurn(TURN, [x])],
  'session.removeItem(x)': [(x) => session.removeItem(x)],
  'session.replaceItem(x, item)': [(x) => session.replaceItem(x, ITEM)],
  'session.replaceItem(id, x)': [(x) => session.replaceItem('1', x)],
  'session.replaceBeginning(x, items)': [(x) => session.replaceBeginning(x, [ITEM])],
  'session.replaceBeginning([x], items)': [(x) => session.replaceBeginning([x], [ITEM])],
  'session.replaceBeginning(items, x)': [(x) => session.replaceBeginning([ITEM], x)],
  'sessions.list(x)': [(x) => memory.sessions.list(x)],
  'sessions.list({ idPrefix: x })': [(x) => memory.sessions.list({ idPrefix: x }), 'a URL'],
  'sessions.list({ changedAfter: x })': [(x) => memory.sessions.list({ changedAfter: x })],
  'sessions.list({ metadata: x })': [
    (x) => memory.sessions.list({ metadata: x }),
    'an object with a secret as name',
    'an object with a secret as value',
  ],
  'sessions.list({ metadata: { key: x } })': [
    (x) => memory.sessions.list({ metadata: { key: x } }),
    'a URL',
    'a number',
  ],
  'sessions.list({ by: x })': [(x) => memory.sessions.list({ by: x })],
  'sessions.list({ limit: x })': [(x) => memory.sessions.list({ limit: x })],
  'sessions.list({ after: x })': [(x) => memory.sessions.list({ after: x })],
  'sessions.count(x)': [(x) => memory.sessions.count(x)],
  'sessions.retrieve(x)': [(x) => memory.sessions.retrieve(x), 'a URL'],
  'sessions.update(x, change)': [(x) => memory.sessions.update(x, { title: 'a' }), 'a URL'],
  'sessions.update(id, x)': [(x) => memory.sessions.update('a', x)],
  'sessions.update(id, { title: x })': [(x) => memory.sessions.update('a', { title: x }), 'a URL', 'null'],
  'sessions.update(id, { metadata: x })': [
    (x) => memory.sessions.update('a', { metadata: x }),
    'an object with a secret as name',
    'an object with a secret as value',
  ],
  'sessions.update(id, { metadata: { key: x } })': [
    (x) => memory.sessions.update('a', { metadata: { key: x } }),
    'a URL',
    'a list',
    'an object with a secret as name',
    'an object with a secret as value',
    'a number',
    'null',
  ],
  'sessions.update(id, change, x)': [(x) => memory.sessions.update('a', { title: 'a' }, x)],
  'sessions.update(id, change, { ifVersion: x })': [
    (x) => memory.sessions.update('a', { title: 'a' }, { ifVersion: x }),
  ],
  'sessions.rename(x, id)': [(x) => memory.sessions.rename(x, 'b')],
  'sessions.rename(id, x)': [(x) => memory.sessions.rename('a', x)],
  'sessions.fork(x, id)': [(x) => memory.sessions.fork(x, 'b')],
  'sessions.fork(id, id, x)': [(x) => memory.sessions.fork('a', 'b', x)],
  'sessions.fork(id, id, { upTo: x })': [(x) => memory.sessions.fork('a', 'b', { upTo: x })],
  'sessions.delete(x)': [(x) => memory.sessions.delete(x), 'a URL'],
  'toMessages(x)': [(x) => toMessages(x), 'a list', 'a map'],
  'atomicCompaction(x, wrap)': [(x) => atomicCompaction(x, wrapped)],
  'atomicCompaction(session, x)': [(x) => atomicCompaction(session, x), 'a function', 'a class'],
};

/** Of ids and items that may be right, though of nothing that is there. */
const NOT_THERE = ['NOT_FOUND', 'SESSION_MISSING', 'HISTORY_CHANGED'];

const kinds = Object.keys(WRONG);

describe.each(Object.entries(CALLS))('%s', (_call, [call, ...right]) => {
  test.each(kinds.filter((kind) => !right.includes(kind)))(
    '%s is refused, and not repeated',
    async (kind) => {
      let error: unknown;
      try {
        await call(WRONG[kind] as never);
      } catch (thrown) {
        error = thrown;
      }
      // texts that are no URLs, values that cannot be stored, and what the SDK's own session says of a transaction
      const codes = ['UNSUPPORTED_URL', 'UNSUPPORTED_VALUE', 'INVALID_TRANSACTION', ...NOT_THERE];
      if (!(isSessionError(error) && codes.includes(error.code))) expect(error).toBeInstanceOf(TypeError);
      expect(inspect(error, { showHidden: true, depth: 9 }).replace(/\n +at .*/g, '')).not.toMatch(SECRETS);
    },
  );
});

test('the kinds that are said to be right are', () => {
  for (const [, ...right] of Object.values(CALLS)) expect(kinds).toEqual(expect.arrayContaining(right));
});
