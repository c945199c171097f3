import { NO_CONVERSATION } from '../ids/session-id.js';
import { tenantPrefix } from '../ids/tenant-id.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import type {
  ConversationCopy,
  ConversationVerbs,
  RemovedRows,
  StoredConversation,
} from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, isWholeNumber, type OptionCheck } from '../port/options.js';
import type { PreparedCall, SessionHost } from '../session/session-host.js';
import { storedIdOf } from '../session/stored-id.js';
import { cursorOf } from './cursor.js';
import { changeOf, type DescriptionHost, describedBy } from './described.js';
import { checkChange, type SessionChange } from './description.js';
import {
  type ErasedSessions,
  type ErasureHost,
  erase,
  isErasure,
  refusal,
  type SessionErasure,
} from './erasure.js';
import { filterOf, queryOf, type SessionFilter, type SessionListOptions } from './list-options.js';
import { hasRows } from './removed-rows.js';
import { type PageContent, type SessionInfo, SessionList } from './session-page.js';

/** What became of a conversation that was deleted. */
export interface DeletedSession {
  readonly id: string;
  /** Whether there was anything to delete. */
  readonly deleted: boolean;
  /**
   * How many rows went, by table: `sessions`, `messages` (items), `operations` (remembered operation ids), `metadata` (title
   * and metadata), `usage` (responses whose usage was recorded), `runs` (runs and their steps).
   */
  readonly removed: RemovedRows;
}

/** What `store.sessions.update` takes besides the change. */
export interface SessionUpdateOptions extends CallLimits {
  /** Changes only what has this `version`, so that nobody's update in between is lost. Default: whatever is there. */
  ifVersion?: number | undefined;
}

/** What `store.sessions.fork` takes besides the ids. */
export interface SessionForkOptions extends CallLimits {
  /** How many items are taken along, the oldest ones: choose the end of a turn. Default: all. */
  upTo?: number | undefined;
}

/** What `store.sessions.delete` takes besides an id. */
export interface SessionDeleteOptions extends CallLimits {
  /**
   * For how long nobody can begin the conversation again, in ms: a run that is under way then fails at its end with `SESSION_ERASED`
   * instead of bringing it back. Default 0: it begins it anew.
   */
  refuseFor?: number | undefined;
}

const DELETE_CHECKS: Readonly<Record<keyof SessionDeleteOptions, OptionCheck>> = {
  refuseFor: isWholeNumber(0),
  ...CALL_LIMIT_CHECKS,
};

const FORK_CHECKS: Readonly<Record<keyof SessionForkOptions, OptionCheck>> = {
  upTo: isWholeNumber(0),
  ...CALL_LIMIT_CHECKS,
};

const UPDATE_CHECKS: Readonly<Record<keyof SessionUpdateOptions, OptionCheck>> = {
  ifVersion: isWholeNumber(0),
  ...CALL_LIMIT_CHECKS,
};

type ConversationsHost = Pick<SessionHost, 'tenant' | 'perform'> & DescriptionHost;

/**
 * The conversations of a store as objects, without their items: `store.sessions`, and `store.scoped(tenant).sessions` for
 * those of one tenant. That of a store itself has the conversations without a tenant, which `store.session(id)` opens.
 *
 * Every call fails with `UNSUPPORTED` where `store.supports.conversations` is not true.
 */
export class Conversations {
  readonly #host: ConversationsHost;

  /** Use `store.sessions`. */
  constructor(host: ConversationsHost) {
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
    this.#checkFilter(options, () => queryOf(options, this.#host.tenant));
    const read = (after: string | undefined) =>
      this.#page(after === undefined ? options : { ...options, after });
    return new SessionList(read, options.after);
  }

