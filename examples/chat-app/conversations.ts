import { randomUUID } from 'node:crypto';
import {
  isSessionError,
  type ScopedStore,
  type SessionInfo,
  type SessionPage,
  type SessionStore,
  type StoreSession,
} from '@stackone/sessions-core';
import { z } from 'zod';
import { ChatError } from './chat-error.ts';

/** Whose conversations: nobody else's are found. */
export interface Who {
  readonly tenant: string;
  readonly user: string;
}

/** How long a title made of a message may be. */
const TITLE_LENGTH = 60;

/** Which conversations there are. Each user has a scope of the store: what is not in it does not exist for them. */
export class Conversations {
  readonly #store: SessionStore;

  constructor(store: SessionStore) {
    this.#store = store;
  }

  async create(who: Who): Promise<string> {
    const id = randomUUID();
    await this.#scope(who).sessions.update(id, {});
    return id;
  }

  /**
   * Those of a user, the latest first.
   *
   * @param after - Where to go on: `nextCursor` of the page before.
   * @throws ChatError `bad-request` for another text.
   */
  async list(who: Who, after: string | undefined): Promise<SessionPage> {
    try {
      return await this.#scope(who).sessions.list({ limit: 50, after });
    } catch (error) {
      if (error instanceof TypeError) throw new ChatError(400, 'bad-request', 'There is no such page.');
      throw error;
    }
  }

  /** The ids of all of a user's, in an order that no turn changes. */
  all(who: Who): AsyncIterable<{ readonly id: string }> {
    return this.#scope(who).sessions.list({ by: 'id' });
  }

  async find(who: Who, id: string): Promise<SessionInfo | undefined> {
    if (!z.uuid().safeParse(id).success) return undefined; // it comes from outside
    return this.#scope(who).sessions.retrieve(id);
  }

  /** What was said in one of them. Find it first: a conversation that is not there would be begun. */
  session(who: Who, id: string): StoreSession {
    return this.#scope(who).session(id);
  }

  /** Takes the title from a message, if there is none. */
  async said(who: Who, conversation: SessionInfo, text: string): Promise<void> {
    if (conversation.title !== undefined) return;
    // if it has got a title meanwhile, that one stays
    await this.#update(who, conversation, Array.from(text).slice(0, TITLE_LENGTH).join(''));
  }

  /** @returns Whether there is such a conversation. */
  async rename(who: Who, id: string, title: string): Promise<boolean> {
    let found = await this.find(who, id);
    while (found && !(await this.#update(who, found, title))) found = await this.find(who, id);
    return found !== undefined;
  }

  async remove(who: Who, id: string): Promise<void> {
    await this.#scope(who).sessions.delete(id);
  }

  /**
   * Without the version, an update would make a conversation anew that was just removed.
   *
   * @returns Whether the conversation is still as it was found.
   */
  async #update(who: Who, { id, version }: SessionInfo, title: string): Promise<boolean> {
    try {
      await this.#scope(who).sessions.update(id, { title }, { ifVersion: version });
      return true;
    } catch (error) {
      if (isSessionError(error) && error.code === 'VERSION_CONFLICT') return false;
      throw error;
    }
  }

  #scope({ tenant, user }: Who): ScopedStore {
    return this.#store.scoped(`${tenant}/${user}`); // no name has a slash
  }
}
