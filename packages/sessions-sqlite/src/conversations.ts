import type { SessionSupport } from '@stackone/sessions-core';
import {
  type ConversationFilter,
  type ConversationQuery,
  type ConversationVerbs,
  type DecideDescription,
  metadataMissing,
  type RemovedRows,
  type StoredConversation,
  type StoredDescription,
} from '@stackone/sessions-core/backend';
import type { BoundStatement, ConversationStatements } from './conversation-statements.js';
import type { SqliteExecutor } from './executor.js';
import type { SqliteStatements } from './statements.js';

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
    return this.#executor.atomically(() => ({
      operations: this.#supports.operations ? this.#removed(this.#sql.removeOperations, sessionId) : 0,
      messages: this.#removed(this.#sql.removeAll, sessionId),
      metadata: this.#supports.metadata ? this.#removed(this.#own.removeDescription, sessionId) : 0,
      sessions: this.#removed(this.#sql.removeSession, sessionId),
    }));
  }

  describe(sessionId: string, decide: DecideDescription, make: boolean): StoredConversation | undefined {
    if (!this.#supports.metadata) throw metadataMissing(this.#own.createMetadata);
    return this.#executor.atomically(() => {
      const [row] = this.#executor.all(this.#own.readDescription, [sessionId]);
      const description = decide(row as StoredDescription | undefined);
      if (description && make) this.#executor.run(this.#own.makeSession, [sessionId]);
      if (description) {
        const { text, version } = description;
        this.#executor.run(this.#own.writeDescription, [sessionId, text, version]);
      }
      return this.get(sessionId);
    });
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