  /**
   * One conversation, without its items.
   *
   * @param id - As for `session(id)` of the same store.
   * @param options - `signal` and `timeout` (ms) end the call, as they do in the methods of a session. So it is in all methods.
   * @returns `undefined` for one that is not there: it has no turn yet, or was cleared or deleted.
   * @throws TypeError for an id that no conversation can have. SessionError `UNSUPPORTED`, or as the database says.
   * @example
   * ```ts
   * const info = await store.sessions.retrieve('chat_123');
   * console.log(info?.updatedAt);
   * ```
   */
  retrieve(id: string, options: CallLimits = {}): Promise<SessionInfo | undefined> {
    return this.#host.perform('sessions.retrieve', () => {
      const storedId = this.#storedId(id);
      checkOptions('sessions.retrieve', options, CALL_LIMIT_CHECKS);
      const work = async (verbs: ConversationVerbs) => {
        const found = await verbs.get(storedId);
        return found && this.#info(found);
      };
      return { storedId, limits: options, work: withVerbs(work) };
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
      const wanted = this.#checkFilter(filter, () => filterOf(filter, this.#host.tenant));
      return {
        storedId: NO_CONVERSATION,
        limits: filter,
        work: withVerbs((verbs) => verbs.count(wanted)),
      };
    });
  }

  /**
   * Gives a conversation a title and metadata: any JSON, 64 kB together at most. The change is merged with what is there,
   * in one transaction under the conversation's lock. The time of its last turn stays as it is.
   *
   * A conversation that is not there is made, without items: an application may give a chat its title first.
   *
   * @param id - As for `session(id)` of the same store.
   * @param change - What is left out stays; `null` removes the title, or a key of the metadata.
   * @returns The conversation as it is now.
   * @throws TypeError for an id that no conversation can have, and for a change or option of another form. SessionError
   * `VERSION_CONFLICT` (another version than `ifVersion` is there), `ITEM_TOO_LARGE`, `UNSUPPORTED_VALUE` (what JSON cannot
   * say), `UNSUPPORTED` (`supports.metadata` is not true), `DECRYPTION_FAILED` or `CORRUPT_ITEM` (what is there cannot be
   * read), or as the database says.
   * @example
   * ```ts
   * const { version } = await store.sessions.update('chat_123', { title: 'Orders', metadata: { pinned: true } });
   * await store.sessions.update('chat_123', { metadata: { pinned: null } }, { ifVersion: version });
   * ```
   */
  update(id: string, change: SessionChange, options: SessionUpdateOptions = {}): Promise<SessionInfo> {
    return this.#host.perform('sessions.update', () => {
      const storedId = this.#storedId(id);
      checkOptions('sessions.update', options, UPDATE_CHECKS);
      const decide = changeOf(this.#host.codec(storedId), checkChange(change), options.ifVersion);
      const work = async (verbs: ConversationVerbs) => {
        const found = await verbs.describe?.(storedId, decide, true);
        if (found) return this.#info(found);
        throw new SessionError('UNSUPPORTED', 'This store keeps no titles and metadata of conversations.');
      };
      return { storedId, exclusive: true, limits: options, work: withVerbs(work) };
    });
  }

  /**
   * Gives a conversation another id, with its items, their times, title and metadata, and remembered operation ids, in one
   * transaction. A run that is under way on the old id adds its turn there, and so begins a conversation anew.
   *
   * In a store with `encryption` it is encrypted again, as keys depend on ids; a call that was stored under an operation id before and
   * is repeated after the renaming then fails with `OPERATION_CONFLICT`.
   *
   * @param id - As for `session(id)` of the same store.
   * @param newId - Another one, that no conversation has.
   * @returns The conversation under its new id.
   * @throws TypeError for an id that no conversation can have. SessionError `SESSION_MISSING`, `SESSION_EXISTS` (also where title
   * and metadata of a cleared conversation are there), `UNSUPPORTED` (`supports.copying` is not true), `DECRYPTION_FAILED` (there is
   * an item that no key opens), or as the database says. Nothing was changed then.
   * @example
   * ```ts
   * await store.sessions.rename('draft_7', 'chat_123');
   * ```
   */
  rename(id: string, newId: string, options: CallLimits = {}): Promise<SessionInfo> {
    return this.#host.perform('sessions.rename', () => {
      checkOptions('sessions.rename', options, CALL_LIMIT_CHECKS);
      return { ...this.#copy(id, newId, { move: true }), limits: options };
    });
  }

  /**
   * Makes a conversation of the items of another one, which stays as it is: to go on from the same beginning in two ways. Items keep
   * their order and times, and title and metadata are copied; the conversation itself is new. In one transaction, and in
   * the database: only where the store encrypts do the items come through this process, page by page, as keys depend on ids.
   *
   * @param id - As for `session(id)` of the same store.
   * @param newId - Another one, that no conversation has.
   * @returns The new conversation.
   * @throws As {@link rename} does, and TypeError for an unknown option.
   * @example
   * ```ts
   * await store.sessions.fork('chat_123', 'chat_123_again', { upTo: 4 });
   * ```
   */
  fork(id: string, newId: string, options: SessionForkOptions = {}): Promise<SessionInfo> {
    return this.#host.perform('sessions.fork', () => {
      checkOptions('sessions.fork', options, FORK_CHECKS);
      return { ...this.#copy(id, newId, { move: false, upTo: options.upTo }), limits: options };
    });
  }

  /**
   * Deletes a conversation: its items, its remembered operation ids, its title and metadata and itself, in one transaction. Unlike
   * `clearSession()` it says what went. A run that is under way adds its turn at its end, and so begins it anew: `refuseFor` is
   * against that.
   *
   * @param id - As for `session(id)` of the same store.
   * @throws TypeError for an id that no conversation can have, and for an unknown option. SessionError `UNSUPPORTED`, or as the
   * database says.
   * @example
   * ```ts
   * const { deleted, removed } = await store.sessions.delete('chat_123');
   * console.log(deleted ? `${removed.messages} items are gone` : 'there was none');
   * ```
   */
  delete(id: string, options?: SessionDeleteOptions): Promise<DeletedSession>;
  /**
   * Erases conversations: no row of any table of ours is left of them, and for an hour (`refuseFor`) a run that is still under
   * way cannot bring one back: it fails with `SESSION_ERASED`. One after the other, at most 1,000 items in a transaction, so that
   * no other call waits for long. Where it was cut off, call it again: it goes on with what is left.
   *
   * @param erasure - Their `ids`, or the `tenant` of whom all are erased.
   * @returns What was removed by this call.
   * @throws TypeError for an id or tenant that cannot be, for a tenant of whom this is not the store, for an unknown option.
   * SessionError `UNSUPPORTED` (`supports.erasure` is not true, and `refuseFor` not 0), or as the database says. What was
   * removed before stays removed.
   * @example
   * ```ts
   * const { conversations, removed } = await store.sessions.delete({ tenant: 'acme' });
   * console.log(`${conversations} conversations with ${removed.messages} items are gone`);
   * ```
   */
  delete(erasure: SessionErasure): Promise<ErasedSessions>;
  delete(
    which: string | SessionErasure,
    options: SessionDeleteOptions = {},
  ): Promise<DeletedSession | ErasedSessions> {
    if (isErasure(which)) return erase(this.#erasureHost(), which);
    const id = which;
    return this.#host.perform('sessions.delete', () => {
      const storedId = this.#storedId(id);
      checkOptions('sessions.delete', options, DELETE_CHECKS);
      const { refuseFor = 0 } = options;
      const work = async (verbs: ConversationVerbs) => {
        if (refuseFor > 0) await refusal(verbs, storedId, refuseFor);
        const removed = await verbs.remove(storedId);
        return { id, deleted: hasRows(removed), removed };
      };
      return { storedId, limits: options, work: withVerbs(work) };
    });
  }

  #erasureHost(): ErasureHost {
    return {
      tenant: this.#host.tenant,
      storedId: (id) => this.#storedId(id),
      call: (storedId, work) =>
        this.#host.perform('sessions.delete', () => ({
          storedId: storedId ?? NO_CONVERSATION,
          work: (backend) => withVerbs((verbs) => work(verbs, backend))(backend),
        })),
    };
  }

  #copy(id: string, newId: string, how: ConversationCopy): PreparedCall<SessionInfo> {
    const [storedId, otherId] = [this.#storedId(id), this.#storedId(newId)];
    const [codec, other] = [this.#host.codec(storedId), this.#host.codec(otherId)];
    const rewrite = codec.moved && ((text: string) => codec.moved?.(text, other) ?? text);
    const work = async (verbs: ConversationVerbs) => {
      if (!verbs.copy)
        throw new SessionError('UNSUPPORTED', 'This store cannot rename and fork conversations.');
      const outcome =
        storedId === otherId ? 'taken' : await verbs.copy(storedId, otherId, { ...how, rewrite });
      if (outcome === 'missing')
        throw new SessionError(
          'SESSION_MISSING',
          'There is no conversation with the first id. Nothing was changed.',
        );
      if (outcome === 'taken') {
        throw new SessionError(
          'SESSION_EXISTS',
          'There is a conversation with the new id, or a cleared one has its title and metadata still. Take another id, or ' +
            'delete that one first. Nothing was changed.',
        );
      }
      return this.#info(outcome);
    };
    return { storedId, otherId, exclusive: true, work: withVerbs(work) };
  }

  #page(options: SessionListOptions): Promise<PageContent> {
    return this.#host.perform('sessions.list', () => {
      const query = this.#checkFilter(options, () => queryOf(options, this.#host.tenant));
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
      return { storedId: NO_CONVERSATION, limits: options, work: withVerbs(work) };
    });
  }

  /** @throws SessionError `UNSUPPORTED` for what an encrypted store cannot look for. */
  #checkFilter<T>(filter: SessionFilter, wanted: () => T): T {
    const checked = wanted();
    if (filter.metadata !== undefined && this.#host.codec(NO_CONVERSATION).seal) {
      throw new SessionError(
        'UNSUPPORTED',
        'The metadata of this store are encrypted: the database cannot look for conversations by them.',
      );
    }
    return checked;
  }

  #storedId(id: string): string {
    return storedIdOf(id, this.#host.tenant, undefined)(undefined);
  }

  #info({ id, createdAt, updatedAt, description }: StoredConversation): SessionInfo {
    const { tenant } = this.#host;
    return {
      ...describedBy(this.#host, id, description),
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
