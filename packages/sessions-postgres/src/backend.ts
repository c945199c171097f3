import { type RetryOptions, SessionError, type SessionSupport } from '@stackone/sessions-core';
import {
  type AppendBatch,
  type AppendOutcome,
  type Decide,
  decidePatch,
  type HistoryPatch,
  type HistoryQuery,
  type Operation,
  retry,
  retryUntilBegun,
  type SessionBackend,
  type StoredRow,
  type TimedRow,
} from '@stackone/sessions-core/backend';
import { arrange, operationKey, type RecordedOperation, recordedIn } from './append-batches.js';
import type { ConversationStatements } from './conversation-statements.js';
import { type ConversationLocks, type LockingWork, PostgresConversations } from './conversations.js';
import { DistributedConversations } from './distributed-conversations.js';
import { type DistributedRunStatements, DistributedRuns } from './distributed-runs.js';
import type { DistributedStatements } from './distributed-statements.js';
import { DistributedTurns } from './distributed-turns.js';
import { DistributedUsage } from './distributed-usage.js';
import type { EditStatements } from './edit-statements.js';
import { editAsRead } from './edit-without-lock.js';
import { partlyWritten } from './errors.js';
import type { PostgresExecutor, Query } from './executor.js';
import type { HistoryStatement } from './history-statements.js';
import { asJson, marked } from './parameters.js';
import { PostgresRuns, type RunStatements } from './runs.js';
import type { PostgresStatements } from './statements.js';
import { PostgresUsage, type UsageStatements } from './usage.js';
import type { WholeStatements } from './whole-statements.js';

/** What a {@link PostgresBackend} works with. */
export interface PostgresBackendParts {
  readonly executor: PostgresExecutor;
  readonly sql: PostgresStatements;
  readonly conversationSql: ConversationStatements;
  readonly editSql: EditStatements;
  readonly historySql: HistoryStatement;
  readonly usageSql: UsageStatements;
  readonly wholeSql: WholeStatements;
  readonly runSql: RunStatements;
  /** What is done in steps over tables that are split over nodes; absent over those of one node. */
  readonly distributed?:
    | { readonly sql: DistributedStatements; readonly runSql: DistributedRunStatements }
    | undefined;
  readonly supports: SessionSupport;
  /** Whether the side table of titles and metadata is there. */
  readonly metadata: boolean;
  /** Whether that of usage is. */
  readonly usage: boolean;
  /** Whether that of runs is. */
  readonly runs: boolean;
  /** Whether a statement on its own runs at READ COMMITTED. Otherwise it gets a transaction that does. */
  readonly readCommitted: boolean;
  /** How often to try again; absent inside a transaction of the application. */
  readonly retry?: RetryOptions;
  /** A connection over a transaction of the application. */
  readonly join: (transaction: unknown) => PostgresExecutor;
  /** Begins transactions; absent where the driver has none, and inside one. */
  readonly own?: PostgresOwnTransactions | undefined;
  /** Ends what the store opened. */
  readonly close: () => Promise<void>;
}

/** What begins a transaction, hands over what `join` takes, and commits. */
export interface PostgresOwnTransactions {
  readonly hasOneConnection: boolean;
  transact<T>(work: (transaction: object) => Promise<T>): Promise<T>;
}

const NO_LOCKS: ConversationLocks = { make: async () => false, find: async () => false };

/** How many rows are encrypted again at once. */
const PAGE = 100;

/** How often an edit is tried without keeping the lock between its statements. */
const TRIES_WITHOUT_LOCK = 3;

/** No id is empty, so that every one comes after this. */
const BEFORE_ALL = '';

/** The verbs on PostgreSQL: append, read, pop and clear are one statement each, an edit two, or a transaction where others write. */
export class PostgresBackend implements SessionBackend {
  readonly supports: SessionSupport;
  readonly conversations: PostgresConversations;
  readonly usage: PostgresUsage;
  readonly runs: PostgresRuns | DistributedRuns;
  readonly gathersBySession?: boolean;
  readonly #parts: PostgresBackendParts;
  readonly #sql: PostgresStatements;
  /** Absent over tables of one node. */
  readonly #turns: DistributedTurns | undefined;

