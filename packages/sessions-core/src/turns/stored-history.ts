import type { AgentInputItem, UserMessageItem } from '@openai/agents-core';
import type { ItemCodec } from '../items/item-codec.js';
import { RowReader, type RowReaderHost } from '../items/row-reader.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { HistoryQuery, SessionBackend, StoredRow, TimedRow } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import { isUserMessage } from '../window/item-partners.js';
import { PagePlan } from '../window/window-reader.js';
import type {
  HistoryItem,
  HistoryOptions,
  HistoryPage,
  Turn,
  TurnOptions,
  TurnPage,
} from './history-item.js';

interface TimedItem {
  readonly id: string;
  readonly item: AgentInputItem;
  readonly createdAt: number;
}

/** Reads a conversation with places, times and turns. */
export class StoredHistory {
  readonly #storedId: string;
  readonly #codec: ItemCodec;
  readonly #host: RowReaderHost;

  constructor(storedId: string, codec: ItemCodec, host: RowReaderHost) {
    this.#storedId = storedId;
    this.#codec = codec;
    this.#host = host;
  }

  /** A page of items. */
  page(backend: SessionBackend, { before, after, limit = 50 }: HistoryOptions): Awaitable<HistoryPage> {
    const oldest = after !== undefined;
    const reader = this.#reader();
    const enough = (items: readonly TimedItem[]) => items.length > limit;
    const query = { oldest, before, after, limit: limit + 1 };
    return whenReady(
      this.#read(backend, reader, query, enough, () => limit + 1),
      (found) => {
        const shown = oldest ? found.slice(0, limit) : found.slice(-limit);
        const hasMore = found.length > limit;
        return whenReady(this.#withTurns(backend, reader, shown), (data) => ({ data, hasMore }));
      },
    );
  }

  /**
   * The items that stand after a place, from the oldest on.
   *
   * @param after - The id of a row; from the beginning on if absent.
   * @param limit - How many rows are read, at most.
   * @returns `last`: up to which row was read, whether that is an item or not.
   */
  following(
    backend: SessionBackend,
    after: string | undefined,
    limit: number,
  ): Awaitable<{
    readonly data: readonly HistoryItem[];
    readonly last: string | undefined;
    readonly hasMore: boolean;
  }> {
    if (!backend.history) throw unsupported();
    const reader = this.#reader();
    return whenReady(backend.history(this.#storedId, { limit, oldest: true, after }), (rows) =>
      whenReady(this.#withTurns(backend, reader, itemsIn(reader, rows)), (data) => ({
        data,
        last: rows.at(-1)?.id ?? after,
        hasMore: rows.length === limit,
      })),
    );
  }

  /** A page of turns. */
  turns(backend: SessionBackend, { before, limit = 20 }: TurnOptions): Awaitable<TurnPage> {
    const reader = this.#reader();
    const plan = new PagePlan();
    const count = (items: readonly TimedItem[]) => items.filter(({ item }) => isUserMessage(item)).length;
    const enough = (items: readonly TimedItem[]) => count(items) > limit;
    const query = { oldest: false, before, limit: plan.next() };
    const pageSize = (rows: readonly StoredRow[]) => {
      plan.note(rows);
      return plan.next();
    };
    return whenReady(this.#read(backend, reader, query, enough, pageSize), (found) => {
      const turns = turnsIn(this.#entries(reader, found, undefined));
      return { data: turns.slice(-limit), hasMore: turns.length > limit };
    });
  }

