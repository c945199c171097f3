import { DatabaseSync } from 'node:sqlite';
import { SessionError, SessionStore, type SessionSupport, type StoreOptions } from '@stackone/sessions-core';
import type {
  AppendBatch,
  AppendOutcome,
  Decide,
  Operation,
  SessionBackend,
  StoredRow,
} from '@stackone/sessions-core/backend';

const SUPPORT: SessionSupport = {
  durable: true, // conversations outlive the process
  shared: true, // several processes may work on one file
  edit: true,
  operations: true,
  transactions: false, // there is no with(): it joins no transaction of the application
};

const TABLES = `
  PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, text TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS items_of_session ON items (session_id, id);
  CREATE TABLE IF NOT EXISTS operations (
    session_id TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (session_id, id)) WITHOUT ROWID;`;

const LAST_ID = '9223372036854775807';
const REMOVE = 'DELETE FROM items WHERE session_id = ? AND id = ?';

export class NodeSqliteBackend implements SessionBackend {
  readonly supports = SUPPORT;
  readonly gathersByTick = true;
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = guarded(() => new DatabaseSync(file));
    guarded(() => this.#database.exec(TABLES));
  }

  append(batches: readonly AppendBatch[]): AppendOutcome[] {
    return this.#atomically(() =>
      batches.map(({ sessionId, texts, operation }) => {
        const recorded = this.#recorded(sessionId, operation);
        if (recorded !== undefined) return recorded === operation?.digest ? 'repeated' : 'conflict';
        this.#insert(sessionId, texts, operation);
        return 'stored';
      }),
    );
  }

  read(sessionId: string, limit = -1, before = LAST_ID): StoredRow[] {
    const newestFirst = this.#run(
      `SELECT CAST(id AS TEXT) AS id, text FROM items
       WHERE session_id = ? AND items.id < CAST(? AS INTEGER) ORDER BY items.id DESC LIMIT ?`,
      [sessionId, before, limit],
    );
    return newestFirst.reverse() as unknown as StoredRow[];
  }

  pop(sessionId: string): StoredRow | undefined {
    return this.#atomically(() => {
      const [row] = this.read(sessionId, 1);
      if (row) this.#run(REMOVE, [sessionId, row.id]);
      return row;
    });
  }

  edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): void {
    this.#atomically(() => {
      const recorded = this.#recorded(sessionId, operation);
      const newest = (count: number | 'all') => this.read(sessionId, count === 'all' ? -1 : count);
      let patch = decide(newest(last), recorded, last);
      while ('need' in patch) patch = decide(newest(patch.need), recorded, patch.need);
      const { clear = false, remove = [], update = [], append = [] } = patch;
      if (clear) this.#run('DELETE FROM items WHERE session_id = ?', [sessionId]);
      for (const id of remove) this.#run(REMOVE, [sessionId, id]);
      for (const { id, text } of update)
        this.#run('UPDATE items SET text = ? WHERE session_id = ? AND id = ?', [text, sessionId, id]);
      this.#insert(sessionId, append, recorded === undefined ? operation : undefined);
    });
  }

  clear(sessionId: string): void {
    this.#atomically(() => {
      this.#run('DELETE FROM items WHERE session_id = ?', [sessionId]);
      this.#run('DELETE FROM operations WHERE session_id = ?', [sessionId]);
    });
  }

  close(): void {
    this.#database.close();
  }

  #recorded(sessionId: string, operation: Operation | undefined): string | undefined {
    if (!operation) return undefined;
    const sql = 'SELECT digest FROM operations WHERE session_id = ? AND id = ?';
    return this.#run(sql, [sessionId, operation.id])[0]?.digest as string | undefined;
  }

  #insert(sessionId: string, texts: readonly string[], operation: Operation | undefined): void {
    for (const text of texts)
      this.#run('INSERT INTO items (session_id, text) VALUES (?, ?)', [sessionId, text]);
    if (!operation) return;
    const { id, digest, forgetOlderThan = Number.MAX_SAFE_INTEGER } = operation;
    const forget = 'DELETE FROM operations WHERE session_id = ? AND at < unixepoch() - ?';
    this.#run(forget, [sessionId, forgetOlderThan]);
    this.#run('INSERT INTO operations VALUES (?, ?, ?, unixepoch())', [sessionId, id, digest]);
  }

  /** IMMEDIATE takes the one lock that SQLite has, before anything is read. */
  #atomically<T>(work: () => T): T {
    this.#run('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#run('COMMIT');
      return result;
    } finally {
      if (this.#database.isTransaction) this.#run('ROLLBACK');
    }
  }

  #run(sql: string, parameters: (string | number)[] = []): Record<string, unknown>[] {
    return guarded(() => this.#database.prepare(sql).all(...parameters));
  }
}

/** Turns what SQLite throws into a SessionError, which shows no data; leaves everything else as it is. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { code, errcode } = cause as { code?: unknown; errcode?: number };
    if (code !== 'ERR_SQLITE_ERROR') throw cause;
    if (errcode === 5) throw new SessionError('BUSY', 'Another connection keeps the file locked.', { cause });
    throw new SessionError('DATABASE_ERROR', `SQLite failed with result code ${errcode}.`, { cause });
  }
}

export class NodeSqliteStore extends SessionStore {
  constructor(file: string, options?: StoreOptions) {
    super({ name: 'node-sqlite', supports: SUPPORT, open: () => new NodeSqliteBackend(file) }, options);
  }
}
