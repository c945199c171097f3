import type {
  AgentInputItem,
  RunContext,
  Session,
  SessionHistoryRewriteArgs,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
import { encodeItems, type ItemCodec } from '../items/item-codec.js';
import { type KeyedOperation, newOperation, operationOf, withRetention } from '../items/operations.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, type OptionCheck } from '../port/options.js';
import { answersEarlierCall } from '../window/item-partners.js';
import { type SessionWindow, windowOf } from '../window/window.js';
import { whenWrapped } from './compaction-wrapper.js';
import { applyMutations, readMutations, replaceHistory } from './history-rewrite.js';
import {
  checkItems,
  loadItemCheck,
  operationConflict,
  readHistoryTransaction,
  replaceSuffix,
} from './history-transaction.js';
import { normalizeLimit } from './limit.js';
import type { PreparedCall, SessionHost, SessionOperation } from './session-host.js';
import { SESSION_OPTION_CHECKS, type SessionOptions } from './session-options.js';
import { storedIdOf } from './stored-id.js';
import { StoredItems } from './stored-items.js';
import { TurnSession } from './turn-session.js';

/**
 * A {@link StoreSession} made with the option `tenant`. It has no `applyHistoryMutations`: the SDK passes no run context to
 * it, so that it could not ask for its tenant.
 *
 * @example
 * ```ts
 * const session: TenantSession = store.session('chat_123', { tenant: ({ context }) => context.tenant });
 * ```
 */
export type TenantSession = Omit<StoreSession, 'applyHistoryMutations'>;

/** The conversation that a call is about. */
interface Conversation {
  readonly storedId: string;
  readonly codec: ItemCodec;
  readonly items: StoredItems;
}

/** What `addItems` takes besides the items. */
export interface AddItemsOptions {
  /** Any text that is not blank and names this call alone, the same when it is repeated. */
  operationId?: string | undefined;
}

const REWRITES = ['applyHistoryMutations', 'replaceHistoryWithCompaction'] as const;

/**
 * One conversation in a store: the SDK's `Session`. Made by {@link SessionStore.session}. It holds no
 * connection and no items, only its id and options: make one for each request.
 *
 * @example
 * ```ts
 * const result = await run(agent, 'Where is my order?', { session: store.session('chat_123') });
 * ```
 */
export class StoreSession
  extends TurnSession
  implements Session, SessionHistoryTransactionAwareSession, SessionHistoryRewriteAwareSession
{
  /** The id of the conversation, as it was given. */
  readonly sessionId: string;
  /**
   * `true` for a session that asks for its tenant, absent for every other one: with it the SDK's runner hands its
   * run context to the methods.
   */
  declare readonly acceptsRunContext?: true;
  readonly #host: SessionHost;
  readonly #storedIdOf: (runContext: RunContext<unknown> | undefined) => string;
  #window: SessionWindow | undefined;
  /** That of the last call: most sessions have only one. */
  #conversation: Conversation | undefined;

  /** @throws TypeError for an id that some database could not keep exactly, and for an option that is not right. */
  constructor(sessionId: string, host: SessionHost, options: SessionOptions<never> = {}) {
    super({ host, perform: (...call) => this.#perform(...call) });
    checkOptions('session', options, SESSION_OPTION_CHECKS);
    this.#storedIdOf = storedIdOf(sessionId, host.tenant, options.tenant);
    this.sessionId = sessionId;
    this.#host = host;
    // The SDK's runner looks at the types of these methods alone: they are complete or they are not there.
    for (const name of host.edit ? [] : REWRITES) {
      // with a window it only appends
      if (name === 'replaceHistoryWithCompaction' && options.window) continue;
      Object.defineProperty(this, name, { value: undefined });
    }
    if (!host.edit || !host.operations || host.joined)
      Object.defineProperty(this, 'applyHistoryTransaction', { value: undefined });
    if (options.window) {
      this.#window = windowOf(options.window);
      whenWrapped(this, () => {
        this.#window = undefined;
      });
    }
    if (options.tenant) {
      Object.defineProperty(this, 'acceptsRunContext', { value: true, enumerable: true });
      // The SDK gives it no run context.
      Object.defineProperty(this, 'applyHistoryMutations', { value: undefined });
    }
  }

  /** The id of the conversation, as it was given, without I/O. It is the same for all tenants. */
  getSessionId(): Promise<string> {
    return Promise.resolve(this.sessionId);
  }

  /**
   * Reads the conversation.
   *
   * @param limit - How many of the newest items. If it is absent: the session's window, or all where it has none.
   * `Infinity` and `NaN` mean all; zero and less give none, fractions round up.
   * @param runContext - What the SDK's runner passes to a session that asks for its tenant; not used by others. So
   * it is in all methods: without it, and if no tenant is in it, they fail with `TENANT_MISSING` before anything is
   * read or written.
   * @returns Items, oldest first. They are fresh copies.
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw`; `DECRYPTION_FAILED` if no key fits. TypeError
   * if the window's `count` does not return a number of zero or more.
   */
  getItems(limit?: number, runContext?: RunContext<unknown>): Promise<AgentInputItem[]> {
    return this.#perform('getItems', runContext, ({ items }) => {
      const window = limit === undefined ? this.#window : undefined;
      if (window) return (backend) => items.readWindow(backend, window);
      const wanted = normalizeLimit(limit);
      return (backend) => (wanted === 0 ? [] : items.read(backend, wanted, wanted));
    });
  }

  /**
   * Adds a turn: all of its items or, if it fails, none, next to each other and after everything that was stored
   * before. Items are copied when the call is made. Nothing happens for an empty array.
   *
   * In a session with a window, items that answer calls of an earlier turn are stored once: the runner, which compares
   * what it reads before and after a write that was not acknowledged, cannot see them where the window hides them.
   *
   * @param items - Oldest first.
   * @param runContext - See {@link getItems}.
   * @param options - With an `operationId` the call can be repeated after an unknown outcome: the same items under
   * the same id are stored once.
   * @throws TypeError if `items` is not an array of plain objects; for an unknown option.
   * @throws SessionError `UNSUPPORTED_VALUE` with the path of a value that could not be read back as it is;
   * `OPERATION_CONFLICT` if the operation id was used for something else; `UNSUPPORTED` for an operation id where
   * the store cannot remember it. Nothing is stored then.
   */
  addItems(
    items: AgentInputItem[],
    runContext?: RunContext<unknown>,
    options: AddItemsOptions = {},
  ): Promise<void> {
    return this.#perform('addItems', runContext, ({ storedId, codec, items: stored }) => {
      checkOptions('addItems', options, ADD_ITEMS_CHECKS);
      const texts = codec.encode(items);
      const operation = this.#operationOf(options, items, codec);
      if (this.#window && options.operationId === undefined && answersEarlierCall(items)) {
        const plain = encodeItems(codec.asRead?.(items) ?? items);
        return (backend) =>
          whenReady(stored.endsWith(backend, plain), (repeated) =>
            repeated ? undefined : append(backend, storedId, texts, operation),
          );
      }
      return (backend) =>
        texts.length === 0 && options.operationId === undefined
          ? undefined
          : append(backend, storedId, texts, operation);
    });
  }

  /**
   * Removes the newest item. However many callers there are, each item goes to one of them.
   *
   * @returns The item, or `undefined` if there is none.
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw` and the newest row is not an item;
   * `DECRYPTION_FAILED` if no key fits; `UNSUPPORTED` in a store that must look at an item before it removes it
   * (`encryption`, or `onCorruptItem: 'throw'`) over a database without transactions. Nothing is removed then.
   */
  popItem(runContext?: RunContext<unknown>): Promise<AgentInputItem | undefined> {
    return this.#perform(
      'popItem',
      runContext,
      ({ items }) =>
        (backend) =>
          items.pop(backend),
    );
  }

  /** Removes the conversation. The session stays usable and keeps its id. */
  clearSession(runContext?: RunContext<unknown>): Promise<void> {
    return this.#perform(
      'clearSession',
      runContext,
      ({ storedId }) =>
        (backend) =>
          backend.clear(storedId),
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
    runContext?: RunContext<unknown>,
  ): Promise<void> {
    return this.#perform('applyHistoryTransaction', runContext, (conversation) => {
      const transaction = readHistoryTransaction(args, conversation.codec);
      return async (backend) => {
        const isItem = await loadItemCheck();
        checkItems(transaction, isItem);
        const { expectedSuffix, replacement } = transaction;
        const operation = this.#kept(transaction.operation);
        const { storedId, codec, items } = conversation;
        if (expectedSuffix.length === 0)
          return append(backend, storedId, codec.encode(replacement), operation);
        const decide = replaceSuffix(transaction, isItem, codec);
        return items.edit(backend, expectedSuffix.length, decide, operation);
      };
    });
  }

  /**
   * Rewrites stored function calls: of the calls with an id the first becomes the replacement and keeps its place,
   * the others go. All mutations take effect together or not at all. Absent in a session that asks for its tenant:
   * the SDK passes no run context here.
   *
   * @param args - The mutations, in the order in which they are applied.
   */
  applyHistoryMutations(args: SessionHistoryRewriteArgs): Promise<void> {
    return this.#perform('applyHistoryMutations', undefined, ({ codec, items }) => {
      const mutations = readMutations(args, codec);
      return (backend) => {
        if (mutations.length === 0) return;
        return items.edit(backend, 'all', applyMutations(mutations));
      };
    });
  }

  /**
   * Replaces the whole conversation, in one transaction: readers see the old items or the new ones. Items that stay
   * at its end keep their place and time.
   *
   * In a session with a window it removes nothing, as the model has not seen what the window hides: the items are
   * added at the end. The runner reads from the last compaction item on, so it is handed the same.
   *
   * @param items - The new history, oldest first; the runner begins it with a compaction item.
   */
  replaceHistoryWithCompaction(items: AgentInputItem[], runContext?: RunContext<unknown>): Promise<void> {
    return this.#perform('replaceHistoryWithCompaction', runContext, ({ storedId, codec, items: stored }) => {
      if (this.#window !== undefined || !this.#host.edit) {
        const texts = codec.encode(items);
        return (backend) => append(backend, storedId, texts, undefined);
      }
      const decide = replaceHistory(items, codec);
      return (backend) => stored.edit(backend, 'all', decide);
    });
  }

  #perform<T>(
    operation: SessionOperation,
    runContext: RunContext<unknown> | undefined,
    prepare: (conversation: Conversation) => PreparedCall<T>['work'],
  ): Promise<T> {
    return this.#host.perform(operation, () => {
      const conversation = this.#conversationOf(runContext);
      const work = prepare(conversation);
      return { storedId: conversation.storedId, exclusive: this.#window !== undefined, work };
    });
  }

  #conversationOf(runContext: RunContext<unknown> | undefined): Conversation {
    const storedId = this.#storedIdOf(runContext);
    if (this.#conversation?.storedId !== storedId) {
      const codec = this.#host.codec(storedId);
      this.#conversation = { storedId, codec, items: new StoredItems(storedId, this.#host, codec) };
    }
    return this.#conversation;
  }

  #kept(operation: KeyedOperation): KeyedOperation {
    return withRetention(operation, this.#host.operationRetentionDays);
  }

  #operationOf(
    { operationId }: AddItemsOptions,
    items: readonly AgentInputItem[],
    codec: ItemCodec,
  ): KeyedOperation | undefined {
    if (operationId === undefined)
      return this.#host.exactlyOnce && this.#host.operations ? this.#kept(newOperation()) : undefined;
    if (!this.#host.operations) {
      throw new SessionError(
        'UNSUPPORTED',
        'This store cannot remember operations: its side table is not there.',
      );
    }
    return this.#kept(operationOf(operationId, JSON.stringify(encodeItems(items)), codec));
  }
}

const ADD_ITEMS_CHECKS: Readonly<Record<keyof AddItemsOptions, OptionCheck>> = {
  operationId: (value) =>
    typeof value === 'string' && value.trim() !== '' ? undefined : 'a text that is not blank',
};

function append(
  backend: SessionBackend,
  storedId: string,
  texts: readonly string[],
  operation: KeyedOperation | undefined,
): Awaitable<void> {
  return whenReady(backend.append([{ sessionId: storedId, texts, operation }]), ([outcome]) => {
    if (outcome !== 'conflict') return;
    const [digest, ...formerDigests] = operation?.formerDigests ?? [];
    if (!operation || digest === undefined) throw operationConflict();
    // The id is recorded, so that nothing is stored: this asks whether a former key gave the digest beside it.
    return append(backend, storedId, texts, { ...operation, digest, formerDigests });
  });
}
