import type { AgentInputItem, RunContext, UserMessageItem } from '@openai/agents-core';
import type { ItemCodec } from '../items/item-codec.js';
import { whenReady } from '../port/awaitable.js';
import type { CallLimits } from '../port/call-limits.js';
import { checkOptions } from '../port/options.js';
import { type ChangedConversation, changeHistory } from '../turns/change-history.js';
import {
  type DecideChange,
  itemsOf,
  removeItemAt,
  replaceItemAt,
  replaceTurnBy,
  rewindTo,
} from '../turns/history-changes.js';
import {
  HISTORY_CHECKS,
  type HistoryItem,
  type HistoryOptions,
  type HistoryPage,
  idOf,
  TURN_CHECKS,
  type Turn,
  type TurnOptions,
  type TurnPage,
} from '../turns/history-item.js';
import { pendingRuns } from '../turns/pending-runs.js';
import { replaceBeginningBy } from '../turns/replaced-beginning.js';
import { StoredHistory } from '../turns/stored-history.js';
import { lookAgain } from '../watch/look-again.js';
import { DEFAULT_INTERVAL, WATCH_CHECKS, type WatchOptions } from '../watch/watch-options.js';
import { PagePlan } from '../window/window-reader.js';
import type { ConversationCalls } from './conversation-calls.js';
import type { SessionOperation } from './session-host.js';

/** How many items a watch reads at once. */
const WATCHED = 50;

/** How many of the newest rows a change looks at first. */
const FEW = 32;

/**
 * What a session has besides the SDK's `Session`: its items with times and turns, and changes of them. All of it is about
 * the whole conversation, whatever window the session has. Every change is one transaction, under the conversation's lock.
 *
 * Absent are `history`, `turns`, `items` and `watch` where `store.supports.history` is not true, and the changes where
 * `store.supports.edit` is not either; `replaceBeginning` needs `edit` alone.
 */
export class TurnSession {
  readonly #calls: ConversationCalls;

  constructor(calls: ConversationCalls) {
    this.#calls = calls;
  }

