import type {
  ConversationFilter,
  ConversationQuery,
  ConversationVerbs,
  RemovedRows,
  StoredConversation,
} from '@stackone/sessions-core/backend';
import type { ConversationStatements } from './conversation-statements.js';
import type { Query } from './executor.js';

/** How the statements reach the database, with the backend's repetitions. */
export interface ConversationCalls {
  read: Query;
  /** In one transaction, where the connection has them, under the lock of the conversation if that is there. */
  locked<T>(sessionId: string, work: (query: Query) => Promise<T>): Promise<T>;
}

/** The verbs on conversations as a whole, on PostgreSQL. */
export class PostgresConversations implements ConversationVerbs {
  readonly #calls: ConversationCalls;
  readonly #sql: ConversationStatements;
  readonly #operations: boolean;

  /** @param operations - Whether the side table of operations is there. */
  constructor(calls: ConversationCalls, sql: ConversationStatements, operations: boolean) {
    this.#calls = calls;
    this.#sql = sql;
    this.#operations = operations;
  }

  async list(query: ConversationQuery): Promise<StoredConversation[]> {
    return (await this.#calls.read(...this.#sql.list(query))).map(conversationOf);
  }

  async count(filter: ConversationFilter): Promise<number> {
    return numberIn(await this.#calls.read(...this.#sql.count(filter)));
  }

  async get(sessionId: string): Promise<StoredConversation | undefined> {
    const [row] = await this.#calls.read(this.#sql.get, [sessionId]);
    return row === undefined ? undefined : conversationOf(row);
  }

  /** Table by table, the session last: foreign keys and their cascades are not everywhere. */
  remove(sessionId: string): Promise<RemovedRows> {
    return this.#calls.locked(sessionId, async (query) => {
      const removed = async (statement: string) => numberIn(await query(statement, [sessionId]));
      return {
        operations: this.#operations ? await removed(this.#sql.removeOperations) : 0,
        messages: await removed(this.#sql.removeMessages),
        sessions: await removed(this.#sql.removeSession),
      };
    });
  }
}

function conversationOf(row: unknown): StoredConversation {
  const { id, createdAt, updatedAt, time } = row as Readonly<Record<keyof StoredConversation, string>>;
  return { id, createdAt: Number(createdAt), updatedAt: Number(updatedAt), time };
}

function numberIn([row]: readonly unknown[]): number {
  return Number((row as { n: string }).n);
}
