// Promise: Retries only where nothing was written.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isSessionError } from '@stackone/sessions-core';
import type { SessionBackend } from '@stackone/sessions-core/backend';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backendOpener } from '../src/store.js';

/** Codes that SQLite gives to a statement. */
const CODES = [
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_LOCKED',
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_IOERR_FSYNC',
  'SQLITE_IOERR_DELETE',
  'SQLITE_CORRUPT',
  'SQLITE_NOMEM',
  'SQLITE_PROTOCOL',
  'SQLITE_INTERRUPT',
  'SQLITE_CONSTRAINT_FOREIGNKEY',
  'SQLITE_READONLY_DBMOVED',
  'SQLITE_ERROR',
];

/** A handle of which the nth statement ends with an error, before or after it was carried out. */
class Faulty {
  readonly database = new Database(':memory:');
  statements = 0;
  last = '';
  #fault: { nth: number; code: string; runs: boolean } | undefined;

  constructor() {
    const { database } = this;
    const prepare = database.prepare.bind(database);
    database.prepare = ((sql: string) => {
      const statement = prepare(sql);
      for (const call of ['run', 'all'] as const) {
        const original = statement[call].bind(statement) as (...parameters: unknown[]) => unknown;
        statement[call] = ((...parameters: unknown[]) =>
          this.#strike(sql, () => original(...parameters))) as never;
      }
      return statement;
    }) as typeof database.prepare;
  }

  plan(nth: number, code: string, runs: boolean): void {
    this.#fault = { nth, code, runs };
    this.statements = 0;
  }

  #strike(sql: string, run: () => unknown): unknown {
    this.statements++;
    this.last = sql;
    const fault = this.#fault;
    if (fault?.nth !== this.statements) return run();
    this.#fault = undefined;
    if (fault.runs) run();
    throw Object.assign(new Error('failed'), { code: fault.code });
  }
}

interface Verb {
  readonly name: string;
  perform(backend: SessionBackend): unknown;
  /** The conversation of `t0` and `t1`, the one that may be made of it, and its description after it was carried out once. */
  readonly after: string;
}

const BEFORE = 't0 t1||';
const OPERATION = { id: 'operation', digest: 'digest' };
const VERBS: readonly Verb[] = [
  {
    name: 'append',
    perform: (backend) => backend.append([{ sessionId: 'a', texts: ['n'], operation: OPERATION }]),
    after: 't0 t1 n||',
  },
  { name: 'pop', perform: (backend) => backend.pop('a'), after: 't0||' },
  {
    name: 'edit',
    perform: (backend) =>
      backend.edit('a', 'all', ([first]) => ({ remove: [String(first?.id)], append: ['n'] }), OPERATION),
    after: 't1 n||',
  },
  { name: 'clear', perform: (backend) => backend.clear('a'), after: '||' },
  {
    name: 'conversations.describe',
    perform: ({ conversations }) =>
      conversations?.describe?.('a', () => ({ text: 'title', version: 1 }), true),
    after: 't0 t1||title',
  },
  {
    name: 'conversations.copy',
    perform: ({ conversations }) => conversations?.copy?.('a', 'b', { move: false }),
    after: 't0 t1|t0 t1|',
  },
  {
    name: 'conversations.copy that moves',
    perform: ({ conversations }) => conversations?.copy?.('a', 'b', { move: true }),
    after: '|t0 t1|',
  },
  { name: 'conversations.remove', perform: ({ conversations }) => conversations?.remove('a'), after: '||' },
];

describe.each(VERBS)('$name', (verb) => {
  test('what is told is what is stored, whatever a statement ends with', async () => {
    const faulty = new Faulty();
    const { database } = faulty;
    onTestFinished(() => void database.close());
    const backend = await backendOpener({ database }, {})(() => {});
    const stored = async () => {
      const texts = async (id: string) => (await backend.read(id)).map(({ text }) => text).join(' ');
      const description = (await backend.conversations?.get('a'))?.description?.text ?? '';
      return [await texts('a'), await texts('b'), description].join('|');
    };
    const told = async (nth: number, code: string, runs: boolean) => {
      for (const id of ['a', 'b']) await backend.conversations?.remove(id);
      await backend.append([{ sessionId: 'a', texts: ['t0', 't1'] }]);
      faulty.plan(nth, code, runs);
      try {
        await verb.perform(backend);
        return 'done';
      } catch (error) {
        return isSessionError(error) ? error.code : error;
      }
    };
    expect(await told(0, '', true)).toBe('done');
    expect(faulty.last).toBe('COMMIT');
    const { statements } = faulty;
    const untrue: unknown[] = [];
    for (let nth = 1; nth <= statements; nth++) {
      for (const code of CODES) {
        for (const runs of [true, false]) {
          // SQLite begins nothing that it refuses, and says FULL of a COMMIT only where it has rolled back
          if (runs && (nth === 1 || (nth === statements && code === 'SQLITE_FULL'))) continue;
          const answer = await told(nth, code, runs);
          const found = await stored();
          const isTrue =
            nth === statements && runs
              ? answer === 'OUTCOME_UNKNOWN' && found === verb.after
              : answer !== 'done' && answer !== 'OUTCOME_UNKNOWN' && found === BEFORE;
          if (!isTrue) untrue.push({ statement: `${nth}/${statements}`, code, runs, answer, found });
        }
      }
    }
    expect(untrue).toEqual([]);
  });
});

test.runIf(process.platform === 'linux')('a disk that fails in the middle of a COMMIT', async () => {
  const program = `process.on('SIGXFSZ', () => {}); // so that writing beyond the limit fails, and ends nobody
    const { SqliteSessionStore } = await import('@stackone/sessions-sqlite');
    const store = await SqliteSessionStore.fromUrl(process.argv[1]);
    const session = store.session('a');
    const items = [{ role: 'user', content: 'x'.repeat(50_000) }];
    let stored = 0;
    const add = () => session.addItems(items).then(() => { stored++; });
    let error;
    while (!error) await add().catch((thrown) => { error = thrown; });
    console.log(error.code, error.retryable, error.cause.code, (await session.getItems()).length - stored);`;
  const file = join(temporaryFolder(), 'a.db');
  const { stdout } = await promisify(execFile)(
    'sh',
    [
      '-c',
      'ulimit -f 300; exec "$0" --input-type=module -e "$1" "sqlite:$2"',
      process.execPath,
      program,
      file,
    ],
    { cwd: import.meta.dirname },
  );
  expect(stdout.trim()).toBe('OUTCOME_UNKNOWN false SQLITE_IOERR_WRITE 0');
});
