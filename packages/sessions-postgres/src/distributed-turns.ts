import {
  type AppendBatch,
  digestOf,
  inByteOrder,
  type Operation,
  type StoredRow,
  sessionErased,
} from '@stackone/sessions-core/backend';
import { operationKey, type RecordedOperation } from './append-batches.js';
import type { ConversationLocks } from './conversations.js';
import { asArray, writeRows } from './distributed-rows.js';
import type { DistributedStatements } from './distributed-statements.js';
import type { Query } from './executor.js';
import { asParameter } from './parameters.js';

/** What the server's clock says, in the texts that statements take. */
export interface Clock {
  /** In the connection's `TimeZone`, as Python writes times. */
  readonly local: string;
  readonly utc: string;
  /** In ms since 1970. */
  readonly ms: string;
}

/** Turns, changes and pops in steps. Each is called in a transaction. */
export class DistributedTurns {
  readonly #sql: DistributedStatements;

  constructor(sql: DistributedStatements) {
    this.#sql = sql;
  }

  /** Does something under the lock of a session, which goes again where it was made for that. */
  async locked<T>(
    query: Query,
    locks: ConversationLocks,
    sessionId: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const made = await locks.make(sessionId);
    const result = await work();
    if (made) await query(this.#sql.removeSession, [sessionId]);
    return result;
  }

  async clock(query: Query): Promise<Clock> {
    const [clock] = await query(this.#sql.clock);
    return clock as Clock;
  }

  /**
   * Looked at when the session's lock is held, which who erases it takes after it has written that: what is not refused here is
   * removed by him.
   *
   * @throws SessionError `SESSION_ERASED`
   */
  async refuseErased(query: Query, sessionId: string, { ms }: Clock): Promise<void> {
    if (await this.isErased(query, sessionId, ms)) throw sessionErased();
  }

  async isErased(query: Query, sessionId: string, ms: string): Promise<boolean> {
    const { isErased } = this.#sql;
    return isErased !== undefined && (await query(isErased, [digestOfId(sessionId), ms])).length > 0;
  }

  /**
   * Adds turns. All rows get one time, which is read when all locks are held; so are ids drawn.
   *
   * @param lock - Takes the lock of a session, and makes it where it is not there.
   * @param readDigest - What is recorded under an operation.
   */
  async append(
    query: Query,
    batches: readonly AppendBatch[],
    lock: (sessionId: string) => Promise<unknown>,
    readDigest: (sessionId: string, operation: Operation) => Promise<string | undefined>,
  ): Promise<Map<string, RecordedOperation>> {
    const sessionIds = inByteOrder([...new Set(batches.map(({ sessionId }) => sessionId))]);
    for (const sessionId of sessionIds) await lock(sessionId);
    const clock = await this.clock(query);
    for (const sessionId of sessionIds) await this.refuseErased(query, sessionId, clock);
    const recorded = new Map<string, RecordedOperation>();
    for (const { sessionId, texts, operation } of batches) {
      if (operation) {
        const key = operationKey(sessionId, operation);
        // of several under one operation only the first
        if (recorded.has(key)) continue;
        const digest = await readDigest(sessionId, operation);
        recorded.set(key, { digest: digest ?? operation.digest, stored: digest === undefined });
        if (digest === undefined) await this.#record(query, sessionId, operation, clock);
        await this.#forgetOlder(query, sessionId, operation, clock);
        if (digest !== undefined) continue;
      }
      const rows = texts.map((text) => ({ message_data: text, created_at: clock.local }));
      await writeRows(query, this.#sql.messages, sessionId, rows);
    }
    for (const sessionId of sessionIds) await query(this.#sql.touch, [sessionId, clock.local]);
    return recorded;
  }

  /** Who removes items without the lock, as Python does, may have been faster: then the next one is the newest. */
  async pop(query: Query, sessionId: string): Promise<StoredRow | undefined> {
    for (;;) {
      const [newest] = (await query(this.#sql.newest, [sessionId])) as StoredRow[];
      if (!newest) return undefined;
      if ((await query(this.#sql.removeRow, [sessionId, newest.id])).length > 0) return newest;
    }
  }

  /** @returns How many there were. */
  async remove(query: Query, sessionId: string, ids: readonly string[]): Promise<number> {
    return (await query(this.#sql.removeRows, [sessionId, asArray(ids)])).length;
  }

  async update(query: Query, sessionId: string, rows: readonly StoredRow[]): Promise<void> {
    for (const { id, text } of rows) {
      await query(this.#sql.updateRow, [sessionId, id, asParameter(text)]);
    }
  }

  async #record(query: Query, sessionId: string, { id, digest }: Operation, { utc }: Clock): Promise<void> {
    const row = { operation_id: id, digest, created_at: utc };
    await writeRows(query, this.#sql.newOperations, sessionId, [row]);
  }

  async #forgetOlder(query: Query, sessionId: string, operation: Operation, { ms }: Clock): Promise<void> {
    if (operation.forgetOlderThan === undefined) return;
    const before = Math.max(0, Number(ms) - operation.forgetOlderThan * 1000);
    const time = new Date(before).toISOString().slice(0, -1);
    await query(this.#sql.forgetOlder, [sessionId, time, operation.id]);
  }
}

/** What a conversation that was erased is known by. */
export function digestOfId(sessionId: string): string {
  return digestOf(sessionId, 'hex');
}
