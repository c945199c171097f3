import { type RetryOptions, SessionError, type SessionSupport } from '@stackone/sessions-core';
import {
  type AppendBatch,
  type AppendOutcome,
  type Decide,
  decidePatch,
  type HistoryPatch,
  type HistoryQuery,
  inByteOrder,
  type Operation,
  retry,
  retryUntilBegun,
  type SessionBackend,
  type StoredRow,
  type TimedRow,
} from '@stackone/sessions-core/backend';
import { appendAtOnce } from './append-at-once.js';
import type { ConversationStatements } from './conversation-statements.js';
import { type MysqlConversationParts, MysqlConversations, refuseErased } from './conversations.js';
import { DistributedConversations } from './distributed-conversations.js';
import { DistributedRuns } from './distributed-runs.js';
import type { CopyStatements, DistributedRunStatements } from './distributed-statements.js';
import type { Answer, Send } from './driver-types.js';
import type { MysqlExecutor, MysqlOwnTransactions } from './executor.js';
import type { HistoryStatement } from './history-statements.js';
import { checkPacket, type Insert, InsertBuilder } from './inserts.js';
import { OperationRecords } from './operations.js';
import { type MysqlRunParts, MysqlRuns, type RunStatements } from './runs.js';
import type { MysqlStatements, NewRow } from './statements.js';
import { Ending, NOTHING_CHANGED, type SendSeveral } from './transactions.js';
import { MysqlUsage, type UsageStatements } from './usage.js';
import type { WholeStatements } from './whole-statements.js';

/** What a {@link MysqlBackend} works with. */
export interface MysqlBackendParts {
  readonly executor: MysqlExecutor;
  readonly sql: MysqlStatements;
  readonly conversationSql: ConversationStatements;
  readonly historySql: HistoryStatement;
  readonly usageSql: UsageStatements;
  readonly wholeSql: WholeStatements;
  readonly runSql: RunStatements;
  /** Where the tables are split over nodes: what goes from one conversation to another, and runs. */
  readonly distributed?:
    | { readonly copySql: CopyStatements; readonly runSql: DistributedRunStatements }
    | undefined;
  readonly supports: SessionSupport;
  /** What makes the table of titles and metadata. */
  readonly createMetadata: string;
  /** What makes that of usage. */
  readonly createUsage: string;
  /** What makes that of runs. */
  readonly createRuns: string;
  /** The largest statement that the server takes, in bytes. */
  readonly maxPacket: number;
  /**
   * Whether a savepoint that undoes a new time of a last change leaves the end of its index locked, where every turn puts its own:
   * MySQL does, under REPEATABLE READ.
   */
  readonly undoneStaysLocked: boolean;
  /** How calls are repeated; absent inside a transaction of the application, where none may be. */
  readonly retries: RetryOptions | undefined;
  /** Ends the pool, where the store opened it. */
  readonly close: () => Promise<void>;
  /** A executor over a transaction of the application. */
  readonly join: (transaction: unknown) => MysqlExecutor;
  /** Begins transactions; absent inside one. */
  readonly own?: MysqlOwnTransactions | undefined;
}

/** No id is empty, so that every one comes after this. */
const BEFORE_ALL = '';

/** The verbs on MySQL and MariaDB. */
export class MysqlBackend implements SessionBackend {
  readonly supports: SessionSupport;
  readonly gathersBySession: boolean;
  readonly conversations: MysqlConversations;
  readonly usage: MysqlUsage;
  readonly runs: MysqlRuns;
  readonly #executor: MysqlExecutor;
  readonly #sql: MysqlStatements;
  readonly #inserts: InsertBuilder<NewRow>;
  readonly #operations: OperationRecords;
  readonly #parts: MysqlBackendParts;