  /**
   * A part of the conversation with times and turns: the newest items, those before an item, or those after one.
   *
   * @param runContext - Only for a session that asks for its tenant: see `getItems`. So it is in all methods.
   * @throws TypeError for an unknown option. SessionError `NOT_FOUND` for a `before` or `after` that cannot be the id of an
   * item; `CORRUPT_ITEM` and `DECRYPTION_FAILED` as `getItems`.
   * @example
   * ```ts
   * const page = await session.history({ limit: 50 });
   * const older = page.hasMore ? await session.history({ limit: 50, before: page.data[0]?.id }) : undefined;
   * const { pending = [] } = await session.history({ pending: true }); // what runs of store.runs were given that have not ended
   * ```
   */
  history(options: HistoryOptions = {}, runContext?: RunContext<unknown>): Promise<HistoryPage> {
    return this.#calls.perform('history', runContext, {
      options,
      optionChecks: HISTORY_CHECKS,
      check: () => ({ ...options }),
      work: (backend, conversation, given) =>
        whenReady(this.#stored(conversation).page(backend, given), (page) => {
          if (!given.pending) return page;
          // afterwards: a run that ends between is among the items of the next page, and not twice on this one
          return whenReady(pendingRuns(backend, conversation.storedId, this.#calls.host), (pending) => ({
            ...page,
            pending,
          }));
        }),
    });
  }

  /**
   * The newest turns, or those before a turn. A turn begins at a user message; several user messages in a row are several
   * turns. What stands before the first user message is in no turn.
   *
   * @throws TypeError for an unknown option. SessionError as {@link history}.
   * @example
   * ```ts
   * const { data } = await session.turns({ limit: 10 });
   * for (const { input, createdAt } of data) console.log(createdAt.toISOString(), textOf(input));
   * ```
   */
  turns(options: TurnOptions = {}, runContext?: RunContext<unknown>): Promise<TurnPage> {
    return this.#calls.perform('turns', runContext, {
      options,
      optionChecks: TURN_CHECKS,
      check: () => ({ ...options }),
      work: (backend, conversation, given) => this.#stored(conversation).turns(backend, given),
    });
  }

  /**
   * All items, oldest first, read in pages that fit into memory however long the conversation is. Items that are added
   * meanwhile come too.
   *
   * @param options - `signal` ends the reading; `timeout` is that of each page.
   * @throws SessionError as {@link history}.
   * @example
   * ```ts
   * for await (const { item, createdAt } of session.items()) console.log(createdAt.toISOString(), JSON.stringify(item));
   * ```
   */
  async *items(
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): AsyncGenerator<HistoryItem, void, void> {
    const plan = new PagePlan();
    for (let before: readonly HistoryItem[] = []; ; ) {
      const { data, isLast } = await this.#calls.perform('items', runContext, {
        options,
        check: () => before,
        work: (backend, conversation, seen) => this.#stored(conversation).step(backend, plan, seen),
      });
      yield* data;
      if (isLast || data.length === 0) return;
      before = data;
    }
  }

  /**
   * All items and then, as they are committed, those to come, whoever adds them: this store, another process, the Python SDK. Each comes
   * once, in its order, without gaps. It goes on until the signal ends it or the loop is left, and holds the process meanwhile.
   *
   * What this store adds comes at once, what others add when the database is asked next: every `interval`, one statement, which reads
   * nothing where nothing is new. A database that cannot be reached is asked again for a minute. Items that are removed are not told,
   * and an item that takes the place of another (`replaceItem`, `replaceTurn`, a compaction) is told where it stands behind those that
   * were told.
   *
   * @throws TypeError for an unknown option. SessionError `NOT_FOUND` for an `after` that cannot be the id of an item; `CLOSED` when the
   * store is closed; `CORRUPT_ITEM` and `DECRYPTION_FAILED` as `getItems`.
   * @example
   * ```ts
   * for await (const { id, item } of session.watch({ after: lastEventId, signal: request.signal }))
   *   stream.write(`id: ${id}\ndata: ${JSON.stringify(item)}\n\n`);
   * ```
   */
  watch(
    options: WatchOptions = {},
    runContext?: RunContext<unknown>,
  ): AsyncGenerator<HistoryItem, void, void> {
    checkOptions('watch', options, WATCH_CHECKS);
    const { interval = DEFAULT_INTERVAL, signal } = options;
    const { host } = this.#calls;
    let last = options.after;
    let watched: string | undefined;
    const onNews = (wake: () => void) =>
      host.onWrite((storedId) => {
        if (storedId === watched) wake();
      });
    return lookAgain({ interval, signal, onNews }, () =>
      this.#calls.perform('watch', runContext, {
        options: { signal },
        check: ({ storedId }) => {
          watched = storedId;
        },
        work: (backend, conversation) =>
          whenReady(
            this.#stored(conversation).following(backend, last, WATCHED),
            ({ data, hasMore, ...read }) => {
              last = read.last;
              return { found: data, hasMore };
            },
          ),
      }),
    );
  }

  /**
   * Removes a turn and all that follows it, so that the conversation is what it was before the user said that.
   *
   * @param turn - A turn, or the id of its user message.
   * @returns What the user had said, to be edited or asked again.
   * @throws SessionError `NOT_FOUND` if there is no such user message. Nothing is changed then.
   * @example
   * ```ts
   * const question = await session.rewind(turn);
   * await run(agent, [question], { session }); // another answer to the same question
   * ```
   */
  rewind(
    turn: string | Pick<Turn, 'id'>,
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<UserMessageItem> {
    return this.#change('rewind', runContext, options, FEW, () => rewindTo(idOf(turn, 'rewind')));
  }

  /**
   * Puts other items in the place of the newest turn in one step: an answer that was made again, without a moment at which
   * readers see no answer. What both turns begin with, like the same question, keeps its place and time.
   *
   * @param turn - The newest turn, as it was read.
   * @param items - The whole new turn. It begins with a user message.
   * @throws SessionError `HISTORY_CHANGED` if somebody wrote after the turn, or changed it; `INVALID_HISTORY` if the items
   * would make no valid input for a model; what `addItems` throws. TypeError if they do not begin with a user message.
   * Nothing is changed then.
   * @example
   * ```ts
   * const { data: [turn] } = await session.turns({ limit: 1 });
   * await session.replaceTurn(turn, [turn.input, betterAnswer]);
   * ```
   */
  replaceTurn(
    turn: Pick<Turn, 'id' | 'items'>,
    items: AgentInputItem[],
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<void> {
    return this.#change('replaceTurn', runContext, options, lengthOf(turn), (codec) =>
      replaceTurnBy(turn, items, codec),
    );
  }

  /**
   * Removes one item, and with it what no model takes without it: a call goes with its results and a result with its call, a
   * reasoning item with the item that follows it, and that item with it.
   *
   * @param item - An entry of the history, or its id.
   * @returns All items that were removed, oldest first.
   * @throws SessionError `NOT_FOUND` if there is no such item. Nothing is changed then.
   * @example
   * ```ts
   * const removed = await session.removeItem(entry);
   * console.log(`${removed.length} items are gone`);
   * ```
   */
  removeItem(
    item: string | Pick<HistoryItem, 'id'>,
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<AgentInputItem[]> {
    return this.#change('removeItem', runContext, options, FEW, () => removeItemAt(idOf(item, 'removeItem')));
  }

  /**
   * Puts another item in the place of one. It keeps the place and the time.
   *
   * @param item - An entry of the history, or its id.
   * @param replacement - The other item.
   * @throws SessionError `NOT_FOUND` if there is no such item; `INVALID_HISTORY` where a result would be left without its call,
   * a call without its result, or a reasoning item without what follows it; what `addItems` throws. Nothing is changed then.
   * @example
   * ```ts
   * await session.replaceItem(entry, { role: 'user', content: 'My number is [removed].' });
   * ```
   */
  replaceItem(
    item: string | Pick<HistoryItem, 'id'>,
    replacement: AgentInputItem,
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<void> {
    return this.#change('replaceItem', runContext, options, FEW, (codec) =>
      replaceItemAt(idOf(item, 'replaceItem'), replacement, codec),
    );
  }

  /**
   * Puts other items, such as a summary, in the place of the oldest ones, if these still are what was read. Turns that
   * others added meanwhile stay behind them: a slow summary loses nothing. Where a result was added meanwhile, its call
   * stays with it.
   *
   * @param expected - The items that the conversation began with when it was read, as `getItems(Infinity)` gave them.
   * @param items - What takes their place.
   * @throws SessionError `HISTORY_CHANGED` if the conversation does not begin with these items; what `addItems` throws. Nothing is
   * changed then.
   * @example
   * ```ts
   * const items = await session.getItems(Infinity);
   * await session.replaceBeginning(items, [{ role: 'system', content: await summaryOf(items) }]);
   * ```
   */
  replaceBeginning(
    expected: readonly AgentInputItem[],
    items: readonly AgentInputItem[],
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<void> {
    return this.#change('replaceBeginning', runContext, options, 'all', (codec) =>
      replaceBeginningBy(expected, items, codec),
    );
  }

  #stored({ storedId, codec }: Omit<ChangedConversation, 'host'>): StoredHistory {
    return new StoredHistory(storedId, codec, this.#calls.host);
  }

  #change<Result>(
    operation: SessionOperation,
    runContext: RunContext<unknown> | undefined,
    limits: CallLimits,
    last: number | 'all',
    decide: (codec: ItemCodec) => DecideChange<Result>,
  ): Promise<Result> {
    return this.#calls.perform(operation, runContext, {
      options: limits,
      check: ({ codec }) => decide(codec),
      work: (backend, { storedId, codec }, change) =>
        changeHistory(backend, { storedId, codec, host: this.#calls.host }, last, change),
    });
  }
}

function lengthOf(turn: Pick<Turn, 'items'>): number {
  try {
    return itemsOf(turn).length;
  } catch {
    return 1; // the change is refused, with the reason
  }
}
