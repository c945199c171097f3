import { SessionError, type SessionSupport } from '@stackone/sessions-core';
import {
  type AppendBatch,
  type AppendOutcome,
  behindPrefix,
  type Decide,
  decidePatch,
  type HistoryPatch,
  type HistoryQuery,
  type Operation,
  outcomeOf,
  type SessionBackend,
  type StoredRow,
  type TimedRow,
} from '@stackone/sessions-core/backend';
import type { ConversationStatements } from './conversation-statements.js';
import { refuseErased, SqliteConversations } from './conversations.js';
import { type HandleExecutor, HeldExecutor, type SqliteExecutor } from './executor.js';
import type { HistoryStatement } from './history-statements.js';
import { type RunStatements, SqliteRuns } from './runs.js';
import type { SqliteStatements } from './statements.js';
import { SqliteUsage, type UsageStatements } from './usage.js';
import type { WholeStatements } from './whole-statements.js';

/** SQLite reads a negative LIMIT as none. */
const NO_LIMIT = -1;

/** No id is empty, so that every one comes after this. */
const BEFORE_ALL = '';

/** What a {@link SqliteBackend} works with. */
export interface SqliteBackendParts {
  readonly executor: SqliteExecutor;
  readonly sql: SqliteStatements;
  readonly conversationSql: ConversationStatements;
  readonly historySql: HistoryStatement;
  readonly usageSql: UsageStatements;
  readonly wholeSql: WholeStatements;
  readonly runSql: RunStatements;
  readonly supports: SessionSupport;
  /** Ends the connection, where the store opened it. */
  readonly close: () => void;
  /** A connection over a transaction of the application. */
  readonly join: (transaction: unknown) => SqliteExecutor;
  /** The handle, and what the application runs statements of its own on; absent inside a transaction. */
  readonly own?: { readonly handle: HandleExecutor; readonly client: unknown } | undefined;
}

/** The verbs on SQLite. All are synchronous: they are done when they return. */
export class SqliteBackend implements SessionBackend {
  readonly supports: SessionSupport;
  readonly gathersByTick = true;
  readonly hasOneConnection = true;
  readonly conversations: SqliteConversations;
  readonly usage: SqliteUsage;
  readonly runs: SqliteRuns;
  readonly #executor: SqliteExecutor;
  readonly #sql: SqliteStatements;
  readonly #parts: SqliteBackendParts;

  constructor(parts: SqliteBackendParts) {
    this.supports = parts.supports;
    this.#executor = parts.executor;
    this.#sql = parts.sql;
    this.#parts = parts;
    const { executor, sql, conversationSql, usageSql, runSql, wholeSql, supports } = parts;
    const own = { ...conversationSql, usage: usageSql, runs: runSql, whole: wholeSql };
    this.conversations = new SqliteConversations(executor, sql, own, supports);
    const refuse = (sessionId: string) => {
      if (supports.erasure) refuseErased(executor, sql, sessionId);
    };
    this.usage = new SqliteUsage(executor, usageSql, supports.usage === true, refuse);
    this.runs = new SqliteRuns(executor, runSql, supports.runs === true, refuse);
  }

