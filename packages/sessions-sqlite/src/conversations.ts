import type { SessionSupport } from '@stackone/sessions-core';
import {
  type ConversationCopy,
  type ConversationFilter,
  type ConversationQuery,
  type ConversationVerbs,
  type CopyOutcome,
  type DecideDescription,
  metadataMissing,
  type RemovedRows,
  type StoredConversation,
  type StoredDescription,
  type StoredRow,
} from '@stackone/sessions-core/backend';
import type { BoundStatement, ConversationStatements } from './conversation-statements.js';
import type { SqliteExecutor } from './executor.js';
import type { SqliteStatements } from './statements.js';

/** SQLite reads a negative LIMIT as none. */
const NO_LIMIT = -1;

/** How many rows are encrypted again at once. */
const PAGE = 100;

/** The verbs on conversations as a whole, on SQLite. */
export class SqliteConversations implements ConversationVerbs {
  readonly #executor: SqliteExecutor;
  readonly #sql: SqliteStatements;
  readonly #own: ConversationStatements;
  readonly #supports: SessionSupport;

  /** @param supports - Which of the side tables are there. */
  constructor(
    executor: SqliteExecutor,
    sql: SqliteStatements,
    own: ConversationStatements,
    supports: SessionSupport,
  ) {
    this.#executor = executor;
    this.#sql = sql;
    this.#own = own;
    this.#supports = supports;
  }

  list(query: ConversationQuery): StoredConversation[] {
    return this.#all(this.#own.list(query)).map(conversationOf);
  }

  count(filter: ConversationFilter): number {
    const [row] = this.#all(this.#own.count(filter));
    return (row as { n: number }).n;
  }

  get(sessionId: string): StoredConversation | undefined {
    const [row] = this.#executor.all(this.#own.get, [sessionId]);
    return row === undefined ? undefined : conversationOf(row);
  }

  remove(sessionId: string): RemovedRows {
    return this.#executor.atomically(() => this.#removeAll(sessionId));
  }

  #removeAll(sessionId: string): RemovedRows {
    return {
      operations: this.#supports.operations ? this.#removed(this.#sql.removeOperations, sessionId) : 0,
      messages: this.#removed(this.#sql.removeAll, sessionId),
      metadata: this.#supports.metadata ? this.#removed(this.#own.removeDescription, sessionId) : 0,
      sessions: this.#removed(this.#sql.removeSession, sessionId),
    };
  }

  describe(sessionId: string, decide: DecideDescription, make: boolean): StoredConversation | undefined {
    if (!this.#supports.metadata) throw metadataMissing(this.#own.createMetadata);
    return this.#executor.atomically(() => {
      const description = decide(this.#description(sessionId));
      if (description && make) this.#executor.run(this.#own.makeSession, [sessionId]);
      if (description) {
        const { text, version } = description;
        this.#executor.run(this.#own.writeDescription, [sessionId, text, version]);
      }
      return this.get(sessionId);
    });
  }

  copy(from: string, to: string, { upTo = NO_LIMIT, move, rewrite }: ConversationCopy): CopyOutcome {
    return this.#executor.atomically(() => {
      if (!this.get(from)) return 'missing';
      const description = this.#description(from);
      if (this.get(to) || this.#description(to)) return 'taken';
      if (move) this.#executor.run(this.#own.copySession, [to, from]);
      else this.#executor.run(this.#own.makeSession, [to]);
      this.#executor.run(this.#own.copyMessages, [to, from, upTo]);
      if (description) {
        const text = rewrite ? rewrite(description.text) : description.text;
        this.#executor.run(this.#own.writeDescription, [to, text, description.version]);
      }
      if (rewrite) this.#rewrite(to, rewrite);
      if (move && this.#supports.operations) this.#executor.run(this.#own.copyOperations, [to, from]);
      if (move) this.#removeAll(from);
      return this.get(to) ?? 'missing';
    });
  }

  /** From page to page, from the newest row to the oldest. */
  #rewrite(sessionId: string, rewrite: (text: string) => string): void {
    let rows = this.#executor.all(this.#sql.read, [sessionId, PAGE]) as StoredRow[];
    while (rows.length > 0) {
      for (const { id, text } of rows) this.#executor.run(this.#sql.update, [rewrite(text), sessionId, id]);
      rows = this.#executor.all(this.#sql.readBefore, [sessionId, rows.at(-1)?.id, PAGE]) as StoredRow[];
    }
  }

  #description(sessionId: string): StoredDescription | undefined {
    if (!this.#supports.metadata) return undefined;
    const [row] = this.#executor.all(this.#own.readDescription, [sessionId]);
    return row as StoredDescription | undefined;
  }

  #all({ sql, parameters }: BoundStatement): unknown[] {
    return this.#executor.all(sql, parameters);
  }

  #removed(statement: string, sessionId: string): number {
    this.#executor.run(statement, [sessionId]);
    const [row] = this.#executor.all(this.#own.changes, []);
    return (row as { n: number }).n;
  }
}

function conversationOf(row: unknown): StoredConversation {
  const { text, version, ...conversation } = row as Omit<StoredConversation, 'description'> & {
    readonly text: string | null;
    readonly version: number;
  };
  return text === null ? conversation : { ...conversation, description: { text, version } };
}
