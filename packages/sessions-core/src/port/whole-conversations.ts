import type { UsageRow } from './usage.js';

/** What is kept with a conversation besides its items. */
export interface StoredDescription {
  /** Its title and metadata, as only the store reads them. */
  readonly text: string;
  /** Which change of the description this is. */
  readonly version: number;
}

/** An operation that was recorded with a conversation. */
export interface RecordedOperation {
  readonly id: string;
  readonly digest: string;
  /** In whole ms since 1970. */
  readonly createdAt: number;
}

/** What one response used, as it is kept with a conversation. */
export interface RecordedUsage extends UsageRow {
  /** In whole ms since 1970. */
  readonly recordedAt: number;
  /** The place of the item that its turn begins with, among those of the conversation, from 0; absent where it is not known. */
  readonly turn?: number | undefined;
}

/** A conversation with all that is kept of it, as it was read elsewhere. */
export interface WholeConversation {
  readonly id: string;
  /** The tenant that its usage is counted for; empty where it has none. */
  readonly tenant: string;
  /** In whole ms since 1970. */
  readonly createdAt: number;
  /** In whole ms since 1970. */
  readonly updatedAt: number;
  /** Its items, oldest first, each with its time in whole ms since 1970. */
  readonly rows: readonly { readonly text: string; readonly createdAt: number }[];
  readonly description?: StoredDescription | undefined;
  /** Absent where there are none. */
  readonly operations?: readonly RecordedOperation[] | undefined;
  /** Absent where there is none. */
  readonly usage?: readonly RecordedUsage[] | undefined;
  /**
   * The last change of the conversation whose place it takes, in whole ms since 1970: all rows of that one are removed in the same
   * transaction. Nothing is written where its last change is another one by then. Absent for one that must not be there.
   */
  readonly replaces?: number | undefined;
}

/** A conversation with all that is kept of it, as it is read. */
export interface KeptConversation extends Omit<WholeConversation, 'rows' | 'tenant' | 'replaces'> {
  readonly rows: readonly { readonly id: string; readonly text: string; readonly createdAt: number }[];
}

/** Some conversations that were read at once. */
export interface KeptConversations {
  readonly found: readonly KeptConversation[];
  /** The ids of those that there was no room for; the first one is to be read next. */
  readonly left: readonly string[];
}

/**
 * What became of a conversation that was to be restored: `stored`; `taken` (there is one with its id, or the description of one
 * that was cleared, or the one that it was to replace has changed); `erased` (one with its id was erased a short time ago). Only the
 * first wrote something.
 */
export type RestoreOutcome = 'stored' | 'taken' | 'erased';

/** A row of some table, as one statement reads all that is kept of some conversations. Numbers may be texts. */
export interface KeptRow {
  readonly kind: 'session' | 'item' | 'operation' | 'usage';
  readonly session: string;
  /** The id of an item, an operation or a response; the version of a session's description, if it has one. */
  readonly key: string | number | null;
  /**
   * The text of an item or a description, the digest of an operation; of a response its numbers in their order, with a space after
   * each, and its model.
   */
  readonly text: string | null;
  /** In ms since 1970: when it was made. */
  readonly at: string | number;
  /** Of a session the time of its last change, in ms since 1970; of a response the id of the row that its turn begins with. */
  readonly more: string | number | null;
}

/**
 * The conversations of rows, as {@link KeptConversations} has them.
 *
 * @param sessionIds - Those that were asked for.
 * @param rows - What is kept of them. Items in the order of their conversations and then of their ids; all else in any order.
 * @param atMost - How many items there was room for: one more was asked for.
 * @example
 * ```ts
 * const rows = await ask(['chat_1', 'chat_2'], 1001);
 * const kept = keptConversations(['chat_1', 'chat_2'], rows, 1000);
 * ```
 */
export function keptConversations(
  sessionIds: readonly string[],
  rows: readonly KeptRow[],
  atMost = Infinity,
): KeptConversations {
  const parts = new Map<string, ConversationRows>(sessionIds.map((id) => [id, new ConversationRows()]));
  let items = 0;
  let last: string | undefined;
  for (const row of rows) {
    if (row.kind === 'item') {
      items++;
      last = row.session;
    }
    parts.get(row.session)?.add(row);
  }
  const isCut = items > atMost;
  // where rows were left out, those of the last one may be some of all, and those behind it have none
  const isWhole = (id: string) => !isCut || (id !== last && (parts.get(id)?.items.length ?? 0) > 0);
  const whole = sessionIds.filter(isWhole);
  return {
    found: whole.flatMap((id) => parts.get(id)?.conversation(id) ?? []),
    left: sessionIds
      .filter((id) => !isWhole(id))
      .sort((one, other) => Number(other === last) - Number(one === last)),
  };
}

/** The rows of one conversation. */
class ConversationRows {
  readonly items: { readonly id: string; readonly text: string; readonly createdAt: number }[] = [];
  readonly #operations: RecordedOperation[] = [];
  readonly #usage: KeptRow[] = [];
  #session: KeptRow | undefined;

  add(row: KeptRow): void {
    const { kind, key, text, at } = row;
    if (kind === 'item') this.items.push({ id: String(key), text: text ?? '', createdAt: Number(at) });
    else if (kind === 'operation')
      this.#operations.push({ id: String(key), digest: text ?? '', createdAt: Number(at) });
    else if (kind === 'usage') this.#usage.push(row);
    else this.#session = row;
  }

  /** @returns Nothing where it is not there. */
  conversation(id: string): KeptConversation | undefined {
    if (!this.#session) return undefined;
    const { key, text, at, more } = this.#session;
    const places =
      this.#usage.length > 0 ? new Map(this.items.map((item, place) => [item.id, place])) : undefined;
    return {
      id,
      createdAt: Number(at),
      updatedAt: Number(more),
      rows: this.items,
      ...(text !== null && { description: { text, version: Number(key) } }),
      ...(this.#operations.length > 0 && { operations: this.#operations.sort(byId) }),
      ...(places && { usage: this.#usage.map((row) => usageOf(row, places)).sort(byKey) }),
    };
  }
}

const byId = (one: RecordedOperation, other: RecordedOperation) => compared(one.id, other.id);
const byKey = (one: RecordedUsage, other: RecordedUsage) => compared(one.key, other.key);

function compared(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function usageOf({ key, text, at, more }: KeptRow, places: ReadonlyMap<string, number>): RecordedUsage {
  const [, numbers = '', model = ''] = /^((?:\d+ ){6})(.*)$/s.exec(text ?? '') ?? [];
  const [
    requests = 0,
    inputTokens = 0,
    outputTokens = 0,
    totalTokens = 0,
    cachedTokens = 0,
    reasoningTokens = 0,
  ] = numbers.split(' ').map(Number);
  const turn = more === null ? undefined : places.get(String(more));
  return {
    key: String(key),
    model,
    requests,
    inputTokens,
    outputTokens,
    totalTokens,
    cachedTokens,
    reasoningTokens,
    recordedAt: Number(at),
    ...(turn !== undefined && { turn }),
  };
}
