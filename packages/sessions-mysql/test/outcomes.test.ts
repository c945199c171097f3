import { randomUUID } from 'node:crypto';
import type { SessionError } from '@stackone/sessions-core';
import type { SessionBackend } from '@stackone/sessions-core/backend';
import { someOf, variants, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/mysql2';
import mysql from 'mysql2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ERROR_CODES, isServersWord } from '../src/errors.js';
import type { MysqlTarget } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { driverUrl, FIRST_SERVER, failOnWarning } from './databases.js';
import { DriverFaults } from './driver-faults.js';
import { texts } from './items.js';

/** What a server, mysql2 or Node may throw. */
const ERRORS: readonly Error[] = [
  ...ERROR_CODES.flatMap(([, , ...keys]) => keys).map((key) =>
    typeof key === 'number'
      ? faultOf({ errno: key, code: 'ER_SOMETHING', sqlState: key === 1213 ? '40001' : 'HY000' })
      : faultOf({ code: key, errno: -1, syscall: 'write', fatal: true }),
  ),
  ...['EACCES', 'ENOBUFS', 'EADDRNOTAVAIL'].map((code) => faultOf({ code, errno: -1, syscall: 'connect' })),
  ...['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'ERR_SSL_WRONG_VERSION_NUMBER'].map((code) =>
    faultOf({ code, fatal: true }),
  ),
  ...[1180, 1047, 1815, 65_000].map((errno) => faultOf({ errno, code: 'ER_OTHER', sqlState: 'HY000' })),
  faultOf({ errno: 65_001, sqlState: '40001' }),
  faultOf({ errno: 65_002, sqlState: '08S01' }),
  faultOf({ fatal: true }, "Can't add new command when connection is in closed state"),
  faultOf({}, 'fetch failed'),
  faultOf({ code: 'PROTOCOL_PACKETS_OUT_OF_ORDER', fatal: true }),
  new EvalError('Code generation from strings disallowed for this context'),
];

/** One of each kind. */
const FEW: readonly Error[] = [
  1213,
  1205,
  1290,
  3101,
  1053,
  1644,
  'ECONNRESET',
  'EHOSTUNREACH',
  'closed',
  'fetch',
]
  .map((key) => ERRORS.find((error) => nameOf(error).includes(String(key))))
  .filter((error) => error !== undefined);

function faultOf(fields: object, text = 'canary'): Error {
  return Object.assign(new Error(text), fields);
}

function nameOf(error: Error): string {
  const { errno, code } = error as { errno?: unknown; code?: unknown };
  return [errno, code, error.message].join(' ');
}

interface Verb {
  readonly name: string;
  perform(backend: SessionBackend, sessionId: string): unknown;
  /** What the session then holds, of `t0`, `t1` and `t2`. */
  readonly after: string;
}

const OPERATION = { id: 'operation', digest: 'digest' };
const VERBS: readonly Verb[] = [
  {
    name: 'append',
    perform: (backend, sessionId) => backend.append([{ sessionId, texts: texts(2, 'n') }]),
    after: '"t0" "t1" "t2" "n0" "n1"',
  },
  {
    name: 'append with an operation',
    perform: (backend, sessionId) =>
      backend.append([{ sessionId, texts: texts(2, 'n'), operation: OPERATION }]),
    after: '"t0" "t1" "t2" "n0" "n1"',
  },
  { name: 'pop', perform: (backend, sessionId) => backend.pop(sessionId), after: '"t0" "t1"' },
  {
    name: 'edit',
    perform: (backend, sessionId) =>
      backend.edit(
        sessionId,
        'all',
        ([first, second]) => ({
          remove: [String(first?.id)],
          update: [{ id: String(second?.id), text: '"u"' }],
          append: texts(1, 'n'),
        }),
        OPERATION,
      ),
    after: '"u" "t2" "n0"',
  },
  { name: 'clear', perform: (backend, sessionId) => backend.clear(sessionId), after: '' },
  {
    name: 'conversations.describe',
    perform: ({ conversations }, sessionId) =>
      conversations?.describe?.(sessionId, () => ({ text: 'title', version: 1 }), true),
    after: '"t0" "t1" "t2", described: title',
  },
  {
    name: 'conversations.copy',
    perform: ({ conversations }, sessionId) =>
      conversations?.copy?.(sessionId, otherThan(sessionId), { move: false }),
    after: '"t0" "t1" "t2", other: "t0" "t1" "t2"',
  },
  {
    name: 'conversations.copy that moves',
    perform: ({ conversations }, sessionId) =>
      conversations?.copy?.(sessionId, otherThan(sessionId), { move: true }),
    after: ', other: "t0" "t1" "t2"',
  },
  {
    name: 'conversations.remove',
    perform: ({ conversations }, sessionId) => conversations?.remove(sessionId),
    after: '',
  },
];
const BEFORE = '"t0" "t1" "t2"';

function otherThan(sessionId: string): string {
  return `${sessionId} other`;
}

/** The rows of a conversation, of the one that may be made of it, and its description. */
async function contentOf(backend: SessionBackend, sessionId: string): Promise<string> {
  const [own, other] = [await backend.read(sessionId), await backend.read(otherThan(sessionId))].map((rows) =>
    rows.map(({ text }) => text).join(' '),
  );
  const description = (await backend.conversations?.get(sessionId))?.description?.text;
  return [own, other && `other: ${other}`, description && `described: ${description}`]
    .filter((part, index) => index === 0 || part)
    .join(', ');
}

async function errorOf(call: unknown): Promise<SessionError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: 'SessionError' });
    return error as SessionError;
  }
}

