import { tenantPrefix } from '../ids/tenant-id.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import type { ConversationVerbs, RemovedRows, StoredConversation } from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import type { SessionHost } from '../session/session-host.js';
import { storedIdOf } from '../session/stored-id.js';
import { cursorOf } from './cursor.js';
import { filterOf, queryOf, type SessionFilter, type SessionListOptions } from './list-options.js';
import { type PageContent, type SessionInfo, SessionList } from './session-page.js';

/** What became of a conversation that was deleted. */
export interface DeletedSession {
  readonly id: string;
  /** Whether there was anything to delete. */
  readonly deleted: boolean;
  /** How many rows went, by table: `sessions`, `messages` (items), `operations` (remembered operation ids). */
  readonly removed: RemovedRows;
}

/** Calls that are for no conversation take turns with each other under this id, which no conversation has. */
const NO_CONVERSATION = '';

/**
 * The conversations of a store as objects, without their items: `store.sessions`, and `store.scoped(tenant).sessions` for
 * those of one tenant. That of a store itself has the conversations without a tenant, which `store.session(id)` opens.
 *
 * Every call fails with `UNSUPPORTED` where `store.supports.conversations` is not true.
 */
export class Conversations {
  readonly #host: Pick<SessionHost, 'tenant' | 'perform'>;

  /** Use `store.sessions`. */
  constructor(host: Pick<SessionHost, 'tenant' | 'perform'>) {
    this.#host = host;
  }

  /**
   * Lists conversations: the one that changed last first, unless asked otherwise. Await it for a page, or iterate over
   * all with `for await`.
   *
   * A conversation that stays as it is while pages are read comes exactly once. One that changes meanwhile moves in the
   * order `changed`: it comes again, or not at all if it moves past what was read. In the orders `created` and `id`
   * none does, so those are the ones to go through all conversations by.
   *
   * @throws TypeError for an unknown option, and for the cursor of another list. When it is read: SessionError
   * `UNSUPPORTED`, or as the database says.
   * @example
   * ```ts
   * const page = await store.sessions.list({ limit: 50 });
   * for (const { id, updatedAt } of page.data) console.log(id, updatedAt.toISOString());
   * if (page.hasNextPage()) console.log((await page.getNextPage()).data.length);
   * ```
   */
  list(options: SessionListOptions = {}): SessionList {
    queryOf(options, this.#host.tenant);
    const read = (after: string | undefined) =>
      this.#page(after === undefined ? options : { ...options, after });
    return new SessionList(read, options.after);
  }

  /**
   * One conversation, without its items.
   *
   * @param id - As for `session(id)` of the same store.
   * @returns `undefined` for one that is not there: it has no turn yet, or was cleared or deleted.
   * @throws TypeError for an id that no conversation can have. SessionError `UNSUPPORTED`, or as the database says.
   * @example
   * ```ts
   * const info = await store.sessions.retrieve('chat_123');
   * console.log(info?.updatedAt);
   * ```
   */
  retrieve(id: string): Promise<SessionInfo | undefined> {
    return this.#host.perform('sessions.retrieve', () => {
      const storedId = this.#storedId(id);
      const work = async (verbs: ConversationVerbs) => {
        const found = await verbs.get(storedId);
        return found && this.#info(found);
      };
      return { storedId, work: withVerbs(work) };
    });
  }

  /**
   * How many conversations there are. Reads all of them: not for every page of a list.
   *
   * @throws TypeError for an unknown option. SessionError `UNSUPPORTED`, or as the database says.
   * @example
   * ```ts
   * await store.sessions.count({ changedAfter: new Date(Date.now() - 86_400_000) }); // active since yesterday
   * ```
   */
  count(filter: SessionFilter = {}): Promise<number> {
    return this.#host.perform('sessions.count', () => {
      const wanted = filterOf(filter, this.#host.tenant);
      return { storedId: NO_CONVERSATION, work: withVerbs((verbs) => verbs.count(wanted)) };
    });
  }

  /**
   * Deletes a conversation: its items, its remembered operation ids and itself, in one transaction. Unlike
   * `clearSession()` it says what went. A run that is under way adds its turn at its end, and so begins it anew.
   *
   * @param id - As for `session(id)` of the same store.
   * @throws TypeError for an id that no conversation can have. SessionError `UNSUPPORTED`, or as the database says.
   * @example
   * ```ts
   * const { deleted, removed } = await store.sessions.delete('chat_123');
   * console.log(deleted ? `${removed.messages} items are gone` : 'there was none');
   * ```
   */
  delete(id: string): Promise<DeletedSession> {
    return this.#host.perform('sessions.delete', () => {
      const storedId = this.#storedId(id);
      const work = async (verbs: ConversationVerbs) => {
        const removed = await verbs.remove(storedId);
        return { id, deleted: Object.values(removed).some((rows) => rows > 0), removed };
      };
      return { storedId, work: withVerbs(work) };
    });
  }

  #page(options: SessionListOptions): Promise<PageContent> {
    return this.#host.perform('sessions.list', () => {
      const query = queryOf(options, this.#host.tenant);
      const work = async (verbs: ConversationVerbs) => {
        // one more than is shown tells whether there is a next page
        const found = await verbs.list({ ...query, limit: query.limit + 1 });
        const shown = found.slice(0, query.limit);
        const last = shown.at(-1);
        return {
          data: shown.map((one) => this.#info(one)),
          nextCursor: last && found.length > query.limit ? cursorOf(query, last) : undefined,
        };
      };
      return { storedId: NO_CONVERSATION, work: withVerbs(work) };
    });
  }

  #storedId(id: string): string {
    return storedIdOf(id, this.#host.tenant, undefined)(undefined);
  }

  #info({ id, createdAt, updatedAt }: StoredConversation): SessionInfo {
    const { tenant } = this.#host;
    return {
      id: tenant === undefined ? id : id.slice(tenantPrefix(tenant).length),
      createdAt: new Date(createdAt),
      updatedAt: new Date(updatedAt),
    };
  }
}

function withVerbs<T>(
  work: (verbs: ConversationVerbs) => Awaitable<T>,
): (backend: SessionBackend) => Awaitable<T> {
  return ({ conversations }) => {
    if (conversations) return work(conversations);
    throw new SessionError('UNSUPPORTED', 'This store cannot list, describe or delete conversations.');
  };
}
