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
import type { ConversationStatements } from './conversation-statements.js';
import type { Answer } from './driver-types.js';
import { type MysqlExecutor, NOTHING_CHANGED } from './executor.js';
import type { MysqlStatements } from './statements.js';

/** What {@link MysqlConversations} works with. */
export interface MysqlConversationParts {
  readonly executor: MysqlExecutor;
  readonly sql: MysqlStatements;
  readonly own: ConversationStatements;
  /** Which of the side tables are there. */
  readonly supports: SessionSupport;
  /** What makes the table of titles and metadata. */
  readonly createMetadata: string;
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

  /**
   * Table by table: foreign keys and their cascades are not everywhere. What is not there has a lock too, on its gap: nobody
   * can describe it meanwhile.
   */
  async remove(sessionId: string): Promise<RemovedRows> {
    const { executor, sql, own, supports, call } = this.#parts;
    const removed = await call(() =>
      executor.atomically(async (send) => {
        const isThere = (await send(sql.lockExisting(sessionId))).rows.length > 0;
        const affected = async (statement: string) => (await send(statement)).affectedRows;
        const metadata = supports.metadata ? await affected(own.removeDescription(sessionId)) : 0;
        if (!isThere) return metadata > 0 ? { ...NOTHING_REMOVED, metadata } : NOTHING_CHANGED;
        return {
          metadata,
          operations: supports.operations ? await affected(sql.removeOperations(sessionId)) : 0,
          messages: await affected(sql.removeAll(sessionId)),
          sessions: await affected(sql.removeSession(sessionId)),
        };
      }),
    );
    return removed ?? NOTHING_REMOVED;
  }

  async describe(
    sessionId: string,
    decide: DecideDescription,
    make: boolean,
  ): Promise<StoredConversation | undefined> {
    const { executor, sql, own, supports, createMetadata, call } = this.#parts;
    if (!supports.metadata) throw metadataMissing(createMetadata);
    const described = await call(() =>
      executor.atomically(async (send) => {
        await send(make ? own.makeSession(sessionId) : sql.lockExisting(sessionId));
        // where there may be no session to lock, its own row is; elsewhere that would be a gap, on which two calls deadlock
        const select = own.readDescription(sessionId);
        const [current] = (await send(executor.readsLock || !make ? `${select} FOR UPDATE` : select)).rows;
        const description = decide(current && descriptionOf(current));
        if (!description) return NOTHING_CHANGED;
        await send(own.writeDescription(sessionId, description));
        return (await send(own.get(sessionId))).rows;
      }),
    );
    const [row] = described ?? (await this.#read(own.get(sessionId))).rows;
    return row && conversationOf(row);
  }

  #read(statement: string): Promise<Answer> {
    return this.#parts.call(() => this.#parts.executor.run(statement));
  }
}

function conversationOf(row: Answer['rows'][number]): StoredConversation {
  const { id, createdAt, updatedAt, time, text } = row;
  return {
    id: String(id),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    time: String(time),
    ...(text !== null && { description: descriptionOf(row) }),
  };
}

function descriptionOf({ text, version }: Answer['rows'][number]): StoredDescription {
  return { text: String(text), version: Number(version) };
}

const NOTHING_REMOVED: RemovedRows = { operations: 0, messages: 0, metadata: 0, sessions: 0 };