  /**
   * The next items from the beginning on, as many as fit well into memory.
   *
   * @param before - What the step before gave; nothing at the beginning.
   */
  step(
    backend: SessionBackend,
    plan: PagePlan,
    before: readonly HistoryItem[],
  ): Awaitable<{ readonly data: readonly HistoryItem[]; readonly isLast: boolean }> {
    const last = before.at(-1);
    const reader = this.#reader();
    const limit = plan.next();
    let rows = 0;
    const note = (read: readonly StoredRow[]) => {
      plan.note(read);
      rows = read.length;
      return limit;
    };
    const query = { oldest: true, after: last?.id, limit };
    return whenReady(
      this.#read(backend, reader, query, (items) => items.length > 0, note),
      (found) => {
        const between = before.map(({ item }) => item);
        return { data: this.#entries(reader, found, last?.turn, between), isLast: rows < limit };
      },
    );
  }

  /**
   * Reads on until there is enough or nothing more.
   *
   * @param pageSize - How many rows to read next, when these were read.
   * @returns Items, oldest first.
   */
  #read(
    backend: SessionBackend,
    reader: RowReader,
    query: HistoryQuery,
    enough: (items: readonly TimedItem[]) => boolean,
    pageSize: (rows: readonly TimedRow[]) => number,
    found: readonly TimedItem[] = [],
  ): Awaitable<readonly TimedItem[]> {
    if (!backend.history) throw unsupported();
    return whenReady(backend.history(this.#storedId, query), (rows) => {
      const items = itemsIn(reader, rows);
      const all = query.oldest ? [...found, ...items] : [...items, ...found];
      const size = pageSize(rows);
      const last = query.oldest ? rows.at(-1) : rows[0];
      if (!last || rows.length < query.limit || enough(all)) return all;
      const next = { ...query, limit: size, [query.oldest ? 'after' : 'before']: last.id };
      return this.#read(backend, reader, next, enough, pageSize, all);
    });
  }

  /** Finds out which turn the first of the items belongs to. */
  #withTurns(
    backend: SessionBackend,
    reader: RowReader,
    items: readonly TimedItem[],
  ): Awaitable<readonly HistoryItem[]> {
    const [first] = items;
    if (!first || isUserMessage(first.item)) return this.#entries(reader, items, undefined);
    return whenReady(this.#beginOfTurn(backend, reader, first.id, new PagePlan()), ({ turn, between }) =>
      this.#entries(reader, items, turn, between),
    );
  }

  /** The newest user message before a place, and the items between the two. */
  #beginOfTurn(
    backend: SessionBackend,
    reader: RowReader,
    before: string,
    plan: PagePlan,
  ): Awaitable<{ readonly turn: string | undefined; readonly between: readonly AgentInputItem[] }> {
    const limit = plan.next();
    return whenReady(backend.read(this.#storedId, limit, before), (rows) => {
      plan.note(rows);
      const between: AgentInputItem[] = [];
      for (const row of rows.toReversed()) {
        const item = reader.item(row);
        if (!item) continue;
        if (isUserMessage(item)) return { turn: row.id, between };
        between.unshift(item);
      }
      const oldest = rows.length < limit ? undefined : rows[0];
      if (!oldest) return { turn: undefined, between };
      return whenReady(this.#beginOfTurn(backend, reader, oldest.id, plan), (older) => ({
        turn: older.turn,
        between: [...older.between, ...between],
      }));
    });
  }

  /** Ends a reading: what the reader had to say comes before the items. */
  #entries(
    reader: RowReader,
    items: readonly TimedItem[],
    turnBefore: string | undefined,
    between: readonly AgentInputItem[] = [],
  ): HistoryItem[] {
    reader.check();
    reader.tell('skipped');
    this.#codec.afterRead?.([...between, ...items.map(({ item }) => item)]);
    let turn = turnBefore;
    return items.map(({ id, item, createdAt }) => {
      if (isUserMessage(item)) turn = id;
      return { id, item, createdAt: new Date(createdAt), ...(turn !== undefined && { turn }) };
    });
  }

  #reader(): RowReader {
    return new RowReader(this.#codec, this.#host);
  }
}

function itemsIn(reader: RowReader, rows: readonly TimedRow[]): TimedItem[] {
  return rows.flatMap((row) => {
    const item = reader.item(row);
    return item ? [{ id: row.id, item, createdAt: row.createdAt }] : [];
  });
}

/** The turns that begin among these items. */
function turnsIn(entries: readonly HistoryItem[]): Turn[] {
  const turns: (Turn & { items: HistoryItem[] })[] = [];
  for (const entry of entries) {
    const { id, item, createdAt } = entry;
    if (isUserMessage(item)) turns.push({ id, input: item as UserMessageItem, createdAt, items: [entry] });
    else turns.at(-1)?.items.push(entry);
  }
  return turns;
}

function unsupported(): SessionError {
  return new SessionError('UNSUPPORTED', 'This store cannot tell when its items were stored.');
}
