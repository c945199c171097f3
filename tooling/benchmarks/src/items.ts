import { isDeepStrictEqual } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';

/** How many items a turn has. */
export const TURN_ITEMS = 4;

/** Quotes, a backslash, line ends and letters of two bytes: what texts of people have, and what has to be escaped. */
const PROSE = `said: "The parcel of Zoë left C:\\store on Monday.\nIt should be there – at the latest – on Friday." `;
/** With it an item is about 560 bytes of text. */
const FILLER = ` ${PROSE.repeat(6).slice(0, 520)}`;

function itemWith(text: string, place: number): AgentInputItem {
  return place % 2 === 0
    ? { type: 'message', role: 'user', content: text }
    : { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] };
}

/** The JSON of the two kinds of items, cut where the mark stands. For filling tables by SQL alone. */
export const JSON_AROUND_MARK = [0, 1].map((place) => {
  const [before = '', after = ''] = JSON.stringify(itemWith(`@@${FILLER}`, place)).split('@@');
  return { before, after };
}) as [{ before: string; after: string }, { before: string; after: string }];

/** One item. Its text says where it belongs: conversation, turn and place in the turn. */
export function makeItem(conversation: string, turn: string | number, place: number): AgentInputItem {
  return itemWith(`${conversation}/${turn}/${place}${FILLER}`, place);
}

/** The items of a turn. */
export function makeTurn(conversation: string, turn: string | number): AgentInputItem[] {
  return Array.from({ length: TURN_ITEMS }, (_, place) => makeItem(conversation, turn, place));
}

/** The newest `count` items of a conversation with the turns 0 to `turns` - 1. */
export function newestItems(conversation: string, turns: number, count: number): AgentInputItem[] {
  const items = turns * TURN_ITEMS;
  return Array.from({ length: Math.min(count, items) }, (_, index) => {
    const position = items - Math.min(count, items) + index;
    return makeItem(conversation, Math.floor(position / TURN_ITEMS), position % TURN_ITEMS);
  });
}

/** Whether two lists hold the same items in the same order. */
export const sameItems = (one: readonly unknown[], other: readonly unknown[]) =>
  isDeepStrictEqual(one, other);

/** What was read back is not what was written. The message says how, and holds no item. */
export class WrongAnswer extends Error {
  override name = 'WrongAnswer';
}

/**
 * Compares what was read with what should be there: how many, in which order, and every value.
 *
 * @throws WrongAnswer `lost`, `too many`, `wrong order`, `changed`
 */
export function checkItems(actual: readonly unknown[], expected: readonly AgentInputItem[]): void {
  if (sameItems(actual, expected)) return;
  if (actual.length < expected.length)
    throw new WrongAnswer(`lost: ${actual.length} of ${expected.length} items came back`);
  if (actual.length > expected.length)
    throw new WrongAnswer(`too many: ${actual.length} items came back instead of ${expected.length}`);
  const texts = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item));
  const sorted = sameItems(texts(actual).toSorted(), texts(expected).toSorted());
  if (sorted) throw new WrongAnswer('wrong order');
  const marks = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item).match(MARK)?.[0]);
  if (sameItems(marks(actual), marks(expected)))
    throw new WrongAnswer('changed: the items differ in content');
  throw new WrongAnswer(
    `wrong items: ${marks(actual).slice(0, TURN_ITEMS)} instead of ${marks(expected).slice(0, TURN_ITEMS)}`,
  );
}

const MARK = /[\w-]+\/[\w-]+\/\d+/;

/**
 * Checks a conversation to which several callers appended at the same time: every turn is there once and whole, and
 * those of one caller are in their order.
 *
 * @param turns - What each caller appended, in order.
 * @throws WrongAnswer `torn turn` besides what {@link checkItems} throws.
 */
export function checkInterleaved(
  items: readonly AgentInputItem[],
  conversation: string,
  turns: readonly (readonly string[])[],
): void {
  const waiting = turns.map((caller) => [...caller]);
  const expected = turns.flat().length * TURN_ITEMS;
  if (items.length !== expected)
    throw new WrongAnswer(
      `${items.length < expected ? 'lost' : 'too many'}: ${items.length} items instead of ${expected}`,
    );
  for (let start = 0; start < items.length; start += TURN_ITEMS) {
    const [turn] = JSON.stringify(items[start]).match(MARK)?.[0].split('/').slice(1) ?? [];
    const caller = waiting.find((left) => left[0] === turn);
    if (turn === undefined || !caller)
      throw new WrongAnswer('torn turn, or turns of one caller in the wrong order');
    caller.shift();
    const actual = items.slice(start, start + TURN_ITEMS);
    if (!sameItems(actual, makeTurn(conversation, turn)))
      throw new WrongAnswer('torn turn: others stand inside it');
  }
}
