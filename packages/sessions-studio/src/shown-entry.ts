import type { HistoryItem } from '@stackone/sessions-core';
import { encodeItems } from '@stackone/sessions-core/backend';
import type { ShownEntry } from './wire.js';

/** In characters. Longer items are shown with their long texts cut: an image of 5 MB is not what people read. */
const LARGE = 20_000;
/** What is left of a long text. */
const LEFT = 2_000;
/** What is left of a long list. */
const MOST = 200;
/** Deeper values are not looked into. */
const DEEPEST = 40;

/** An entry of a history as the page gets it. */
export function shownEntry({ id, item, createdAt, turn }: HistoryItem, whole = false): ShownEntry {
  const [text = 'null'] = encodeItems([item]);
  const isCut = !whole && text.length > LARGE;
  const value: unknown = JSON.parse(text);
  const shown = isCut ? cut(value, DEEPEST) : value;
  return { id, createdAt: createdAt.toISOString(), turn, item: shown, size: text.length, isCut };
}

function cut(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return value.length <= LEFT ? value : `${value.slice(0, LEFT)}… (${value.length - LEFT} more characters)`;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) {
    const shown = value.slice(0, MOST).map((one) => cut(one, depth - 1));
    return value.length > MOST ? [...shown, `… (${value.length - MOST} more)`] : shown;
  }
  const entries = Object.entries(value).slice(0, MOST);
  return Object.fromEntries(entries.map(([key, one]) => [key, cut(one, depth - 1)]));
}
