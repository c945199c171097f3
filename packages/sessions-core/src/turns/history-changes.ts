import type { AgentInputItem, UserMessageItem } from '@openai/agents-core';
import { copyItems } from '../items/copied-items.js';
import { canonicalText, type ItemCodec } from '../items/item-codec.js';
import type { RowReader } from '../items/row-reader.js';
import type { HistoryPatch, StoredRow } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import { isList, readArgument } from '../port/options.js';
import { answersEarlierCall, isUserMessage, validItems } from '../window/item-partners.js';
import { partnerGroups, withPartners } from '../window/partner-groups.js';
import type { HistoryItem, Turn } from './history-item.js';

/** The newest rows of a conversation as an edit sees them. */
interface NewestRows {
  readonly rows: readonly StoredRow[];
  readonly reader: RowReader;
  /** Whether these are all rows that there are. */
  readonly areAll: boolean;
}

/** What an edit answers: a change and what the caller gets, or that more rows have to be seen. */
type Change<Result> =
  | { readonly patch: HistoryPatch; readonly result: Result }
  | { readonly need: 'more' | 'all' };

/** Decides on a change by the newest rows. It keeps nothing from one call to the next. */
export type DecideChange<Result> = (newest: NewestRows) => Change<Result>;

/** Removes a user message and all that follows it, but for rows that no key opens. */
export function rewindTo(id: string): DecideChange<UserMessageItem> {
  return ({ rows, reader, areAll }) => {
    const at = rows.findIndex((row) => row.id === id);
    if (at < 0) return notYet(areAll);
    const input = reader.item(rows[at] as StoredRow);
    const remove = [id];
    for (const row of rows.slice(at + 1)) if (reader.read(row) !== 'unopened') remove.push(row.id);
    reader.check();
    if (!input || !isUserMessage(input)) throw notFound('turn');
    return { patch: { remove }, result: input as UserMessageItem };
  };
}

/** The entries of a turn that was read, in a list of their own. @throws TypeError for what is none. */
export function itemsOf(turn: Pick<Turn, 'items'>): readonly HistoryItem[] {
  const problem = 'replaceTurn: the first argument must be a turn, as turns() reads it.';
  const items = readArgument(problem, () => isList(turn.items) && turn.items.map((one) => ({ ...one })));
  if (items && items.length > 0) return items;
  throw new TypeError(problem);
}

/**
 * Puts other items in the place of the newest turn, if that is still what the caller read. Rows that both begin with stay.
 *
 * @throws TypeError, at once, where the items do not begin with a user message. SessionError `INVALID_HISTORY`, at once, where no
 * conversation could hold them.
 */
export function replaceTurnBy(
  turn: Pick<Turn, 'items'>,
  given: readonly AgentInputItem[],
  codec: ItemCodec,
): DecideChange<undefined> {
  const items = copyItems(given);
  if (!items[0] || !isUserMessage(items[0])) throw notATurn();
  const texts = codec.encode(items);
  const begins = (codec.asRead?.(items) ?? items).map(canonicalText);
  const expected = itemsOf(turn);
  const readsBefore = answersEarlierCall(items);
  if (!readsBefore && !validItems(items, false).every(Boolean)) throw invalidHistory();
  return ({ rows, reader, areAll }) => {
    const found = readable(rows, reader);
    const own = found.slice(-expected.length);
    const isSame = own.every(({ id, item }, index) => {
      const wanted = expected[index - own.length + expected.length];
      return id === wanted?.id && comparable(item, codec) === comparable(wanted.item, codec, item);
    });
    if (!isSame) throw changed('The turn is no longer the newest one, or no longer what it was.');
    if (own.length < expected.length) {
      if (areAll) throw changed('The turn is no longer there as it was.');
      return { need: 'more' };
    }
    if (readsBefore) {
      if (!areAll) return { need: 'all' };
      const before = found.slice(0, -expected.length).map(({ item }) => item);
      const isNew = (index: number) => index >= before.length;
      if (makesInvalid(before, [...before, ...items], isNew)) throw invalidHistory();
    }
    const other = own.findIndex(({ item }, index) => canonicalText(item) !== begins[index]);
    const kept = other < 0 ? own.length : other;
    const remove = own.slice(kept).map(({ id }) => id);
    return { patch: { remove, append: texts.slice(kept) }, result: undefined };
  };
}

const notATurn = () => new TypeError('replaceTurn: the items must begin with a user message.');

