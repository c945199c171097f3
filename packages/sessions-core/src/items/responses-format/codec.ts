import type { AgentInputItem } from '@openai/agents-core';
import { canonicalText, decodeItem, encodeItems, type ItemCodec, plainJson } from '../item-codec.js';
import { itemOf, rowOf } from './conversion.js';
import { applyDifference, difference } from './difference.js';
import { type Fields, isFields, isFilled, without } from './fields.js';
import { isUnnamedResult } from './function-calls.js';
import { isRow } from './row-shape.js';

/**
 * Where the Python SDK keeps what other providers say, and never sends. Under one key of ours in it a row carries
 * what only this SDK can say: the difference between the item that the row means and the item that was stored.
 */
const PROVIDER_DATA = 'provider_data';
const CARRIED = 'stackone_agents_js';

/**
 * The shape in which items are stored: as this SDK has them, or as the Responses API has them and the Python SDK
 * stores them.
 */
export type ItemFormat = 'agents-js' | 'responses';

/** The names of the formats. */
export const ITEM_FORMATS = ['agents-js', 'responses'] as const satisfies readonly ItemFormat[];

/** A codec for each format. All of them read rows of both. */
export const ITEM_CODECS: Readonly<Record<ItemFormat, ItemCodec>> = {
  'agents-js': codecOf(encodeItems),
  // an item that the API cannot say stays as this SDK has it
  responses: codecOf((items) =>
    encodeItems(items).map((text) => rowText(decodeItem(text) as unknown as Fields) ?? text),
  ),
};

function codecOf(encode: ItemCodec['encode']): ItemCodec {
  /** The results that were decoded from rows which do not say which tool gave them: their call's id is their name. */
  const unnamed = new WeakSet<object>();
  const decode = (text: string) => {
    const { item, named } = read(decodeItem(text) as unknown as Fields);
    if (!named) unnamed.add(item);
    return item as unknown as AgentInputItem;
  };
  return {
    encode,
    decode,
    asRead: (items) => encode(items).map(decode),
    isIncomplete: (item) => unnamed.has(item),
    incomplete: (item) => (item.type === 'function_call_result' ? { ...item, name: item.callId } : item),
    afterRead: (items) => {
      const names = new Map<string, string>();
      for (const item of items) {
        if (item.type === 'function_call') names.set(item.callId, item.name);
        if (item.type !== 'function_call_result' || !unnamed.has(item)) continue;
        item.name = names.get(item.callId) ?? item.name;
      }
    },
  };
}

/** The item in a stored object of either shape, and whether its row says the name of its tool, if it has one. */
function read(stored: Fields): { readonly item: Fields; readonly named: boolean } {
  const beside = stored[PROVIDER_DATA];
  if (isFields(beside) && Object.hasOwn(beside, CARRIED)) {
    const item = applyDifference(withBeside(stored, without(beside, CARRIED)), beside[CARRIED]);
    if (!isFields(item)) throw new TypeError('not an item');
    return { item, named: true };
  }
  if (!isRow(stored)) return { item: stored, named: true };
  return { item: withBeside(stored, isFields(beside) ? beside : {}), named: !isUnnamedResult(stored) };
}

/**
 * The item of a row. What the Python SDK keeps in `provider_data` stays under that name, where this SDK does not
 * look; in `providerData` it would be sent to the API, which refuses it.
 */
function withBeside(row: Fields, beside: Fields): Fields {
  const item = itemOf(without(row, PROVIDER_DATA));
  return isFilled(beside) ? { ...item, [PROVIDER_DATA]: beside } : item;
}

/** The text of an item's row, `undefined` if it has none or if it is as good as one already. */
function rowText(item: Fields): string | undefined {
  if (isRow(item)) return undefined;
  const beside = item[PROVIDER_DATA];
  if (isFields(beside) && Object.hasOwn(beside, CARRIED)) return undefined;
  const said = rowOf(without(item, PROVIDER_DATA));
  if (!said || canonicalText(said) === canonicalText(without(item, PROVIDER_DATA))) return undefined;
  const row = isFields(beside) && isFilled(beside) ? { ...said, [PROVIDER_DATA]: beside } : said;
  const text = plainJson(row);
  if (text === undefined) return undefined;
  const { item: meant, named } = read(row);
  if (said.type === 'reasoning') return item.type === 'reasoning' ? text : undefined;
  if (named && !difference(meant, item)) return text;
  const carried = difference(withBeside(row, isFields(beside) ? beside : {}), item) ?? {};
  const whole = { ...said, [PROVIDER_DATA]: { ...(isFields(beside) && beside), [CARRIED]: carried } };
  try {
    return encodeItems([whole as unknown as AgentInputItem])[0];
  } catch {
    return undefined; // what is carried lies deeper than in the item itself, and too deep
  }
}