  append(batches: readonly AppendBatch[]): AppendOutcome[] {
    return this.#executor.atomically(() =>
      batches.map(({ sessionId, texts, operation }) => {
        const recorded = this.#recordedDigest(sessionId, operation);
        if (recorded !== undefined) return outcomeOf(operation, recorded);
        this.#insert(sessionId, texts, operation);
        return 'stored';
      }),
    );
  }

  read(sessionId: string, limit: number = NO_LIMIT, before?: string): StoredRow[] {
    const rows =
      before === undefined
        ? this.#executor.all(this.#sql.read, [sessionId, limit])
        : this.#executor.all(this.#sql.readBefore, [sessionId, before, limit]);
    return rows.reverse() as StoredRow[];
  }

  history(sessionId: string, query: HistoryQuery): TimedRow[] {
    const { sql, parameters } = this.#parts.historySql(sessionId, query);
    // a BigInt in a transaction of an application whose handle makes them
    const rows = (this.#executor.all(sql, parameters) as TimedRow[]).map((row) => ({
      ...row,
      createdAt: Number(row.createdAt),
    }));
    return query.oldest ? rows : rows.reverse();
  }

  pop(sessionId: string): StoredRow | undefined {
    const [row] = this.#executor.atomically(() => this.#executor.all(this.#sql.pop, [sessionId]));
    return row as StoredRow | undefined;
  }

  edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): void {
    this.#executor.atomically(() => {
      const recorded = this.#recordedDigest(sessionId, operation);
      const patch = decidePatch(decide, (count) => this.#newest(sessionId, count), last, recorded);
      this.#apply(sessionId, patch, recorded === undefined ? operation : undefined);
    });
  }

  clear(sessionId: string): void {
    this.#executor.atomically(() => {
      if (this.supports.operations) this.#executor.run(this.#sql.removeOperations, [sessionId]);
      this.#executor.run(this.#sql.removeAll, [sessionId]);
      this.#executor.run(this.#sql.removeSession, [sessionId]);
    });
  }

  sessionIds(after: string | undefined, limit: number, prefix = ''): string[] {
    const page = [after ?? BEFORE_ALL, prefix, behindPrefix(prefix) ?? null, limit];
    const rows = this.supports.metadata
      ? this.#executor.all(this.#sql.describedSessionIds, [...page, ...page, ...page, ...page, limit])
      : this.#executor.all(this.#sql.sessionIds, page);
    return rows.map((row) => (row as { id: string }).id);
  }

  close(): void {
    this.#parts.close();
  }

  with(transaction: unknown): SqliteBackend {
    return this.#inside(this.#parts.join(transaction));
  }

  async transaction<T>(work: (inner: SqliteBackend, client: unknown) => Promise<T>): Promise<T> {
    const { own } = this.#parts;
    if (!own) throw new SessionError('UNSUPPORTED', 'A transaction cannot begin another one.');
    return own.handle.hold(() => work(this.#inside(new HeldExecutor(own.handle)), own.client));
  }

  #inside(executor: SqliteExecutor): SqliteBackend {
    return new SqliteBackend({ ...this.#parts, own: undefined, executor, close: () => undefined });
  }

  #newest(sessionId: string, count: number | 'all'): StoredRow[] {
    return this.read(sessionId, count === 'all' ? NO_LIMIT : count);
  }

  #recordedDigest(sessionId: string, operation: Operation | undefined): string | undefined {
    if (!operation) return undefined;
    const [row] = this.#executor.all(this.#sql.readOperation, [sessionId, operation.id]);
    return (row as { digest: string } | undefined)?.digest;
  }

  #apply(sessionId: string, patch: HistoryPatch, operation: Operation | undefined): void {
    const { clear, remove = [], update = [], append = [] } = patch;
    if (clear) this.#executor.run(this.#sql.removeAll, [sessionId]);
    for (const id of remove) this.#executor.run(this.#sql.remove, [sessionId, id]);
    for (const { id, text } of update) this.#executor.run(this.#sql.update, [text, sessionId, id]);
    if (append.length > 0 || operation) this.#insert(sessionId, append, operation);
  }

  #insert(sessionId: string, texts: readonly string[], operation: Operation | undefined): void {
    this.#ensureSession(sessionId);
    if (texts.length > 0) this.#insertTurn(sessionId, texts);
    if (operation) this.#record(sessionId, operation);
  }

  /** Makes the session, unless it was erased. */
  #ensureSession(sessionId: string): void {
    if (this.supports.erasure) {
      if (this.#executor.all(this.#sql.ensureIfNoneErased, [sessionId]).length > 0) return;
      refuseErased(this.#executor, this.#sql, sessionId);
    }
    this.#executor.run(this.#sql.ensureSession, [sessionId]);
  }

  /** All rows carry the same time: readers that sort by time see the turn whole. Within a statement it stands still. */
  #insertTurn(sessionId: string, texts: readonly string[]): void {
    const insert = this.#sql.insertTurns[texts.length];
    if (insert !== undefined) {
      this.#executor.run(
        insert,
        texts.flatMap((text) => [sessionId, text]),
      );
      return;
    }
    let time: unknown;
    for (const [index, text] of texts.entries()) {
      if (index === 0) {
        const [row] = this.#executor.all(this.#sql.insertFirst, [sessionId, text]);
        time = (row as { time: unknown }).time;
      } else {
        this.#executor.run(this.#sql.insertNext, [sessionId, text, time]);
      }
    }
  }

  #record(sessionId: string, { id, digest, forgetOlderThan }: Operation): void {
    this.#executor.run(this.#sql.insertOperation, [sessionId, id, digest]);
    if (forgetOlderThan !== undefined)
      this.#executor.run(this.#sql.forgetOperations, [sessionId, id, forgetOlderThan]);
  }
}
