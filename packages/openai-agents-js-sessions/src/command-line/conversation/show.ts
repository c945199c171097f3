import type { HistoryItem, SessionInfo } from '@stackone/sessions-core';
import { encodeItems } from '@stackone/sessions-core/backend';
import type { ShowOptions } from '../commands/show.js';
import { type Database, noSuchConversation } from '../database.js';
import type { Output } from '../terminal/output.js';
import { printableJson, printableLine, printableTime, safeJson } from '../terminal/printable.js';
import { turnLines } from './turn-lines.js';

/** The most that is read at once. */
const PAGE = 1000;

type Items = AsyncIterable<HistoryItem> | Iterable<HistoryItem>;

/** Prints a conversation, turn by turn, so that it may be of any length. */
export async function show(database: Database, id: string, options: ShowOptions): Promise<void> {
  const { sessions, output, signal } = database;
  const info = await sessions.retrieve(id);
  if (!info) return noSuchConversation();
  const { full = false, last } = options;
  const items = last === undefined ? database.session(id).items() : await newestItems(database, id, last);
  const print = async () => {
    if (!output.isJson) await output.lines(...headLines(info, output));
    for await (const entries of output.isJson ? one(items) : byTurn(items)) {
      signal.throwIfAborted();
      await printItems(output, entries, { full });
    }
  };
  await (options.pager === false ? print() : output.paged(print));
}

/**
 * Prints items that follow each other: for people, or each on a line of JSON.
 *
 * @param isFirst - Whether nothing stands before them, so that no empty line is needed.
 */
export async function printItems(
  output: Output,
  entries: readonly HistoryItem[],
  { full = false, isFirst = false }: { readonly full?: boolean; readonly isFirst?: boolean },
): Promise<void> {
  if (output.isJson) for (const entry of entries) await output.write(`${jsonOf(entry)}\n`);
  else await output.lines(...turnLines(entries, { output, full }).slice(isFirst ? 1 : 0));
}

function headLines({ id, title, createdAt, updatedAt, metadata }: SessionInfo, output: Output): string[] {
  const head = title === undefined ? printableLine(id) : `${printableLine(title)} (${printableLine(id)})`;
  const described = Object.keys(metadata).length > 0 ? [`metadata ${printableJson(metadata)}`] : [];
  const times = `made ${printableTime(createdAt)}, changed ${printableTime(updatedAt)}`;
  return [output.styled('bold', head), ...[times, ...described].map((line) => output.styled('dim', line))];
}

/** The item as it is stored, so that every value of it is there. */
function jsonOf({ item, ...entry }: HistoryItem): string {
  const about = JSON.stringify(entry).slice(0, -1);
  return safeJson(`${about},"item":${encodeItems([item])[0]}}`);
}

/** So many of the newest items, oldest first. */
export async function newestItems(
  { session, signal }: Database,
  id: string,
  last: number,
): Promise<readonly HistoryItem[]> {
  let found: readonly HistoryItem[] = [];
  for (let hasMore = true; hasMore && found.length < last; ) {
    signal.throwIfAborted();
    const limit = Math.min(last - found.length, PAGE);
    const page = await session(id).history({ limit, before: found[0]?.id });
    found = [...page.data, ...found];
    hasMore = page.hasMore;
  }
  return found;
}

async function* one(items: Items): AsyncGenerator<HistoryItem[]> {
  for await (const item of items) yield [item];
}

/** Items that follow each other and belong to one turn, or to none. */
async function* byTurn(items: Items): AsyncGenerator<HistoryItem[]> {
  let entries: HistoryItem[] = [];
  for await (const item of items) {
    if (entries.length > 0 && entries[0]?.turn !== item.turn) {
      yield entries;
      entries = [];
    }
    entries.push(item);
  }
  if (entries.length > 0) yield entries;
}
