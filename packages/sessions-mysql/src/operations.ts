import { isSessionError, type SessionError } from '@stackone/sessions-core';
import {
  type AppendBatch,
  type AppendOutcome,
  driverErrorOf,
  type Operation,
  outcomeOf,
} from '@stackone/sessions-core/backend';
import type { Answer, Send } from './driver-types.js';
import type { MysqlStatements } from './statements.js';

/** The servers' error for a key that is there already. */
export const DUPLICATE = 1062;

/** An operation of a session. */
export interface SessionOperation extends Operation {
  readonly sessionId: string;
}

/** Those of an append. */
export function operationsOf(batches: readonly AppendBatch[]): SessionOperation[] {
  return batches.flatMap(({ sessionId, operation }) => (operation ? [{ sessionId, ...operation }] : []));
}

/** A row that is undone because the same statement has it twice leaves a lock on the gap, where others insert. */
export function areDistinct(operations: readonly SessionOperation[]): boolean {
  return (
    new Set(operations.map(({ sessionId, id }) => JSON.stringify([sessionId, id]))).size === operations.length
  );
}

/** Records operations, so that each is done once. */
export class OperationRecords {
  readonly #sql: MysqlStatements;
  readonly #look: (send: Send, select: string) => Promise<Answer>;
  readonly #looksFirst: boolean;

  /**
   * @param look - Reads what is there now, under the session's lock.
   * @param looksFirst - Before it inserts, for proxies: behind a statement that was refused, ShardingSphere-Proxy 5.1.0 may refuse the next
   * one too ("No operations allowed after statement closed").
   */
  constructor(
    sql: MysqlStatements,
    look: (send: Send, select: string) => Promise<Answer>,
    looksFirst: boolean,
  ) {
    this.#sql = sql;
    this.#look = look;
    this.#looksFirst = looksFirst;
  }

  /** What becomes of each batch. An operation may come twice in one call. */
  async outcomes(send: Send, batches: readonly AppendBatch[]): Promise<AppendOutcome[]> {
    const operations = operationsOf(batches);
    const mayTryAll = operations.length > 1 && !this.#looksFirst && areDistinct(operations);
    if (mayTryAll && !(await this.#insert(send, operations))) return batches.map(() => 'stored');
    const outcomes: AppendOutcome[] = [];
    for (const { sessionId, operation } of batches) {
      outcomes.push(outcomeOf(operation, await this.record(send, sessionId, operation)));
    }
    return outcomes;
  }

  /**
   * Records an operation, unless it was recorded before; then returns that digest. Inserts before it reads: a read
   * that finds nothing would be one round trip more, and inside a transaction of the application, where it has to
   * lock, a lock on the gap, on which two transactions deadlock.
   */
  async record(send: Send, sessionId: string, operation: Operation | undefined): Promise<string | undefined> {
    if (!operation) return undefined;
    const recorded = this.#looksFirst ? await this.#recorded(send, sessionId, operation) : undefined;
    if (recorded !== undefined) return recorded;
    const refusal = await this.#insert(send, [{ sessionId, ...operation }]);
    if (!refusal) return undefined;
    const digest = await this.#recorded(send, sessionId, operation);
    if (digest === undefined) throw refusal;
    return digest;
  }

  async #recorded(send: Send, sessionId: string, operation: Operation): Promise<string | undefined> {
    const { rows } = await this.#look(send, this.#sql.readOperation(sessionId, operation.id));
    const digest = rows[0]?.digest;
    return typeof digest === 'string' ? digest : undefined;
  }

  /** @returns Nothing if all were new and are recorded; the server's refusal if one was not, and none is recorded. */
  async #insert(send: Send, operations: readonly SessionOperation[]): Promise<SessionError | undefined> {
    try {
      await send(this.#sql.insertOperations(operations));
    } catch (error) {
      if (isSessionError(error) && driverErrorOf(error.cause).errno === DUPLICATE) return error;
      throw error;
    }
    for (const operation of operations) await this.#forgetOld(send, operation);
    return undefined;
  }

  async #forgetOld(send: Send, operation: SessionOperation): Promise<void> {
    const { sessionId, forgetOlderThan } = operation;
    if (forgetOlderThan === undefined) return;
    const { rows } = await send(this.#sql.oldOperations(operation, forgetOlderThan));
    if (rows.length > 0)
      await send(
        this.#sql.forgetOperations(
          sessionId,
          rows.map(({ id }) => String(id)),
        ),
      );
  }
}
