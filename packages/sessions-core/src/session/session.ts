import type {
  AgentInputItem,
  RunContext,
  Session,
  SessionHistoryRewriteArgs,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
import { copyItems } from '../items/copied-items.js';
import { encodeItems, type ItemCodec } from '../items/item-codec.js';
import { type KeyedOperation, newOperation, operationOf, withRetention } from '../items/operations.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { bytesOf } from '../port/backlog.js';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, isFilledText, type OptionCheck } from '../port/options.js';
import { answersEarlierCall } from '../window/item-partners.js';
import { windowOf } from '../window/window.js';
import { whenWrapped } from './compaction-wrapper.js';
import { ConversationCalls } from './conversation-calls.js';
import { applyMutations, readMutations, replaceHistory } from './history-rewrite.js';
import {
  checkItems,
  loadItemCheck,
  operationConflict,
  readHistoryTransaction,
  replaceSuffix,
} from './history-transaction.js';
import { normalizeLimit } from './limit.js';
import type { SessionHost } from './session-host.js';
import { removeAbsentMethods } from './session-methods.js';
import { SESSION_OPTION_CHECKS, type SessionOptions } from './session-options.js';
import { storedIdOf } from './stored-id.js';
import { UsageSession } from './usage-session.js';
import { wholeOutputs } from './whole-outputs.js';

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

// A symbol of the global registry: a session of the CommonJS copy may be handed to a store of the ESM copy.
const CALLS = Symbol.for('@stackone/sessions-core/calls');

/** How the calls of a session are made; `undefined` for what is no session of a store. */
export function callsOf(session: unknown): ConversationCalls | undefined {
  if (typeof session !== 'object' || session === null) return undefined;
  return (session as { readonly [CALLS]?: ConversationCalls })[CALLS];
}

/** What `addItems` takes besides the items. */
export interface AddItemsOptions extends CallLimits {
  /** Any text that is not blank and names this call alone, the same when it is repeated. */
  operationId?: string | undefined;
}

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
  extends UsageSession
  implements Session, SessionHistoryTransactionAwareSession, SessionHistoryRewriteAwareSession
{
  /** The id of the conversation, as it was given. */
  readonly sessionId: string;
  /**
   * `true` for a session that asks for its tenant, absent for every other one: with it the SDK's runner hands its
   * run context to the methods.
   */
  declare readonly acceptsRunContext?: true;
  readonly #calls: ConversationCalls;

  /** @throws TypeError for an id that some database could not keep exactly, and for an option that is not right. */
  constructor(sessionId: string, host: SessionHost, options: SessionOptions<never> = {}) {
    checkOptions('session', options, SESSION_OPTION_CHECKS);
    const storedId = storedIdOf(sessionId, host.tenant, options.tenant);
    const calls = new ConversationCalls(host, storedId, options.window && windowOf(options.window));
    super(calls);
    this.#calls = calls;
    Object.defineProperty(this, CALLS, { value: calls });
    this.sessionId = sessionId;
    removeAbsentMethods(this, host, options);
    if (options.window) {
      whenWrapped(this, () => {
        calls.window = undefined;
      });
    }
    if (options.tenant) Object.defineProperty(this, 'acceptsRunContext', { value: true, enumerable: true });
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
   * @param options - `signal` and `timeout` (ms) end the call. So it is in all methods: `ABORTED` means that nothing was
   * written, `OUTCOME_UNKNOWN` that the database was at work; `error.stage` says how far it had come.
   * @returns Items, oldest first. They are fresh copies.
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw`; `DECRYPTION_FAILED` if no key fits. TypeError
   * if the window's `count` does not return a number of zero or more.
   */
  getItems(
    limit?: number,
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<AgentInputItem[]> {
    return this.#calls.perform('getItems', runContext, {
      options,
      check: () => ({
        window: limit === undefined ? this.#calls.window : undefined,
        newest: normalizeLimit(limit),
      }),
      work: (backend, { items }, { window, newest }) => {
        if (window) return items.readWindow(backend, window);
        return newest === 0 ? [] : items.read(backend, newest, newest);
      },
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
   * the same id are stored once. `signal` and `timeout`: see {@link getItems}.
   * @throws TypeError if `items` is not an array of plain objects; for an unknown option.
   * @throws SessionError `UNSUPPORTED_VALUE` with the path of a value that could not be read back as it is;
   * `OPERATION_CONFLICT` if the operation id was used for something else; `UNSUPPORTED` for an operation id where
   * the store cannot remember it; `OVERLOADED` where too much waits to be stored. Nothing is stored then.
   */
  addItems(
    items: AgentInputItem[],
    runContext?: RunContext<unknown>,
    options: AddItemsOptions = {},
  ): Promise<void> {
    return this.#calls.perform('addItems', runContext, {
      options,
      optionChecks: ADD_ITEMS_CHECKS,
      check: ({ codec, items: stored }) => {
        const isNamed = options.operationId !== undefined;
        const encoded = (given: readonly AgentInputItem[]) => {
          const texts = codec.encode(given);
          const mayBeThere = this.#calls.window && !isNamed && answersEarlierCall(given);
          return { texts, there: mayBeThere ? encodeItems(codec.asRead?.(given) ?? given) : undefined };
        };
        const given = isNamed || this.#calls.window ? copyItems(items) : items;
        const turn = encoded(given);
        const operation = this.#operationOf(options, given, codec);
        const whole = wholeOutputs(given, stored, this.#calls.window);
        const turnOf = whole ? (backend: SessionBackend) => whenReady(whole(backend), encoded) : () => turn;
        return { given: turn.texts, turnOf, operation, nothing: turn.texts.length === 0 && !isNamed };
      },
      bytes: ({ given }) => bytesOf(given),
      work: (backend, { storedId, items: stored }, { turnOf, operation, nothing }) => {
        if (nothing) return;
        return whenReady(turnOf(backend), ({ texts, there }) =>
          whenReady(there ? stored.endsWith(backend, there) : false, (repeated) =>
            repeated ? undefined : append(backend, storedId, texts, operation),
          ),
        );
      },
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
  popItem(runContext?: RunContext<unknown>, options: CallLimits = {}): Promise<AgentInputItem | undefined> {
    return this.#calls.perform('popItem', runContext, {
      options,
      check: () => undefined,
      work: (backend, { items }) => items.pop(backend),
    });
  }

  /** Removes the conversation. The session stays usable and keeps its id. */
  clearSession(runContext?: RunContext<unknown>, options: CallLimits = {}): Promise<void> {
    return this.#calls.perform('clearSession', runContext, {
      options,
      check: () => undefined,
      work: (backend, { storedId }) => backend.clear(storedId),
    });
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
    options: CallLimits = {},
  ): Promise<void> {
    return this.#calls.perform('applyHistoryTransaction', runContext, {
      options,
      check: ({ codec }) => readHistoryTransaction(args, codec),
      bytes: ({ bytes }) => bytes,
      work: async (backend, { storedId, codec, items }, transaction) => {
        const isItem = await loadItemCheck();
        checkItems(transaction, isItem);
        const whole = wholeOutputs(transaction.replacement, items, this.#calls.window);
        const replacement = whole ? await whole(backend) : transaction.replacement;
        const { expectedSuffix } = transaction;
        const operation = this.#kept(transaction.operation);
        if (expectedSuffix.length === 0)
          return append(backend, storedId, codec.encode(replacement), operation);
        const decide = replaceSuffix({ ...transaction, replacement }, isItem, codec);
        return items.edit(backend, expectedSuffix.length, decide, operation);
      },
    });
  }

  /**
   * Rewrites stored function calls: of the calls with an id the first becomes the replacement and keeps its place,
   * the others go. All mutations take effect together or not at all. Absent in a session that asks for its tenant:
   * the SDK passes no run context here.
   *
   * @param args - The mutations, in the order in which they are applied.
   * @param _runContext - Not used: it stands there so that `options` have their place.
   */
  applyHistoryMutations(
    args: SessionHistoryRewriteArgs,
    _runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<void> {
    return this.#calls.perform('applyHistoryMutations', undefined, {
      options,
      check: ({ codec }) => readMutations(args, codec),
      work: (backend, { items }, mutations) =>
        mutations.length === 0 ? undefined : items.edit(backend, 'all', applyMutations(mutations)),
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
  replaceHistoryWithCompaction(
    items: AgentInputItem[],
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<void> {
    return this.#calls.perform('replaceHistoryWithCompaction', runContext, {
      options,
      check: ({ codec, items: stored }) => {
        const { window, host } = this.#calls;
        const given = copyItems(items);
        const texts = codec.encode(given);
        if (window === undefined && host.edit) return { texts, decide: replaceHistory(given, codec) };
        const whole = wholeOutputs(given, stored, window);
        const textsOf = (backend: SessionBackend) =>
          whole ? whenReady(whole(backend), (all) => codec.encode(all)) : texts;
        return { texts, textsOf };
      },
      bytes: ({ texts }) => bytesOf(texts),
      work: (backend, { storedId, items: stored }, { decide, textsOf }) =>
        decide
          ? stored.edit(backend, 'all', decide)
          : whenReady(textsOf(backend), (texts) => append(backend, storedId, texts, undefined)),
    });
  }

  #kept(operation: KeyedOperation): KeyedOperation {
    return withRetention(operation, this.#calls.host.operationRetentionDays);
  }

  #operationOf(
    { operationId }: AddItemsOptions,
    items: readonly AgentInputItem[],
    codec: ItemCodec,
  ): KeyedOperation | undefined {
    if (operationId === undefined)
      return this.#calls.host.exactlyOnce && this.#calls.host.operations
        ? this.#kept(newOperation())
        : undefined;
    if (!this.#calls.host.operations) {
      throw new SessionError(
        'UNSUPPORTED',
        'This store cannot remember operations: its side table is not there.',
      );
    }
    return this.#kept(operationOf(operationId, JSON.stringify(encodeItems(items)), codec));
  }
}

const ADD_ITEMS_CHECKS: Readonly<Record<keyof AddItemsOptions, OptionCheck>> = {
  operationId: isFilledText,
  ...CALL_LIMIT_CHECKS,
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