/** Removes an item, and what cannot be without it. */
export function removeItemAt(id: string): DecideChange<AgentInputItem[]> {
  return (newest) => {
    const found = findItem(id, newest);
    if ('need' in found) return found;
    const items = found.items.map(({ item }) => item);
    const going = withPartners(items, found.at);
    // what belongs to the oldest row that is seen may stand before it: its reasoning, say
    if (!newest.areAll && (going.has(0) || lacksPartner(items, going))) return { need: 'all' };
    const removed = found.items.filter((_, index) => going.has(index));
    return { patch: { remove: removed.map((one) => one.id) }, result: removed.map(({ item }) => item) };
  };
}

/** Puts another item in the place of one, if all that belongs to the one also belongs to the other. */
export function replaceItemAt(id: string, given: AgentInputItem, codec: ItemCodec): DecideChange<undefined> {
  const [item] = copyItems([given]) as [AgentInputItem];
  const [text = ''] = codec.encode([item]);
  return (newest) => {
    const found = findItem(id, newest);
    if ('need' in found) return found;
    const { at } = found;
    const before = found.items.map((one) => one.item);
    if (!newest.areAll && lacksPartner(before, new Set([at]))) return { need: 'all' };
    const after = before.with(at, item);
    if (
      !sameValues(partnersOf(before, at), partnersOf(after, at)) ||
      makesInvalid(before, after, (index) => index === at)
    ) {
      if (!newest.areAll) return { need: 'all' };
      throw invalidHistory();
    }
    return { patch: { update: [{ id, text }] }, result: undefined };
  };
}

/** An item and the id of its row. */
export interface PlacedItem {
  readonly id: string;
  readonly item: AgentInputItem;
}

/** The rows that give items, where they can be relied on. */
export function readable(rows: readonly StoredRow[], reader: RowReader): PlacedItem[] {
  const found = rows.flatMap((row) => {
    const item = reader.item(row);
    return item ? [{ id: row.id, item }] : [];
  });
  reader.check();
  return found;
}

/** An item among all items from the beginning of its turn on. */
function findItem(
  id: string,
  { rows, reader, areAll }: NewestRows,
): { readonly items: readonly PlacedItem[]; readonly at: number } | { readonly need: 'more' } {
  const items = readable(rows, reader);
  const at = items.findIndex((one) => one.id === id);
  if (at < 0) return notYet(areAll);
  const seesTurn = items.slice(0, at + 1).some(({ item }) => isUserMessage(item));
  return seesTurn || areAll ? { items, at } : { need: 'more' };
}

/** Whether some of the items belong to something that is not among the items. */
function lacksPartner(items: readonly AgentInputItem[], some: ReadonlySet<number>): boolean {
  const valid = validItems(items, false);
  return [...some].some((index) => !valid[index]);
}

/** Whether a change left something without what it needs. */
function makesInvalid(
  before: readonly AgentInputItem[],
  after: readonly AgentInputItem[],
  isNew: (index: number) => boolean,
): boolean {
  const wasValid = validItems(before, false);
  return validItems(after, false).some((valid, index) => !valid && (isNew(index) || wasValid[index]));
}

function partnersOf(items: readonly AgentInputItem[], at: number): number[] {
  const groups = partnerGroups(items);
  return [...items.keys()].filter((index) => groups[index] === groups[at]);
}

function sameValues(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

/** The text by which an item is compared. What a row leaves out depends on what else was read. */
function comparable(item: AgentInputItem, codec: ItemCodec, stored: AgentInputItem = item): string {
  return canonicalText(codec.isIncomplete?.(stored) ? (codec.incomplete?.(item) ?? item) : item);
}

function notYet(areAll: boolean): { readonly need: 'more' } {
  if (areAll) throw notFound('item');
  return { need: 'more' };
}

function notFound(what: 'item' | 'turn'): SessionError {
  return new SessionError(
    'NOT_FOUND',
    `The conversation has no ${what} with this id, perhaps no longer. Nothing was changed.`,
  );
}

/** The error for a conversation that is no longer what the caller had read. */
export function changed(how: string): SessionError {
  return new SessionError(
    'HISTORY_CHANGED',
    `${how} Nothing was changed. Read the conversation again, and decide anew.`,
  );
}

function invalidHistory(): SessionError {
  return new SessionError(
    'INVALID_HISTORY',
    'A call without what it belongs to would be left, or a reasoning item without what follows it, and no model takes ' +
      'that. Nothing was changed.',
  );
}
