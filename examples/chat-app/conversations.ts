import { randomUUID } from 'node:crypto';
import { tenantSessionId } from '@stackone/sessions-core';
import type { AppDatabase } from './database.ts';

/** Whose conversations: nobody else's are found. */
export interface Who {
  readonly tenant: string;
  readonly user: string;
}

/** A line of the list. */
export interface ConversationLine {
  readonly id: string;
  /** `null` until the first message. */
  readonly title: string | null;
  /** ms since 1970. */
  readonly updatedAt: number;
}

/** How long a title made of a message may be. */
const TITLE_LENGTH = 60;

/** Which conversations there are: titles, owners and times. What was said is in the store. */
export class Conversations {
  readonly #db: AppDatabase;

  constructor(db: AppDatabase) {
    this.#db = db;
  }

  async create({ tenant, user }: Who): Promise<string> {
    const id = randomUUID();
    const { now } = this.#db;
    await this.#db.query(
      `INSERT INTO chat_conversations (tenant, id, owner, updated_at) VALUES ($1, $2, $3, ${now})`,
      [tenant, id, user],
    );
    return id;
  }

  /** Those of a user, the latest first. */
  list({ tenant, user }: Who): Promise<ConversationLine[]> {
    return this.#db.query(
      `SELECT id, title, updated_at AS "updatedAt" FROM chat_conversations
       WHERE tenant = $1 AND owner = $2 ORDER BY updated_at DESC, id`,
      [tenant, user],
    );
  }

  async find({ tenant, user }: Who, id: string): Promise<ConversationLine | undefined> {
    const [line] = await this.#db.query<ConversationLine>(
      `SELECT id, title, updated_at AS "updatedAt" FROM chat_conversations WHERE tenant = $1 AND owner = $2 AND id = $3`,
      [tenant, user, id],
    );
    return line;
  }

  /** Moves it to the top, and takes its title from the message if it has none. */
  async said({ tenant, user }: Who, id: string, text: string): Promise<void> {
    await this.#db.query(
      `UPDATE chat_conversations SET updated_at = ${this.#db.now}, title = coalesce(title, $4)
       WHERE tenant = $1 AND owner = $2 AND id = $3`,
      [tenant, user, id, Array.from(text).slice(0, TITLE_LENGTH).join('')],
    );
  }

  async rename({ tenant, user }: Who, id: string, title: string): Promise<boolean> {
    const rows = await this.#db.query(
      'UPDATE chat_conversations SET title = $4 WHERE tenant = $1 AND owner = $2 AND id = $3 RETURNING id',
      [tenant, user, id, title],
    );
    return rows.length > 0;
  }

  async remove({ tenant, user }: Who, id: string): Promise<void> {
    await this.#db.query('DELETE FROM chat_conversations WHERE tenant = $1 AND owner = $2 AND id = $3', [
      tenant,
      user,
      id,
    ]);
  }

  /** When each item of a conversation was stored, in ms since 1970, oldest first: the items of a turn have one time. */
  async times({ tenant }: Who, id: string): Promise<number[]> {
    const rows = await this.#db.query<{ at: number }>(
      `SELECT ${this.#db.ms('created_at')} AS at FROM agent_messages WHERE session_id = $1 ORDER BY id`,
      [tenantSessionId(tenant, id)],
    );
    return rows.map(({ at }) => at);
  }
}