describeEngine(FIRST_SERVER, ({ url }) => {
  const open = async (target: MysqlTarget) => {
    const backend = await backendOpener(target, { maxRetries: 0 })(failOnWarning);
    onTestFinished(() => backend.close());
    return backend;
  };

  /**
   * Makes the call once for each of its statements and each of the errors, which the statement is answered with after
   * the server has run it, and compares what was told with what is stored.
   */
  async function checkTable(
    backendOf: () => Promise<SessionBackend>,
    verb: Verb,
    errors: readonly Error[],
    isFirst: boolean,
  ): Promise<void> {
    const witness = await open({ url });
    const faults = new DriverFaults();
    faults.plan();
    let backend = await backendOf();
    const counting = randomUUID();
    await witness.append([{ sessionId: counting, texts: texts(3) }]);
    let statements = 0;
    for (let reached = true; reached; statements += reached ? 1 : 0) {
      const sessionId = randomUUID();
      await witness.append([{ sessionId, texts: texts(3) }]);
      faults.plan({ nth: statements + 1, error: faultOf({ errno: 1644, sqlState: '45000' }), runs: true });
      await errorOf(verb.perform(backend, sessionId));
      reached = faults.done > 0;
      faults.plan();
      if (reached) backend = await renewed(backend, backendOf);
    }
    expect(statements).toBeGreaterThan(3);
    const untrue: string[] = [];
    for (let nth = 1; nth <= statements; nth++) {
      for (const error of nth === statements ? errors : someOf(FEW, nth, wholeMatrix && isFirst)) {
        const sessionId = randomUUID();
        await witness.append([{ sessionId, texts: texts(3) }]);
        faults.plan({ nth, error, runs: true });
        const told = await errorOf(verb.perform(backend, sessionId));
        expect(faults.done).toBe(1);
        faults.plan();
        const stored = await contentOf(witness, sessionId);
        // where the commit is on its way, too, only the server's own word says that it was not reached
        const mustBeUnknown = faults.commitWasSent && !isServersWord(error);
        const isUnknown = told?.code === 'OUTCOME_UNKNOWN';
        const isTrue =
          nth === statements
            ? told?.code === 'OUTCOME_UNKNOWN' && !told.retryable && stored === verb.after
            : told !== undefined && isUnknown === mustBeUnknown && stored === BEFORE;
        if (!isTrue) untrue.push(`${nth}/${statements} ${nameOf(error)}: ${told?.code}, stored ${stored}`);
        backend = await renewed(backend, backendOf);
        await backend.append([{ sessionId, texts: texts(1, 'next') }]);
        const next = (await witness.read(sessionId)).at(-1);
        if (next?.text !== '"next0"')
          untrue.push(`${nth}/${statements} ${nameOf(error)}: the next turn is lost`);
      }
    }
    expect(untrue).toEqual([]);
  }

  /** A connection that was given is gone for good where its state was not known. */
  async function renewed(backend: SessionBackend, backendOf: () => Promise<SessionBackend>) {
    const error = await errorOf(backend.read('any'));
    if (error === undefined) return backend;
    expect(error.code).toBe('CONNECTION_FAILED');
    return backendOf();
  }

  describe.each(VERBS)('$name', (verb) => {
    test('what is told is what is stored, whatever error a statement ends with', async () => {
      await checkTable(() => open({ url }), verb, wholeMatrix ? ERRORS : FEW, true);
    });

    test.each(
      variants<[string, () => MysqlTarget]>(
        [],
        [
          ['a connection', () => ({ pool: ownConnection() })],
          ['a mysql2 pool', () => ({ pool: ownPool() })],
          ['a mysql2/promise pool', () => ({ pool: ownPool().promise() })],
          ['Drizzle on a pool', () => ({ db: drizzle({ client: ownPool() }) })],
          ['Drizzle on a connection', () => ({ db: drizzle({ client: ownConnection() }) })],
        ],
      ),
    )('also through %s', async (_name, target) => {
      // the statements are the same over each driver
      await checkTable(() => open(target()), verb, FEW, false);
    });
  });

  function ownPool(): mysql.Pool {
    const pool = mysql.createPool({ uri: driverUrl(url), connectionLimit: 1 });
    onTestFinished(() => pool.promise().end());
    return pool;
  }

  function ownConnection(): mysql.Connection {
    const connection = mysql.createConnection(driverUrl(url));
    onTestFinished(() => connection.destroy());
    return connection;
  }

  describe.each([
    ['a pool of our own', () => ({ url })],
    ['a mysql2 pool', () => ({ pool: ownPool() })],
    ['a mysql2/promise pool', () => ({ pool: ownPool().promise() })],
    ['Drizzle on a pool', () => ({ db: drizzle({ client: ownPool() }) })],
  ] as [string, () => MysqlTarget][])('a connection, over %s', (_name, target) => {
    const SPOILED = [
      ...[1290, 1792, 1836, 3100, 1053, 1077, 1079, 1927, 2006, 2013, 3169, 4031].map((errno) =>
        faultOf({ errno, code: 'ER_SOMETHING', sqlState: 'HY000' }),
      ),
      faultOf({ errno: 1047, sqlState: '08S01' }), // a node of Galera that is not in the primary component
      faultOf({ code: 'ECONNRESET', errno: -1, syscall: 'read', fatal: true }),
      faultOf({}, 'fetch failed'),
    ];
    const FINE = [1213, 1205, 1317, 1062, 1644, 1142, 1114].map((errno) =>
      faultOf({ errno, code: 'ER_SOMETHING', sqlState: 'HY000' }),
    );

    test.each([
      ['is not used again where the server is read-only, ending or not the primary', SPOILED],
      ['is used again after other errors', FINE],
    ])('%s', async (_kind, errors) => {
      const backend = await open(target());
      const faults = new DriverFaults();
      const sessionId = randomUUID();
      await backend.append([{ sessionId, texts: texts(1) }]);
      for (const error of errors) {
        const before = faults.threadId;
        const fault = { sql: /^INSERT INTO `agent_messages`/, error, runs: true };
        // a turn whose text was refused as a duplicate is made again, statement by statement
        faults.plan(fault, { ...fault });
        expect(await errorOf(backend.append([{ sessionId, texts: texts(1) }]))).toBeDefined();
        faults.plan();
        await backend.append([{ sessionId, texts: texts(1) }]);
        expect(faults.threadId === before, nameOf(error)).toBe(errors === FINE);
      }
    });
  });

  test('a connection whose ROLLBACK failed is not used again', async () => {
    for (const target of [{ url }, { pool: ownPool() }, { db: drizzle({ client: ownPool() }) }]) {
      const [backend, witness] = [await open(target), await open({ url })];
      const faults = new DriverFaults();
      const sessionId = randomUUID();
      await backend.append([{ sessionId, texts: texts(1) }]);
      faults.plan(
        {
          sql: /^INSERT INTO `agent_messages`/,
          error: faultOf({ errno: 1205, sqlState: 'HY000' }),
          runs: true,
        },
        { sql: /^ROLLBACK/, error: faultOf({ errno: 1317, sqlState: '70100' }), runs: false },
      );
      expect(await errorOf(backend.append([{ sessionId, texts: texts(1, 'lost') }]))).toMatchObject({
        code: 'BUSY',
      });
      expect(faults.done).toBe(2);
      for (let turn = 0; turn < 5; turn++)
        await backend.append([{ sessionId, texts: texts(1, `n${turn}-`) }]);
      expect(await contentOf(witness, sessionId)).toBe('"t0" "n0-0" "n1-0" "n2-0" "n3-0" "n4-0"');
    }
  });

  test('in a transaction of the application nothing of a failed call is left, whatever it failed with', async () => {
    const [backend, witness] = [await open({ url }), await open({ url })];
    const pool = ownPool();
    const faults = new DriverFaults();
    // those on conversations as a whole are not to be had there
    for (const verb of VERBS.filter(({ name }) => !name.startsWith('conversations'))) {
      for (const error of FEW) {
        for (const nth of [2, 3]) {
          for (const isDrizzle of [true, false]) {
            const sessionId = randomUUID();
            await witness.append([{ sessionId, texts: texts(3) }]);
            const failing = async (transaction: unknown) => {
              faults.plan({ nth, error, runs: true });
              const told = await errorOf(verb.perform(backend.with(transaction), sessionId));
              expect([faults.done, told?.name], `${verb.name} ${nth} ${nameOf(error)}`).toEqual([
                1,
                'SessionError',
              ]);
              faults.plan();
            };
            if (isDrizzle) await drizzle({ client: pool }).transaction(failing);
            else {
              const connection = await pool.promise().getConnection();
              await connection.beginTransaction();
              await failing(connection);
              await connection.commit();
              connection.release();
            }
            expect(await contentOf(witness, sessionId), `${verb.name} ${nth} ${nameOf(error)}`).toBe(BEFORE);
          }
        }
      }
    }
  });
});
