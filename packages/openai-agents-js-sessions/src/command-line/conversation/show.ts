import type { HistoryItem, SessionInfo } from '@stackone/sessions-core';
import { encodeItems } from '@stackone/sessions-core/backend';
import type { ShowOptions } from '../commands/show.js';
import { type Database, noSuchConversation } from '../database.js';
import type { Output } from '../terminal/output.js';
import { printableJson, printableLine, printableTime, safeJson } from '../terminal/printable.js';
import { turnLines } from './turn-lines.js';

/** The most that is read at once. */
const PAGE = 1000;

/** Prints a conversation, turn by turn, so that it may be of any length. */
export async function show(database: Database, id: string, options: ShowOptions): Promise<void> {
  const { sessions, output, signal } = database;
  const info = await sessions.retrieve(id);
  if (!info) return noSuchConversation();
  const items =
    options.last === undefined ? database.session(id).items() : newest(database, id, options.last);
  const print = async () => {
    if (!output.isJson) await output.lines(...headLines(info, output));
    for await (const entries of output.isJson ? one(items) : byTurn(items)) {
      signal.throwIfAborted();
      if (output.isJson) for (const entry of entries) await output.write(`${jsonOf(entry)}\n`);
      else await output.lines(...turnLines(entries, { output, full: options.full ?? false }));
    }
  };
  await (options.pager === false ? print() : output.paged(print));
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

async function* newest({ session, signal }: Database, id: string, last: number): AsyncGenerator<HistoryItem> {
  let found: readonly HistoryItem[] = [];
  for (let hasMore = true; hasMore && found.length < last; ) {
    signal.throwIfAborted();
    const limit = Math.min(last - found.length, PAGE);
    const page = await session(id).history({ limit, before: found[0]?.id });
    found = [...page.data, ...found];
    hasMore = page.hasMore;
  }
  yield* found;
}

async function* one(items: AsyncIterable<HistoryItem>): AsyncGenerator<HistoryItem[]> {
  for await (const item of items) yield [item];
}

/** Items that follow each other and belong to one turn, or to none. */
async function* byTurn(items: AsyncIterable<HistoryItem>): AsyncGenerator<HistoryItem[]> {
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