  constructor(parts: PostgresBackendParts) {
    this.supports = parts.supports;
    this.#parts = parts;
    this.#sql = parts.sql;
    const { distributed } = parts;
    const turns = distributed && new DistributedTurns(distributed.sql);
    this.#turns = turns;
    if (distributed) this.gathersBySession = true;
    const inSteps = {
      read: (...statement: Parameters<Query>) => this.#again(() => parts.executor.read(...statement)),
      write: (...statement: Parameters<Query>) => this.#again(() => this.#write(...statement)),
      atomically: <T>(work: LockingWork<T>, repeatable?: boolean) =>
        this.#atomically((query) => work(query, this.#locks(query)), repeatable),
    };
    const conversationParts: ConstructorParameters<typeof PostgresConversations> = [
      {
        read: (...statement) => this.#again(() => parts.executor.read(...statement)),
        write: (...statement) => this.#again(() => this.#write(...statement)),
        atomically: (work) => this.#atomically((query) => work(query, this.#locks(query))),
        atBest: (work) => this.#atBest(work),
        rewrite: (...rows) => this.#rewrite(...rows),
      },
      { ...parts.conversationSql, usage: parts.usageSql, runs: parts.runSql, whole: parts.wholeSql },
      {
        operations: parts.supports.operations,
        metadata: parts.metadata,
        usage: parts.usage,
        runs: parts.runs,
        erasures: parts.supports.erasure === true,
      },
    ];
    this.conversations =
      distributed && turns
        ? new DistributedConversations(conversationParts, distributed, turns)
        : new PostgresConversations(...conversationParts);
    const usageParts: ConstructorParameters<typeof PostgresUsage> = [
      {
        read: (...statement) => this.#again(() => parts.executor.read(...statement)),
        // may be repeated: what is there already is not counted again
        write: (...statement) => this.#again(() => this.#write(...statement), true),
      },
      parts.usageSql,
      parts.usage,
    ];
    this.usage =
      distributed && turns
        ? new DistributedUsage(usageParts, inSteps, distributed.sql, turns)
        : new PostgresUsage(...usageParts);
    const hasRuns = parts.supports.runs === true;
    this.runs =
      distributed && turns
        ? new DistributedRuns(inSteps, distributed.runSql, turns, hasRuns)
        : new PostgresRuns(
            { ...inSteps, writeAgain: (...statement) => this.#again(() => this.#write(...statement), true) },
            parts.runSql,
            hasRuns,
          );
  }

  async append(batches: readonly AppendBatch[]): Promise<AppendOutcome[]> {
    const repeatable = batches.every(({ operation }) => operation !== undefined);
    const digests = this.#turns
      ? await this.#atomically((query) => this.#append(query, batches), repeatable)
      : await this.#again(
          () => this.#append((...statement) => this.#write(...statement), batches),
          repeatable,
        );
    return batches.map(({ sessionId, operation }) => {
      if (!operation) return 'stored';
      const recorded = digests.get(operationKey(sessionId, operation));
      // a second batch under one operation in one call stores nothing, whatever became of the first
      const first = recorded?.stored;
      if (recorded) recorded.stored = false;
      return first ? 'stored' : recorded?.digest === operation.digest ? 'repeated' : 'conflict';
    });
  }

  async read(sessionId: string, limit?: number, before?: string): Promise<StoredRow[]> {
    return this.#again(() => this.#read(this.#parts.executor.read, sessionId, limit, before));
  }

  async history(sessionId: string, query: HistoryQuery): Promise<TimedRow[]> {
    const [sql, parameters] = this.#parts.historySql(sessionId, query);
    const found = await this.#again(() => this.#parts.executor.read(sql, parameters));
    const rows = (found as Record<'id' | 'text' | 'created', string>[]).map(({ id, text, created }) => ({
      id,
      text,
      createdAt: Number(created),
    }));
    return query.oldest ? rows : rows.reverse();
  }

