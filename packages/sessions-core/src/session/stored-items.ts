import type { AgentInputItem } from '@openai/agents-core';
import { encodeItems, type ItemCodec } from '../items/item-codec.js';
import { RowReader } from '../items/row-reader.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { Decide, HistoryPatch, Operation, SessionBackend, StoredRow } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import type { SessionWindow } from '../window/window.js';
import { readWindow } from '../window/window-reader.js';
import type { SessionHost } from './session-host.js';

/** {@link Decide} with a reader for the rows it is shown. It keeps nothing from one call to the next. */
export type DecideOnItems = (
  rows: readonly StoredRow[],
  recordedDigest: string | undefined,
  reader: RowReader,
  asked: number | 'all',
) => HistoryPatch | { readonly need: number | 'all' };

/** Gets items out of the rows of one conversation, and deals with rows that are not items. */
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
    const reader = this.#reader();
    return whenReady(this.#read(reader, backend, wanted, pageSize, before), (items) =>
      this.#shown(items, reader),
    );
  }

  #read(
    reader: RowReader,
    backend: SessionBackend,
    wanted: number | undefined,
    pageSize: number | undefined,
    before?: string,
  ): Awaitable<AgentInputItem[]> {
    return whenReady(backend.read(this.#storedId, pageSize, before), (rows) => {
      const items = newestItems(reader, rows, wanted);
      const oldest = rows[0];
      if (wanted === undefined || pageSize === undefined || !oldest) return items;
      if (items.length === wanted || rows.length < pageSize) return items;
      const missing = wanted - items.length;
      const nextSize = Math.max(missing, 2 * pageSize);
      return whenReady(this.#read(reader, backend, missing, nextSize, oldest.id), (older) => [
        ...older,
        ...items,
      ]);
    });
  }

  /** Reads what a window of the conversation shows, oldest first. */
  readWindow(backend: SessionBackend, window: SessionWindow): Awaitable<AgentInputItem[]> {
    const reader = this.#reader();
    const items = readWindow(
      window,
      (limit, before) => backend.read(this.#storedId, limit, before),
      (row) => reader.item(row),
    );
    return whenReady(items, (window) => this.#shown(window, reader));
  }

  /** Whether the newest items are these. */
  endsWith(backend: SessionBackend, texts: readonly string[]): Awaitable<boolean> {
    return whenReady(this.read(backend, texts.length, texts.length), (items) => {
      const newest = encodeItems(items);
      return newest.length === texts.length && newest.every((text, index) => text === texts[index]);
    });
  }

  /** Edits the conversation, and warns of rows that were passed over once that is done. */
  edit(
    backend: SessionBackend,
    last: number | 'all',
    decide: DecideOnItems,
    operation?: Operation,
    fateOfCorruptRows: 'skipped' | 'removed' = 'skipped',
  ): Awaitable<void> {
    let reader = this.#reader();
    const decideOnItems: Decide = (rows, recordedDigest, asked) => {
      reader = this.#reader(); // it may be asked again
      return decide(rows, recordedDigest, reader, asked);
    };
    return whenReady(backend.edit(this.#storedId, last, decideOnItems, operation), () =>
      reader.tell(fateOfCorruptRows),
    );
  }

  /**
   * Pops the newest item. Rows that are not items are removed on the way or, if the application wants it, refused. Rows
   * that no key opens stay where they are. Where a row may have to be refused, that takes a transaction.
   */
  pop(backend: SessionBackend): Awaitable<AgentInputItem | undefined> {
    const refuses = this.#host.onCorruptItem === 'throw' || this.#codec.isSealed !== undefined;
    if (refuses) return this.#host.edit ? this.#popByEdit(backend) : cannotPop();
    return whenReady(backend.pop(this.#storedId), (row) => {
      if (!row) return undefined;
      const reader = this.#reader();
      const item = reader.item(row);
      reader.tell('removed');
      return item ?? (this.#host.edit ? this.#popByEdit(backend) : this.pop(backend));
    });
  }

  /** Pops under the session's lock, where a row may have to be refused or many have to be passed over. */
  #popByEdit(backend: SessionBackend): Awaitable<AgentInputItem | undefined> {
    let popped: AgentInputItem | undefined;
    const decide: DecideOnItems = (rows, _recorded, reader, asked) => {
      const remove: string[] = [];
      popped = undefined;
      for (const row of rows.toReversed()) {
        const result = reader.read(row);
        if (result === 'unopened') continue;
        remove.push(row.id);
        if (typeof result === 'string') continue;
        reader.check();
        popped = result;
        return { remove };
      }
      if (asked === 'all' || rows.length < asked) {
        reader.check();
        return { remove };
      }
      return { need: 16 * asked };
    };
    return whenReady(this.edit(backend, 1, decide, undefined, 'removed'), () => popped);
  }

  /** Ends a reading: what the reader had to say comes before the items. */
  #shown(items: AgentInputItem[], reader: RowReader): AgentInputItem[] {
    reader.check();
    reader.tell('skipped');
    this.#codec.afterRead?.(items);
    return items;
  }

  #reader(): RowReader {
    return new RowReader(this.#codec, this.#host);
  }
}

/** Between a look at the newest row and its removal another process may add one, which would then be lost unseen. */
function cannotPop(): never {
  throw new SessionError(
    'UNSUPPORTED',
    'popItem() must look at an item before it removes it, because of the options "encryption" and "onCorruptItem". ' +
      'This database cannot do both in one transaction. Nothing was removed.',
  );
}

/** The newest `wanted` items of the rows, oldest first. */
function newestItems(
  reader: RowReader,
  rows: readonly StoredRow[],
  wanted = Number.POSITIVE_INFINITY,
): AgentInputItem[] {
  const items: AgentInputItem[] = [];
  for (let index = rows.length - 1; index >= 0 && items.length < wanted; index--) {
    const item = reader.item(rows[index] as StoredRow);
    if (item) items.push(item);
  }
  return items.reverse();
}
