import type { SessionSupport } from '@stackone/sessions-core';
import {
  type KeptConversations,
  type KeptRow,
  keptConversations,
  type RestoreOutcome,
  USAGE_COUNTS,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import type { SqliteExecutor } from './executor.js';
import { MOST_ROWS, type WholeStatements } from './whole-statements.js';

/** SQLite reads a negative LIMIT as none. */
const NO_LIMIT = -1;

/** What stands in the way of a conversation that is to be written, and what removes it. */
export interface SqlitePlaces {
  /** Whether a conversation that was cleared has a title still. */
  isDescribed(sessionId: string): boolean;
  isErased(sessionId: string): boolean;
  removeAll(sessionId: string): void;
  describe(sessionId: string, description: NonNullable<WholeConversation['description']>): void;
}

/** Reads and writes conversations with all that is kept of them, on SQLite. */
export class SqliteWholes {
  readonly #executor: SqliteExecutor;
  readonly #sql: WholeStatements;
  readonly #has: SessionSupport;
  readonly #places: SqlitePlaces;

  /** @param has - Which of the side tables are there. */
  constructor(executor: SqliteExecutor, sql: WholeStatements, has: SessionSupport, places: SqlitePlaces) {
    this.#executor = executor;
    this.#sql = sql;
    this.#has = has;
    this.#places = places;
  }

  read(sessionIds: readonly string[], atMost?: number): KeptConversations {
    const limit = atMost === undefined ? NO_LIMIT : atMost + 1;
    const { sql, parameters } = this.#sql.kept(this.#has, sessionIds, limit);
    return keptConversations(sessionIds, this.#executor.all(sql, parameters) as KeptRow[], atMost);
  }

  /** In one transaction. */
  restore(conversations: readonly WholeConversation[]): RestoreOutcome[] {
    return this.#executor.atomically(() => {
      const [time] = this.#executor.all(this.#sql.timeType, [this.#sql.messagesTable]);
      const isNumber = /int/i.test((time as { type?: string } | undefined)?.type ?? '');
      return conversations.map((one) => this.#restore(one, isNumber ? seconds : timeText));
    });
  }

  #restore(whole: WholeConversation, time: (milliseconds: number) => number | string): RestoreOutcome {
    const { id, createdAt, updatedAt, rows, description } = whole;
    const refusal = this.#refusal(whole);
    if (refusal) return refusal;
    this.#executor.run(this.#sql.restoreSession, [id, time(createdAt), time(updatedAt)]);
    for (let start = 0; start < rows.length; start += MOST_ROWS) {
      const some = rows.slice(start, start + MOST_ROWS);
      const values = some.flatMap((row) => [id, row.text, time(row.createdAt)]);
      this.#executor.run(this.#sql.restoreMessages[some.length] ?? '', values);
    }
    if (description) this.#places.describe(id, description);
    this.#restoreSideRows(whole);
    return 'stored';
  }

  /** Whether it may not be written. What it replaces is removed. */
  #refusal({ id, replaces }: WholeConversation): RestoreOutcome | undefined {
    if (replaces !== undefined) {
      if (this.#executor.all(this.#sql.isAsChanged, [id, replaces]).length === 0) return 'taken';
      this.#places.removeAll(id);
      return undefined;
    }
    if (this.#executor.all(this.#sql.isThere, [id]).length > 0 || this.#places.isDescribed(id))
      return 'taken';
    return this.#places.isErased(id) ? 'erased' : undefined;
  }

  #restoreSideRows({ id, tenant, operations = [], usage = [] }: WholeConversation): void {
    if (this.#has.operations)
      for (const one of operations)
        this.#executor.run(this.#sql.restoreOperation, [id, one.id, one.digest, timeText(one.createdAt)]);
    if (this.#has.usage)
      for (const { key, model, recordedAt, turn, ...counts } of usage) {
        const numbers = USAGE_COUNTS.map((name) => counts[name]);
        const place = turn === undefined ? [null, 0] : [id, turn];
        this.#executor.run(this.#sql.restoreUsage, [
          id,
          key,
          tenant,
          model,
          recordedAt,
          ...numbers,
          ...place,
        ]);
      }
  }
}

/** As version 0.4.1 writes it. */
const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);

/** As `CURRENT_TIMESTAMP` writes it, where it is a whole second; else with as many digits as Python writes. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$/, '')
    .replace(/Z$/, '000');
}