  async pop(sessionId: string): Promise<StoredRow | undefined> {
    const turns = this.#turns;
    if (turns) {
      return this.#atomically(async (query) =>
        (await this.#lockExisting(query, sessionId)) ? turns.pop(query, sessionId) : undefined,
      );
    }
    const popped = await this.#again(() => this.#pop((...statement) => this.#write(...statement), sessionId));
    if (popped !== 'stale') return popped;
    if (!this.supports.transactions) return this.pop(sessionId);
    // a pop that had to wait keeps the lock, unless the session was removed meanwhile and made again
    return this.#atomically(async (query) => {
      for (;;) {
        const again = await this.#pop(query, sessionId);
        if (again !== 'stale') return again;
      }
    });
  }

  async edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): Promise<void> {
    const repeatable = operation !== undefined;
    const keepsNoLock = this.#keepsNoLock && this.supports.transactions;
    const { executor, editSql: sql } = this.#parts;
    const write: Query = (...statement) => this.#write(...statement);
    for (let tries = 0; keepsNoLock && tries < TRIES_WITHOUT_LOCK; tries++) {
      const attempt = () =>
        editAsRead({ sql, read: executor.read, write }, sessionId, last, decide, operation);
      if (await this.#again(attempt, repeatable)) return;
    }
    await this.#atomically(async (query) => {
      const made = await this.#lock(query, sessionId);
      const recorded = operation && (await this.#recordedDigest(query, sessionId, operation));
      const newest = (count: number | 'all') =>
        this.#read(query, sessionId, count === 'all' ? undefined : count);
      const patch = await decidePatch(decide, newest, last, recorded);
      const kept = await this.#apply(query, sessionId, patch, recorded === undefined ? operation : undefined);
      if (made && !kept) await query(this.#sql.removeSession, [sessionId]);
    }, repeatable);
  }

  async clear(sessionId: string): Promise<void> {
    for (let tries = 0; this.#keepsNoLock && tries < TRIES_WITHOUT_LOCK; tries++) {
      const changed = await this.#again(() => this.#write(this.#parts.editSql.clear, [sessionId]));
      if (changed.length === 0) return;
    }
    if (!this.supports.transactions) return this.clear(sessionId);
    await this.#atomically(async (query) => {
      await this.#lock(query, sessionId);
      await this.#removeAll(query, sessionId);
    });
  }

  async sessionIds(after: string | undefined, limit: number, prefix = ''): Promise<string[]> {
    const rows = await this.#again(() =>
      this.#parts.executor.read(this.#parts.metadata ? this.#sql.describedSessionIds : this.#sql.sessionIds, [
        after ?? BEFORE_ALL,
        limit,
        prefix,
      ]),
    );
    return (rows as { id: string }[]).map(({ id }) => id);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  get hasOneConnection(): boolean {
    return this.#parts.own?.hasOneConnection ?? false;
  }

  async transaction<T>(work: (inner: PostgresBackend, client: unknown) => Promise<T>): Promise<T> {
    const { own } = this.#parts;
    if (!own) {
      throw new SessionError('UNSUPPORTED', 'The driver of this store has no interactive transactions.');
    }
    return retryUntilBegun(
      (begun) =>
        own.transact((client) => {
          begun();
          return work(this.with(client), client);
        }),
      this.#parts.retry,
    );
  }

  with(transaction: unknown): PostgresBackend {
    const { retry: _, ...parts } = this.#parts;
    return new PostgresBackend({
      ...parts,
      own: undefined,
      executor: this.#parts.join(transaction),
      readCommitted: true, // the level of the transaction is the application's own choice
      close: async () => undefined,
    });
  }

  /**
   * Inside a transaction of the application a row that it changed keeps its version, and what others have locked is waited for once.
   * Engines of many nodes have no such versions.
   */
  get #keepsNoLock(): boolean {
    return this.#parts.retry !== undefined && !this.#turns;
  }

  #again<T>(attempt: () => Promise<T>, repeatable = false): Promise<T> {
    return this.#parts.retry ? retry(attempt, this.#parts.retry, repeatable) : attempt();
  }

  #write(...statement: Parameters<Query>): ReturnType<Query> {
    const { executor, readCommitted } = this.#parts;
    if (readCommitted || !this.supports.transactions) return executor.write(...statement);
    return executor.atomically((query) => query(...statement));
  }

  async #atomically<T>(work: (query: Query) => Promise<T>, repeatable?: boolean): Promise<T> {
    if (!this.supports.transactions) {
      throw new SessionError('UNSUPPORTED', 'The Drizzle driver has no transactions, which this call needs.');
    }
    return this.#again(() => this.#parts.executor.atomically(work), repeatable);
  }

  /** Without transactions each statement stands for itself, and nothing is locked. */
  #atBest<T>(work: (query: Query, locks: ConversationLocks) => Promise<T>): Promise<T> {
    if (this.supports.transactions) return this.#atomically((query) => work(query, this.#locks(query)));
    return this.#again(() => work(this.#oneByOne(), NO_LOCKS));
  }

  /** Statements that each commit by themselves: once one has, a later failure does not say that nothing was written. */
  #oneByOne(): Query {
    let isWritten = false;
    return async (...statement) => {
      try {
        const rows = await this.#write(...statement);
        isWritten = true;
        return rows;
      } catch (error) {
        throw isWritten ? partlyWritten(error) : error;
      }
    };
  }

  #locks(query: Query): ConversationLocks {
    return {
      make: (sessionId) => this.#lock(query, sessionId),
      find: (sessionId) => this.#lockExisting(query, sessionId),
    };
  }

  /** Takes the session's lock. A session that is not there is made, as what is not there cannot be locked. */
  async #lock(query: Query, sessionId: string): Promise<boolean> {
    for (;;) {
      if ((await query(this.#sql.lock, [sessionId])).length > 0) return false;
      if ((await query(this.#sql.makeSession, [sessionId])).length > 0) return true;
    }
  }

  /** A session that is removed and made again by one transaction is not found by who waits for it, but is there. */
  async #lockExisting(query: Query, sessionId: string): Promise<boolean> {
    for (;;) {
      if ((await query(this.#sql.lock, [sessionId])).length > 0) return true;
      if ((await query(this.#sql.find, [sessionId])).length === 0) return false;
    }
  }

  async #read(query: Query, sessionId: string, limit?: number, before?: string): Promise<StoredRow[]> {
    const rows =
      before === undefined
        ? await query(this.#sql.read, [sessionId, limit ?? null])
        : await query(this.#sql.readBefore, [sessionId, before, limit ?? null]);
    return (rows as StoredRow[]).toReversed();
  }

  /** From page to page, from the newest row to the oldest. */
  async #rewrite(query: Query, sessionId: string, rewrite: (text: string) => string): Promise<void> {
    let rows = await this.#read(query, sessionId, PAGE);
    while (rows.length > 0) {
      const update = rows.map(({ id, text }) => ({ id, text: rewrite(text) }));
      await this.#update(query, sessionId, update);
      rows = await this.#read(query, sessionId, PAGE, rows[0]?.id);
    }
  }

  async #pop(query: Query, sessionId: string): Promise<StoredRow | 'stale' | undefined> {
    const [popped] = (await query(this.#sql.pop, [sessionId])) as (StoredRow | { readonly id: null })[];
    return popped?.id === null ? 'stale' : popped;
  }

  async #recordedDigest(query: Query, sessionId: string, operation: Operation): Promise<string | undefined> {
    const [row] = await query(this.#sql.readOperation, [sessionId, operation.id]);
    return (row as { digest: string } | undefined)?.digest;
  }

  /** @returns Whether something is stored that belongs to the session. */
  async #apply(
    query: Query,
    sessionId: string,
    patch: HistoryPatch,
    operation: Operation | undefined,
  ): Promise<boolean> {
    const { clear, remove = [], update = [], append: texts = [] } = patch;
    if (clear) await query(this.#sql.removeAll, [sessionId]);
    if (remove.length > 0) await this.#remove(query, sessionId, remove);
    if (update.length > 0) await this.#update(query, sessionId, update);
    if (texts.length === 0 && !operation) {
      // who edits without the lock has to notice
      await query(this.#parts.editSql.touch, [sessionId]);
      return false;
    }
    await this.#append(query, [{ sessionId, texts, operation }]);
    return true;
  }

  async #remove(query: Query, sessionId: string, ids: readonly string[]): Promise<void> {
    if (this.#turns) await this.#turns.remove(query, sessionId, ids);
    else await query(this.#sql.remove, [sessionId, asJson(ids)]);
  }

  async #update(query: Query, sessionId: string, rows: readonly StoredRow[]): Promise<void> {
    if (this.#turns) await this.#turns.update(query, sessionId, rows);
    else await query(this.#sql.update, [sessionId, asJson(rows)]);
  }

  /** @returns What is recorded under each operation now, and whether this call recorded it. */
  async #append(query: Query, batches: readonly AppendBatch[]): Promise<Map<string, RecordedOperation>> {
    if (this.#turns) {
      const lock = (sessionId: string) => this.#lock(query, sessionId);
      const readDigest = (sessionId: string, operation: Operation) =>
        this.#recordedDigest(query, sessionId, operation);
      return this.#turns.append(query, batches, lock, readDigest);
    }
    const [first] = batches;
    const rows =
      first && batches.length === 1 && first.operation?.forgetOlderThan === undefined
        ? await this.#appendTurn(query, first)
        : await this.#appendTurns(query, batches);
    return recordedIn(rows);
  }

  #appendTurn(query: Query, { sessionId, texts, operation }: AppendBatch): ReturnType<Query> {
    const turn = [sessionId, ...marked(texts)];
    if (!operation) return query(this.#sql.appendTurn, turn);
    return query(this.#sql.appendTurnOnce, [...turn, operation.id, operation.digest]);
  }

  #appendTurns(query: Query, batches: readonly AppendBatch[]): ReturnType<Query> {
    const { heads, texts } = arrange(batches);
    const once = heads.some((head) => head.operation_id !== undefined);
    return query(once ? this.#sql.appendOnce : this.#sql.append, [asJson(heads), ...marked(texts)]);
  }

  async #removeAll(query: Query, sessionId: string): Promise<void> {
    if (this.supports.operations) await query(this.#sql.removeOperations, [sessionId]);
    await query(this.#sql.removeAll, [sessionId]);
    await query(this.#sql.removeSession, [sessionId]);
  }
}
