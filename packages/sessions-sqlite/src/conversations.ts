import type {
  ConversationFilter,
  ConversationQuery,
  ConversationVerbs,
  RemovedRows,
  StoredConversation,
} from '@stackone/sessions-core/backend';
import type { BoundStatement, ConversationStatements } from './conversation-statements.js';
import type { SqliteExecutor } from './executor.js';
import type { SqliteStatements } from './statements.js';

/** The verbs on conversations as a whole, on SQLite. */
export class SqliteConversations implements ConversationVerbs {
  readonly #executor: SqliteExecutor;
  readonly #sql: SqliteStatements;
  readonly #own: ConversationStatements;
  readonly #operations: boolean;

  /** @param operations - Whether the side table of operations is there. */
  constructor(
    executor: SqliteExecutor,
    sql: SqliteStatements,
    own: ConversationStatements,
    operations: boolean,
  ) {
    this.#executor = executor;
    this.#sql = sql;
    this.#own = own;
    this.#operations = operations;
  }

  list(query: ConversationQuery): StoredConversation[] {
    return this.#all(this.#own.list(query)) as StoredConversation[];
  }

  count(filter: ConversationFilter): number {
    const [row] = this.#all(this.#own.count(filter));
    return (row as { n: number }).n;
  }

  get(sessionId: string): StoredConversation | undefined {
    const [row] = this.#executor.all(this.#own.get, [sessionId]);
    return row as StoredConversation | undefined;
  }

  remove(sessionId: string): RemovedRows {
    return this.#executor.atomically(() => ({
      operations: this.#operations ? this.#removed(this.#sql.removeOperations, sessionId) : 0,
      messages: this.#removed(this.#sql.removeAll, sessionId),
      sessions: this.#removed(this.#sql.removeSession, sessionId),
    }));
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
