import type { AgentInputItem, Session } from '@openai/agents-core';
import { type Awaitable, whenReady } from './awaitable.js';
import type { Decide, SessionBackend, StoredRow } from './backend.js';
import { SessionError } from './errors.js';
import { decodeItem, encodeItems } from './item-codec.js';
import { normalizeLimit } from './limit.js';
import { checkSessionId } from './session-id.js';
import type { WarningReporter } from './warnings.js';

/** What a session needs of the store it belongs to. */
export interface SessionHost {
  /** What a row that cannot be read leads to. */
  readonly onCorruptItem: OnCorruptItem;
  /** Tells the application. */
  readonly warn: WarningReporter;
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
 */
export type OnCorruptItem = 'skip' | 'throw';

/** The calls of a session, by the SDK's names. */
export type SessionOperation = 'getItems' | 'addItems' | 'popItem' | 'clearSession';

/**
 * One conversation in a store: the SDK's `Session`. Made by {@link SessionStore.session}; holds no connection and
 * no state, so it may be made anew for each request.
 *
 * @example
 * ```ts
 * const result = await run(agent, 'Where is my order?', { session: store.session('chat_123') });
 * ```
 */
export class StoreSession implements Session {
  /** The id of the conversation. */
  readonly sessionId: string;
  readonly #host: SessionHost;

  /** @throws TypeError for an id that some database could not keep exactly. */
  constructor(sessionId: string, host: SessionHost) {
    checkSessionId(sessionId);
    this.sessionId = sessionId;
    this.#host = host;
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
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw`.
   */
  getItems(limit?: number): Promise<AgentInputItem[]> {
    return this.#host.perform('getItems', this.sessionId, () => {
      const wanted = normalizeLimit(limit);
      return (backend) => (wanted === 0 ? [] : this.#read(backend, wanted, wanted));
    });
  }

  /**
   * Adds a turn: all of its items or, if it fails, none, next to each other and after everything that was stored
   * before. Items are copied when the call is made. Nothing happens for an empty array.
   *
   * @param items - Oldest first.
   * @throws TypeError if `items` is not an array of plain objects.
   * @throws SessionError `UNSUPPORTED_VALUE` with the path of a value that could not be read back as it is;
   * nothing is stored then.
   */
  addItems(items: AgentInputItem[]): Promise<void> {
    return this.#host.perform('addItems', this.sessionId, () => {
      const texts = encodeItems(items);
      return (backend) => {
        if (texts.length === 0) return;
        return whenReady(backend.append([{ sessionId: this.sessionId, texts }]), () => undefined);
      };
    });
  }

  /**
   * Removes the newest item. However many callers there are, each item goes to one of them.
   *
   * @returns The item, or `undefined` if there is none.
   * @throws SessionError `CORRUPT_ITEM` if `onCorruptItem` is `throw` and the newest row is not an item.
   */
  popItem(): Promise<AgentInputItem | undefined> {
    return this.#host.perform('popItem', this.sessionId, () => (backend) => {
      if (this.#host.onCorruptItem === 'throw') return this.#popByEdit(backend);
      return whenReady(backend.pop(this.sessionId), (row) => {
        if (!row) return undefined;
        const item = this.#decode(row, 'removed');
        return item ?? this.#popByEdit(backend);
      });
    });
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
   * Reads until `wanted` items are there or the rows end. Where rows are skipped it goes on before the oldest row
   * it has seen, in pages that grow, so that a long run of unreadable rows costs few round trips.
   */
  #read(
    backend: SessionBackend,
    wanted: number | undefined,
    pageSize: number | undefined,
    before?: string,
  ): Awaitable<AgentInputItem[]> {
    return whenReady(backend.read(this.sessionId, pageSize, before), (rows) => {
      const items = this.#decodeNewest(rows, wanted);
      const oldest = rows[0];
      if (wanted === undefined || pageSize === undefined || !oldest) return items;
      if (items.length === wanted || rows.length < pageSize) return items;
      const missing = wanted - items.length;
      return whenReady(this.#read(backend, missing, Math.max(missing, 2 * pageSize), oldest.id), (older) => [
        ...older,
        ...items,
      ]);
    });
  }

  /** The newest `wanted` items of the rows, oldest first. */
  #decodeNewest(rows: readonly StoredRow[], wanted = Number.POSITIVE_INFINITY): AgentInputItem[] {
    const items: AgentInputItem[] = [];
    for (let index = rows.length - 1; index >= 0 && items.length < wanted; index--) {
      const item = this.#decode(rows[index] as StoredRow, 'skipped');
      if (item) items.push(item);
    }
    return items.reverse();
  }

  /** Pops under the session's lock, where a row may have to be refused or many have to be passed over. */
  #popByEdit(backend: SessionBackend): Awaitable<AgentInputItem | undefined> {
    let asked = 1;
    let popped: AgentInputItem | undefined;
    let passed: StoredRow[] = [];
    const decide: Decide = (rows) => {
      passed = [];
      popped = undefined;
      for (const row of rows.toReversed()) {
        popped = this.#tryDecode(row);
        if (popped) return { remove: [...passed.map(({ id }) => id), row.id] };
        if (this.#host.onCorruptItem === 'throw') throw corruptItem(row);
        passed.push(row);
      }
      if (rows.length < asked) return { remove: passed.map(({ id }) => id) };
      asked *= 16;
      return { need: asked };
    };
    return whenReady(backend.edit(this.sessionId, asked, decide), () => {
      for (const row of passed) this.#warnOf(row, 'removed');
      return popped;
    });
  }

  /** The item of a row; for a row that is none, what `onCorruptItem` says. */
  #decode(row: StoredRow, fate: 'skipped' | 'removed'): AgentInputItem | undefined {
    const item = this.#tryDecode(row);
    if (item) return item;
    if (this.#host.onCorruptItem === 'throw') throw corruptItem(row);
    this.#warnOf(row, fate);
    return undefined;
  }

  #tryDecode(row: StoredRow): AgentInputItem | undefined {
    try {
      return decodeItem(row.text);
    } catch {
      return undefined; // not an item: the caller decides what that means
    }
  }

  #warnOf(row: StoredRow, fate: 'skipped' | 'removed'): void {
    this.#host.warn({
      code: 'CORRUPT_ITEM',
      message: `The row with id ${row.id} in the messages table is not an item and was ${fate}.`,
      rowId: row.id,
    });
  }
}

function corruptItem(row: StoredRow): SessionError {
  return new SessionError(
    'CORRUPT_ITEM',
    `The row with id ${row.id} in the messages table is not an item. Repair or delete it, or open the store with ` +
      "onCorruptItem: 'skip'.",
    { rowId: row.id },
  );
}
