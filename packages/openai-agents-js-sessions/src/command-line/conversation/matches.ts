import { type HistoryItem, textOf } from '@stackone/sessions-core';
import type { Output } from '../terminal/output.js';
import { printableLine, printableTime } from '../terminal/printable.js';

/** A text that was found, with some of what stands around it. */
export interface Excerpt {
  readonly before: string;
  readonly match: string;
  readonly after: string;
}

/** So many characters on each side. */
const AROUND = 60;

/** Where an item has a text for the first time; nothing where it has not. */
export function excerptOf(item: HistoryItem['item'], text: string, ignoreCase: boolean): Excerpt | undefined {
  const all = searchedIn(item);
  // not toLowerCase() of both: some characters become two by that, and the places are others then
  const at = ignoreCase
    ? all.search(new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'iu'))
    : all.indexOf(text);
  if (at < 0) return undefined;
  const end = at + text.length;
  return {
    before: all.slice(Math.max(at - AROUND, 0), at),
    match: all.slice(at, end),
    after: all.slice(end, end + AROUND),
  };
}

/** What was said, or what a tool was called with or answered. */
function searchedIn(item: HistoryItem['item']): string {
  const { name, arguments: given, action, code } = item as Readonly<Record<string, unknown>>;
  const passed = [name, given, code, typeof action === 'object' ? JSON.stringify(action) : action];
  return [...passed.filter((one) => typeof one === 'string'), textOf(item)].join(' ').trimStart();
}

/** A match for people. */
export function lineOfMatch(
  output: Pick<Output, 'styled'>,
  id: string,
  { item, createdAt }: HistoryItem,
  { before, match, after }: Excerpt,
): string {
  const where = output.styled('cyan', printableLine(id));
  const when = output.styled('dim', printableTime(createdAt));
  const shown = `${spaced(before)}${output.styled(['bold', 'red'], spaced(match))}${spaced(after)}`;
  return `${where}  ${when}  ${whoOf(item)}: ${shown.trim()}`;
}

/** On one line, with the spaces at its ends. */
function spaced(text: string): string {
  const [, first = '', , last = ''] = /^(\s?)(.*?)(\s?)$/s.exec(text) ?? [];
  return `${first && ' '}${printableLine(text)}${text.trim() === '' ? '' : last && ' '}`;
}

/** A match for machines. */
export function jsonOfMatch(id: string, entry: HistoryItem, { before, match, after }: Excerpt): object {
  const { id: item, createdAt, turn } = entry;
  return { id, item, turn, createdAt, who: whoOf(entry.item), excerpt: before + match + after };
}

function whoOf(item: HistoryItem['item']): string {
  const { role, type } = item as { role?: unknown; type?: unknown };
  return printableLine(String(role ?? type));
}
