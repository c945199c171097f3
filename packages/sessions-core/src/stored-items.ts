import type { AgentInputItem } from '@openai/agents-core';
import { type Awaitable, whenReady } from './awaitable.js';
import type { Decide, SessionBackend, StoredRow } from './backend.js';
import { SessionError } from './errors.js';
import { encodeItems, type ItemCodec } from './item-codec.js';
import type { SessionHost } from './session.js';
import type { SessionWindow } from './window.js';
import { readWindow } from './window-reader.js';

/** Gets items out of the rows of one conversation, and deals with rows that are none. */
export class StoredItems {
  readonly #storedId: string;
  readonly #host: Pick<SessionHost, 'edit' | 'onCorruptItem' | 'warn'>;
  readonly #codec: ItemCodec;

  constructor(
    storedId: string,
    host: Pick<SessionHost, 'edit' | 'onCorruptItem' | 'warn'>,
    codec: ItemCodec,
  ) {
    this.#storedId = storedId;
    this.#host = host;
    this.#codec = codec;
  }

  /**
   * Reads until `wanted` items are there or the rows end. Where rows are skipped it goes on before the oldest row
   * it has seen, in pages that grow, so that a long run of unreadable rows costs few round trips.
   */
  read(
    backend: SessionBackend,
    wanted: number | undefined,
    pageSize: number | undefined,
    before?: string,
  ): Awaitable<AgentInputItem[]> {
    return whenReady(backend.read(this.#storedId, pageSize, before), (rows) => {
      const items = this.#decodeNewest(rows, wanted);
      const oldest = rows[0];
      if (wanted === undefined || pageSize === undefined || !oldest) return items;
      if (items.length === wanted || rows.length < pageSize) return items;
      const missing = wanted - items.length;
      return whenReady(this.read(backend, missing, Math.max(missing, 2 * pageSize), oldest.id), (older) => [
        ...older,
        ...items,
      ]);
    });
  }

  /** Reads what a window of the conversation shows, oldest first. */
  readWindow(backend: SessionBackend, window: SessionWindow): Awaitable<AgentInputItem[]> {
    return readWindow(
      window,
      (limit, before) => backend.read(this.#storedId, limit, before),
      (row) => this.decode(row, 'skipped'),
    );
  }

  /** Whether the newest items are these. */
  endsWith(backend: SessionBackend, texts: readonly string[]): Awaitable<boolean> {
    return whenReady(this.read(backend, texts.length, texts.length), (items) => {
      const newest = encodeItems(items);
      return newest.length === texts.length && newest.every((text, index) => text === texts[index]);
    });
  }

  /** The newest `wanted` items of the rows, oldest first. */
  #decodeNewest(rows: readonly StoredRow[], wanted = Number.POSITIVE_INFINITY): AgentInputItem[] {
    const items: AgentInputItem[] = [];
    for (let index = rows.length - 1; index >= 0 && items.length < wanted; index--) {
      const item = this.decode(rows[index] as StoredRow, 'skipped');
      if (item) items.push(item);
    }
    return items.reverse();
  }

  /** Pops the newest item. Rows that are none are removed on the way or, if the application wants it, refused. */
  pop(backend: SessionBackend): Awaitable<AgentInputItem | undefined> {
    const refuses = this.#host.onCorruptItem === 'throw';
    if (refuses && this.#host.edit) return this.#popByEdit(backend);
    return whenReady(refuses ? backend.read(this.#storedId, 1) : [], (newest) => {
      for (const row of newest) this.decode(row, 'skipped');
      return whenReady(backend.pop(this.#storedId), (row) => {
        if (!row) return undefined;
        return (
          this.decode(row, 'removed') ?? (this.#host.edit ? this.#popByEdit(backend) : this.pop(backend))
        );
      });
    });
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
    return whenReady(backend.edit(this.#storedId, asked, decide), () => {
      for (const row of passed) this.#warnOf(row, 'removed');
      return popped;
    });
  }

  /** The item of a row; for a row that is none, what `onCorruptItem` says. */
  decode(row: StoredRow, fate: 'skipped' | 'removed'): AgentInputItem | undefined {
    const item = this.#tryDecode(row);
    if (item) return item;
    if (this.#host.onCorruptItem === 'throw') throw corruptItem(row);
    this.#warnOf(row, fate);
    return undefined;
  }

  #tryDecode(row: StoredRow): AgentInputItem | undefined {
    try {
      return this.#codec.decode(row.text);
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
