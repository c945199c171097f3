import type {
  AgentInputItem,
  RunContext,
  Session,
  SessionHistoryRewriteArgs,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
import { type Awaitable, whenReady } from './awaitable.js';
import type { SessionBackend } from './backend.js';
import { type KeyedOperation, operationOf } from './digest.js';
import { SessionError } from './errors.js';
import { applyMutations, readMutations, replaceHistory } from './history-rewrite.js';
import {
  checkItems,
  loadItemCheck,
  operationConflict,
  readHistoryTransaction,
  replaceSuffix,
} from './history-transaction.js';
import { encodeItems, type ItemCodec } from './item-codec.js';
import { normalizeLimit } from './limit.js';
import { checkSessionId } from './session-id.js';
import { StoredItems } from './stored-items.js';
import type { WarningReporter } from './warnings.js';

/** What a session needs of the store it belongs to. */
export interface SessionHost {
  /** What a row that cannot be read leads to. */
  readonly onCorruptItem: OnCorruptItem;
  /** Tells the application. */
  readonly warn: WarningReporter;
  /** How the items of a conversation become texts. */
  codec(sessionId: string): ItemCodec;
  /** Whether sessions have the methods that change what is stored: the history transactions, mutations, compaction. */
  readonly edit: boolean;
  /** Whether operation ids are remembered: without it sessions have no `applyHistoryTransaction`. */
  readonly operations: boolean;
  /**
   * Whether the session is inside a transaction of the application. It has no `applyHistoryTransaction` there, which
   * waits for the SDK to be loaded: a synchronous transaction would be over by then.
   */
  readonly joined: boolean;
  /**
   * Makes one call. `prepare` runs at once and looks at the arguments; the function it returns does the work when
   * its turn has come, and is the only part that reaches the database.
   */
  perform<T>(
    operation: SessionOperation,
    sessionId: string,
    prepare: () => (backend: SessionBackend) => Awaitable<T>,
  ): Promise<T>;
}

/**
 * What to do about a row that is not an item. `skip`: reading leaves it out, popping removes it on the way, and
 * the application gets a warning. `throw`: both fail with `CORRUPT_ITEM` and change nothing.
 *
 * In a store that encrypts, a row that does not open among others that do: `skip` leaves it out with a warning and
 * never removes it; with `throw` calls fail with `DECRYPTION_FAILED`. If no row opens they do so in any case.
 */
export type OnCorruptItem = 'skip' | 'throw';

/** What `addItems` takes besides the items. */
export interface AddItemsOptions {
  /** Any text that is not blank and names this call alone, the same when it is repeated. */
  operationId?: string;
}

/** The calls of a session, by the SDK's names. */
export type SessionOperation =
  | 'getItems'
  | 'addItems'
  | 'popItem'
  | 'clearSession'
  | 'applyHistoryTransaction'
  | 'applyHistoryMutations'
  | 'replaceHistoryWithCompaction';

const REWRITES = ['applyHistoryMutations', 'replaceHistoryWithCompaction'] as const;

/**
 * One conversation in a store: the SDK's `Session`. Made by {@link SessionStore.session}; holds no connection and
 * no state, so it may be made anew for each request.
 *
 * @example
 * ```ts
 * const result = await run(agent, 'Where is my order?', { session: store.session('chat_123') });
 * ```
 */
export class StoreSession
  implements Session, SessionHistoryTransactionAwareSession, SessionHistoryRewriteAwareSession
{
  /** The id of the conversation. */
  readonly sessionId: string;
  readonly #host: SessionHost;
  readonly #codec: ItemCodec;
  readonly #items: StoredItems;

  /** @throws TypeError for an id that some database could not keep exactly. */
  constructor(sessionId: string, host: SessionHost) {
    checkSessionId(sessionId);
    this.sessionId = sessionId;
    this.#host = host;
    this.#codec = host.codec(sessionId);
    this.#items = new StoredItems(sessionId, host, this.#codec);
    // The SDK's runner looks at the types of these methods alone: they are complete or they are not there.
    for (const name of host.edit ? [] : REWRITES) Object.defineProperty(this, name, { value: undefined });
    if (!host.edit || !host.operations || host.joined)
      Object.defineProperty(this, 'applyHistoryTransaction', { value: undefined });
  }

  /** The id of the conversation, without I/O. */
  getSessionId(): Promise<string> {
    return Promise.resolve(this.sessionId);
  }

  /**
   * Reads the conversation.
   *
   * @param limit - How many of the newest items; all if absent. Zero and less give none, fractions round up.
   * @returns Items, oldest first. They are fresh copies.
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw`; `DECRYPTION_FAILED` if no key fits.
   */
  getItems(limit?: number): Promise<AgentInputItem[]> {
    return this.#host.perform('getItems', this.sessionId, () => {
      const wanted = normalizeLimit(limit);
      return (backend) => (wanted === 0 ? [] : this.#items.read(backend, wanted, wanted));
    });
  }

  /**
   * Adds a turn: all of its items or, if it fails, none, next to each other and after everything that was stored
   * before. Items are copied when the call is made. Nothing happens for an empty array.
   *
   * @param items - Oldest first.
   * @param _runContext - What the SDK's runner passes; not used.
   * @param options - With an `operationId` the call can be repeated after an unknown outcome: the same items under
   * the same id are stored once.
   * @throws TypeError if `items` is not an array of plain objects.
   * @throws SessionError `UNSUPPORTED_VALUE` with the path of a value that could not be read back as it is;
   * `OPERATION_CONFLICT` if the operation id was used for something else; `UNSUPPORTED` for an operation id where
   * the store cannot remember it. Nothing is stored then.
   */
  addItems(
    items: AgentInputItem[],
    _runContext?: RunContext<unknown>,
    options: AddItemsOptions = {},
  ): Promise<void> {
    return this.#host.perform('addItems', this.sessionId, () => {
      const texts = this.#codec.encode(items);
      const operation = this.#operationOf(options, items);
      return (backend) =>
        texts.length === 0 && !operation ? undefined : this.#append(backend, texts, operation);
    });
  }

  /**
   * Removes the newest item. However many callers there are, each item goes to one of them.
   *
   * @returns The item, or `undefined` if there is none.
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw` and the newest row is not an item;
   * `DECRYPTION_FAILED` if no key fits. Nothing is removed then.
   */
  popItem(): Promise<AgentInputItem | undefined> {
    return this.#host.perform('popItem', this.sessionId, () => (backend) => this.#items.pop(backend));
  }

  /** Removes the conversation. The session stays usable and keeps its id. */
  clearSession(): Promise<void> {
    return this.#host.perform(
      'clearSession',
      this.sessionId,
      () => (backend) => backend.clear(this.sessionId),
    );
  }

  /**
   * Appends items, or replaces the newest ones if they still are what the caller expects, once for each operation
   * id: repeating the same call does nothing, however long the history has become since. The SDK's runner uses it
   * where a write may be repeated. Absent where the store cannot remember operations.
   *
   * @param args - The id of the operation and the transaction, as the SDK documents them.
   * @throws SessionError in the words of the SDK's `MemorySession`: `INVALID_TRANSACTION` for arguments or items
   * that the SDK does not accept, `SUFFIX_MISMATCH` if the newest items are others, `OPERATION_CONFLICT` if the id
   * was used for another transaction. Nothing is changed and nothing is recorded then.
   */
  applyHistoryTransaction(
    args: SessionHistoryTransactionArgs,
    _runContext?: RunContext<unknown>,
  ): Promise<void> {
    return this.#host.perform('applyHistoryTransaction', this.sessionId, () => {
      const transaction = readHistoryTransaction(args, this.#codec);
      return async (backend) => {
        const isItem = await loadItemCheck();
        checkItems(transaction, isItem);
        const { expectedSuffix, replacement, operation } = transaction;
        if (expectedSuffix.length === 0)
          return this.#append(backend, this.#codec.encode(replacement), operation);
        const decide = replaceSuffix(transaction, isItem, this.#codec);
        return this.#items.edit(backend, expectedSuffix.length, decide, operation);
      };
    });
  }

  /**
   * Rewrites stored function calls: of the calls with an id the first becomes the replacement and keeps its place,
   * the others go. All mutations take effect together or not at all.
   *
   * @param args - The mutations, in the order in which they are applied.
   */
  applyHistoryMutations(args: SessionHistoryRewriteArgs): Promise<void> {
    return this.#host.perform('applyHistoryMutations', this.sessionId, () => {
      const mutations = readMutations(args, this.#codec);
      return (backend) => {
        if (mutations.length === 0) return;
        return this.#items.edit(backend, 'all', applyMutations(mutations));
      };
    });
  }

  /**
   * Replaces the whole conversation, in one transaction: readers see the old items or the new ones. Items that stay
   * at its end keep their place and time.
   *
   * @param items - The new history, oldest first; the runner begins it with a compaction item.
   */
  replaceHistoryWithCompaction(items: AgentInputItem[], _runContext?: RunContext<unknown>): Promise<void> {
    return this.#host.perform('replaceHistoryWithCompaction', this.sessionId, () => {
      const decide = replaceHistory(items, this.#codec);
      return (backend) => this.#items.edit(backend, 'all', decide);
    });
  }

  #append(
    backend: SessionBackend,
    texts: readonly string[],
    operation: KeyedOperation | undefined,
  ): Awaitable<void> {
    return whenReady(backend.append([{ sessionId: this.sessionId, texts, operation }]), ([outcome]) => {
      if (outcome !== 'conflict') return;
      const [digest, ...formerDigests] = operation?.formerDigests ?? [];
      if (!operation || digest === undefined) throw operationConflict();
      // The id is recorded, so that nothing is stored: this asks whether a former key gave the digest beside it.
      return this.#append(backend, texts, { ...operation, digest, formerDigests });
    });
  }

  #operationOf(
    { operationId }: AddItemsOptions,
    items: readonly AgentInputItem[],
  ): KeyedOperation | undefined {
    if (operationId === undefined) return undefined;
    if (typeof operationId !== 'string' || operationId.trim() === '') {
      throw new TypeError('An operation id must be a text that is not blank.');
    }
    if (!this.#host.operations) {
      throw new SessionError(
        'UNSUPPORTED',
        'This store cannot remember operations: its side table is not there.',
      );
    }
    return operationOf(operationId, JSON.stringify(encodeItems(items)), this.#codec);
  }
}