  constructor(parts: MysqlBackendParts) {
    this.supports = parts.supports;
    this.gathersBySession = parts.distributed !== undefined;
    this.#executor = parts.executor;
    this.#sql = parts.sql;
    this.#inserts = new InsertBuilder(parts.sql, parts.maxPacket);
    this.#operations = new OperationRecords(
      parts.sql,
      (send, select) => this.#look(send, select),
      parts.distributed !== undefined,
    );
    this.#parts = parts;
    const { distributed } = parts;
    const conversations: MysqlConversationParts = {
      executor: parts.executor,
      sql: parts.sql,
      own: parts.conversationSql,
      usage: parts.usageSql,
      whole: parts.wholeSql,
      runs: parts.runSql,
      supports: parts.supports,
      createMetadata: parts.createMetadata,
      maxPacket: parts.maxPacket,
      call: (attempt) => this.#call(attempt),
    };
    this.conversations = distributed
      ? new DistributedConversations(conversations, distributed.copySql)
      : new MysqlConversations(conversations);
    this.usage = new MysqlUsage({
      executor: parts.executor,
      sql: parts.usageSql,
      missing: parts.supports.usage ? undefined : parts.createUsage,
      refuseErased: (send, sessionId) => refuseErased(parts, send, [sessionId]),
      call: (attempt, repeatable) => this.#call(attempt, repeatable),
    });
    const runs: MysqlRunParts = {
      executor: parts.executor,
      sql: parts.runSql,
      missing: parts.supports.runs ? undefined : parts.createRuns,
      maxPacket: parts.maxPacket,
      refuseErased: (send, sessionId) => refuseErased(parts, send, [sessionId]),
      call: (attempt, repeatable) => this.#call(attempt, repeatable),
    };
    this.runs = distributed ? new DistributedRuns(runs, distributed.runSql) : new MysqlRuns(runs);
  }

  /**
   * START TRANSACTION, lock, INSERT, COMMIT, for any number of sessions. All locks come first, in one order for
   * everybody, and only then is anything read: the first read fixes what the transaction sees. Where a session may have been
   * made, one read more asks whether it was erased.
   */
  async append(batches: readonly AppendBatch[]): Promise<readonly AppendOutcome[]> {
    // before anything is sent, so that an item that is too large leaves no trace
    const inserts = this.#inserts.build(batches.map(rowsOf));
    const sessionIds = inByteOrder(batches.map(({ sessionId }) => sessionId));
    const hasOperations = batches.some(({ operation }) => operation !== undefined);
    const atOnce = appendAtOnce(
      { ...this.#parts, refusesErased: this.supports.erasure === true },
      batches,
      sessionIds,
      inserts,
    );
    return this.#call(
      async () => {
        if (await atOnce?.()) return batches.map(() => 'stored' as const);
        let outcomes: AppendOutcome[] = [];
        await this.#executor.atomically(async (send) => {
          const lock = await this.#lock(send, sessionIds, hasOperations);
          if (lock.mayBeNew) await refuseErased(this.#parts, send, sessionIds);
          outcomes = await this.#operations.outcomes(send, batches);
          const stored = batches.filter((_, index) => outcomes[index] === 'stored');
          await this.#insert(
            send,
            stored.length === batches.length ? inserts : this.#inserts.build(stored.map(rowsOf)),
          );
          if (stored.length === 0) return NOTHING_CHANGED;
          await lock.touch();
          return undefined;
        });
        return outcomes;
      },
      batches.every(({ operation }) => operation !== undefined),
    );
  }

  read(sessionId: string, limit?: number, before?: string): Promise<StoredRow[]> {
    return this.#call(async () =>
      newestLast(await this.#executor.run(this.#sql.read(sessionId, limit, before))),
    );
  }

  history(sessionId: string, query: HistoryQuery): Promise<TimedRow[]> {
    return this.#call(async () => {
      const { rows } = await this.#executor.run(this.#parts.historySql(sessionId, query));
      const timed = rows.map(({ id, text, createdAt }) => ({
        id: String(id),
        text: text as string,
        createdAt: Number(createdAt),
      }));
      return query.oldest ? timed : timed.reverse();
    });
  }

  pop(sessionId: string): Promise<StoredRow | undefined> {
    return this.#call(() =>
      this.#executor.atomically(async (send, together) => {
        const [row] = await this.#lockedNewest(send, sessionId, together);
        if (!row) return NOTHING_CHANGED;
        return new Ending([this.#sql.remove(sessionId, [row.id])], row, ([removed]) =>
          checkRemoved(removed, 1),
        );
      }),
    );
  }

  async edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): Promise<void> {
    await this.#call(
      () =>
        this.#executor.atomically(async (send) => {
          const lock = await this.#lock(send, [sessionId], true);
          const recorded = await this.#operations.record(send, sessionId, operation);
          const shown = new Set<string>();
          const newest = async (count: number | 'all') => {
            const rows = await this.#newest(send, sessionId, count);
            for (const { id } of rows) shown.add(id);
            return rows;
          };
          const patch = await decidePatch(decide, newest, last, recorded);
          const changed = await this.#apply(send, sessionId, patch, shown);
          const isNew = operation !== undefined && recorded === undefined;
          // takes the session row along that the lock made
          if (!changed && !isNew) return NOTHING_CHANGED;
          if (lock.mayBeNew) await refuseErased(this.#parts, send, [sessionId]);
          await lock.touch();
          return undefined;
        }),
      operation !== undefined,
    );
  }

  /** Explicitly, table by table: foreign keys and their cascades are not everywhere. */
  async clear(sessionId: string): Promise<void> {
    await this.#call(() =>
      this.#executor.atomically(async (send) => {
        if (!(await this.#lockExisting(send, sessionId))) return NOTHING_CHANGED;
        const { removeOperations, removeAll, removeSession } = this.#sql;
        const removals = [...(this.supports.operations ? [removeOperations] : []), removeAll, removeSession];
        return new Ending(
          removals.map((removal) => removal(sessionId)),
          undefined,
        );
      }),
    );
  }

  sessionIds(after: string | undefined, limit: number, prefix = ''): Promise<string[]> {
    return this.#call(async () => {
      const page = [after ?? BEFORE_ALL, limit, prefix] as const;
      const ids: string[] = [];
      const lists = this.supports.metadata
        ? this.#sql.describedSessionIds(...page)
        : [this.#sql.sessionIds(...page)];
      for (const list of lists)
        for (const { id } of (await this.#executor.run(list)).rows) ids.push(id as string);
      return lists.length === 1 ? ids : inByteOrder(ids).slice(0, limit);
    });
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  with(transaction: unknown): MysqlBackend {
    const executor = this.#parts.join(transaction);
    const close = async () => undefined;
    return new MysqlBackend({ ...this.#parts, own: undefined, executor, retries: undefined, close });
  }

  get hasOneConnection(): boolean {
    return this.#parts.own?.hasOneConnection ?? false;
  }

  async transaction<T>(work: (inner: MysqlBackend, client: unknown) => Promise<T>): Promise<T> {
    const { own, retries } = this.#parts;
    if (!own) throw new SessionError('UNSUPPORTED', 'A transaction cannot begin another one.');
    return retryUntilBegun(
      (begun) =>
        own.transact((client) => {
          begun();
          return work(this.with(client), client);
        }),
      retries,
    );
  }

  #call<T>(attempt: () => Promise<T>, repeatable = false): Promise<T> {
    const { retries } = this.#parts;
    return retries ? retry(attempt, retries, repeatable) : attempt();
  }

  async #insert(send: Send, inserts: readonly Insert[]): Promise<void> {
    for (const { statements, continued } of inserts) {
      let first: Answer['rows'][number] | undefined;
      for (const statement of statements) {
        await send(statement);
        if (continued !== undefined) first ??= (await send(this.#sql.newestId(continued))).rows[0];
      }
      // Python reads by time: all rows of a batch get the time of its first statement
      if (continued !== undefined && first)
        await send(this.#sql.copyTime(continued, String(first.id), first.time));
    }
  }

  /**
   * Makes sessions that are missing, and locks all.
   *
   * @param mayBeUndone - Whether a call may find that it changes nothing. Then the time of a last change is set at the end, where
   * what a savepoint undoes in its index would stay locked.
   */
  async #lock(send: Send, sessionIds: readonly string[], mayBeUndone: boolean): Promise<Lock> {
    const [sessionId = '', ...others] = sessionIds;
    const isLate =
      mayBeUndone && others.length === 0 && this.#executor.readsLock && this.#parts.undoneStaysLocked;
    const { affectedRows } = await send(
      isLate ? this.#sql.lockUntouched(sessionId) : this.#sql.lock(sessionIds),
    );
    // an update counts twice
    const mayBeNew = affectedRows < 2 * sessionIds.length;
    const touch = async () => {
      if (isLate) await send(this.#sql.touch(sessionId));
    };
    return { mayBeNew, touch };
  }

  async #lockExisting(send: Send, sessionId: string): Promise<boolean> {
    return (await send(this.#sql.lockExisting(sessionId))).rows.length > 0;
  }

  /** The newest row of a session that is there, under its lock. */
  async #lockedNewest(
    send: Send,
    sessionId: string,
    together: SendSeveral | undefined,
  ): Promise<StoredRow[]> {
    if (!together) return (await this.#lockExisting(send, sessionId)) ? this.#newest(send, sessionId, 1) : [];
    const [locked, newest] = await together(this.#sql.lockExisting(sessionId), this.#sql.read(sessionId, 1));
    return locked?.rows.length && newest ? newestLast(newest) : [];
  }

  async #newest(send: Send, sessionId: string, count: number | 'all'): Promise<StoredRow[]> {
    return newestLast(await this.#look(send, this.#sql.read(sessionId, count === 'all' ? undefined : count)));
  }

  /** Reads what is there now, under the session's lock. */
  #look(send: Send, select: string): Promise<Answer> {
    return send(this.#executor.readsLock ? `${select} FOR UPDATE` : select);
  }

  /**
   * Removes items. Where one is gone that was read under the session's lock, somebody took it who does not lock; or the server
   * was told to kill the statement and says that it found nothing (see `askingAgain`). Others may not be there, or be those of
   * another session.
   *
   * @returns How many.
   */
  async #remove(
    send: Send,
    sessionId: string,
    ids: readonly string[],
    shown: ReadonlySet<string>,
  ): Promise<number> {
    const answer = await send(this.#sql.remove(sessionId, ids));
    checkRemoved(answer, ids.filter((id) => shown.has(id)).length);
    return answer.affectedRows;
  }

  /**
   * @param shown - The ids of the items that were read.
   * @returns Whether anything was changed.
   */
  async #apply(
    send: Send,
    sessionId: string,
    patch: HistoryPatch,
    shown: ReadonlySet<string>,
  ): Promise<boolean> {
    const { clear, remove = [], update = [], append = [] } = patch;
    let affected = 0;
    if (clear) affected += (await send(this.#sql.removeAll(sessionId))).affectedRows;
    for (let start = 0; start < remove.length; start += MAX_IDS) {
      affected += await this.#remove(send, sessionId, remove.slice(start, start + MAX_IDS), shown);
    }
    for (const { id, text } of update) {
      const statement = this.#sql.update(sessionId, id, text);
      checkPacket(statement, text, this.#parts.maxPacket);
      affected += (await send(statement)).affectedRows;
    }
    await this.#insert(send, this.#inserts.build([rowsOf({ sessionId, texts: append })]));
    return affected > 0 || append.length > 0;
  }
}

interface Lock {
  /** Whether a session may have been made. */
  readonly mayBeNew: boolean;
  /** Sets the time of the last change, if that was not done with the lock. */
  touch(): Promise<void>;
}

const ITEM_GONE_MESSAGE =
  'Items that were to be removed were gone when they were, so all was rolled back. Nothing was written. Try again.';

/** The ids of rows that one DELETE names. */
const MAX_IDS = 1000;

/** @throws SessionError `TRANSACTION_CONFLICT` if fewer items were removed than were to be. */
function checkRemoved(answer: Answer | undefined, count: number): void {
  if (!answer || answer.affectedRows < count)
    throw new SessionError('TRANSACTION_CONFLICT', ITEM_GONE_MESSAGE);
}

function rowsOf({ sessionId, texts }: AppendBatch): NewRow[] {
  return texts.map((text) => ({ sessionId, text }));
}

function newestLast({ rows }: Answer): StoredRow[] {
  return (rows as unknown as StoredRow[]).toReversed();
}
