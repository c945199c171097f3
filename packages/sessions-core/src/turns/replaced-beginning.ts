import type { AgentInputItem } from '@openai/agents-core';
import { copyItems } from '../items/copied-items.js';
import { encodeItems, type ItemCodec } from '../items/item-codec.js';
import type { HistoryPatch, StoredRow } from '../port/backend.js';
import { isMadeByModel, validItems } from '../window/item-partners.js';
import { partnerGroups } from '../window/partner-groups.js';
import { changed, type DecideChange, readable } from './history-changes.js';

/**
 * Puts other items in the place of the oldest ones, if these are what the caller read. What was added after them stays
 * behind, and with it what no model takes it without: the call that a late result belongs to.
 */
export function replaceBeginningBy(
  expected: readonly AgentInputItem[],
  given: readonly AgentInputItem[],
  codec: ItemCodec,
): DecideChange<undefined> {
  const items = copyItems(given);
  const fresh = codec.encode(items);
  const read = codec.asRead?.(items) ?? items;
  const wanted = encodeItems(expected);
  return ({ rows, reader, areAll }) => {
    if (!areAll) return { need: 'all' };
    const found = readable(rows, reader);
    const all = found.map(({ item }) => item);
    codec.afterRead?.(all);
    const begin = encodeItems(all.slice(0, wanted.length));
    if (begin.length < wanted.length || !begin.every((text, index) => text === wanted[index]))
      throw changed('The conversation no longer begins with these items.');
    const ids = found.slice(0, wanted.length).map(({ id }) => id);
    const texts = new Map(rows.map(({ id, text }) => [id, text]));
    const textOf = (id: string) => texts.get(id) as string;
    const needed = neededLater(all, wanted.length, read).map((index) => textOf(ids[index] as string));
    return { patch: atBeginning([...fresh, ...needed], ids, rows), result: undefined };
  };
}

/** Puts texts in the place of the rows with these ids, which are the first ones that give items. */
function atBeginning(
  texts: readonly string[],
  ids: readonly string[],
  rows: readonly StoredRow[],
): HistoryPatch {
  const first = ids.length - texts.length;
  if (first >= 0) {
    // the new items take the places right before what stays
    const update = texts.map((text, index) => ({ id: ids[first + index] as string, text }));
    return { remove: ids.slice(0, first), update };
  }
  const last = ids.at(-1);
  const staying = rows.slice(last === undefined ? 0 : rows.findIndex(({ id }) => id === last) + 1);
  const append = [...texts, ...staying.map(({ text }) => text)];
  return { remove: [...ids, ...staying.map(({ id }) => id)], append };
}

/**
 * The items before a place that those from there on need, though other items stand before them.
 *
 * @returns Their places.
 */
function neededLater(
  all: readonly AgentInputItem[],
  place: number,
  before: readonly AgentInputItem[],
): number[] {
  const staying = all.slice(place);
  const wasValid = validItems(all, false).slice(place);
  const isValid = validItems([...before, ...staying], false).slice(before.length);
  const lostHead = all[place - 1]?.type === 'reasoning' && staying[0] && isMadeByModel(staying[0]);
  const groups = partnerGroups(all);
  const lacking = new Set(
    staying.flatMap((_, index) => {
      const lacks = wasValid[index] && (!isValid[index] || (index === 0 && lostHead));
      return lacks ? [groups[place + index]] : [];
    }),
  );
  return [...all.keys()].filter((index) => index < place && lacking.has(groups[index]));
}
