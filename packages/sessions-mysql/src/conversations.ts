import type {
  ConversationFilter,
  ConversationQuery,
  ConversationVerbs,
  RemovedRows,
  StoredConversation,
} from '@stackone/sessions-core/backend';
import type { ConversationStatements } from './conversation-statements.js';
import type { Answer } from './driver-types.js';
import { type MysqlExecutor, NOTHING_CHANGED } from './executor.js';
import type { MysqlStatements } from './statements.js';

/** What {@link MysqlConversations} works with. */
export interface MysqlConversationParts {
  readonly executor: MysqlExecutor;
  readonly sql: MysqlStatements;
  readonly own: ConversationStatements;
  /** Whether the side table of operations is there. */
  readonly operations: boolean;
  /** Makes a call, with the backend's repetitions. */
  call<T>(attempt: () => Promise<T>): Promise<T>;
}

/** The verbs on conversations as a whole, on MySQL and MariaDB. */
export class MysqlConversations implements ConversationVerbs {
  readonly #parts: MysqlConversationParts;

  constructor(parts: MysqlConversationParts) {
    this.#parts = parts;
  }

  async list(query: ConversationQuery): Promise<StoredConversation[]> {
    const { rows } = await this.#read(this.#parts.own.list(query));
    return rows.map(conversationOf);
  }

  async count(filter: ConversationFilter): Promise<number> {
    const { rows } = await this.#read(this.#parts.own.count(filter));
    return Number(rows[0]?.n);
  }

  async get(sessionId: string): Promise<StoredConversation | undefined> {
    const [row] = (await this.#read(this.#parts.own.get(sessionId))).rows;
    return row && conversationOf(row);
  }

  /** Table by table: foreign keys and their cascades are not everywhere. */
  async remove(sessionId: string): Promise<RemovedRows> {
    const { executor, sql, operations, call } = this.#parts;
    const removed = await call(() =>
      executor.atomically(async (send) => {
        if ((await send(sql.lockExisting(sessionId))).rows.length === 0) return NOTHING_CHANGED;
        const affected = async (statement: string) => (await send(statement)).affectedRows;
        return {
          operations: operations ? await affected(sql.removeOperations(sessionId)) : 0,
          messages: await affected(sql.removeAll(sessionId)),
          sessions: await affected(sql.removeSession(sessionId)),
        };
      }),
    );
    return removed ?? { operations: 0, messages: 0, sessions: 0 };
  }

  #read(statement: string): Promise<Answer> {
    return this.#parts.call(() => this.#parts.executor.run(statement));
  }
}

function conversationOf(row: Answer['rows'][number]): StoredConversation {
  const { id, createdAt, updatedAt, time } = row;
  return {
    id: String(id),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    time: String(time),
  };
}
