import type { HistoryItem, SessionWindow } from '@stackone/sessions-core';
import { encodeItems } from '@stackone/sessions-core/backend';
import type { Reachable } from './access.js';
import { shownEntry } from './shown-entry.js';
import type { Fate, NextRun } from './wire.js';

/** How many items are shown that are left out because they are older, and how many where all are handed over. */
const SHOWN = 100;
/** The most that a history gives at once. */
const MOST = 1000;

/**
 * What the runner is handed by the next run on a conversation with a window: what `getItems()` of such a session gives, beside the
 * history that it was taken from.
 */
export async function nextRun(
  store: Reachable['store'],
  id: string,
  window: SessionWindow | undefined,
): Promise<NextRun> {
  const whole = store.session(id);
  if (!window) {
    const { data, hasMore } = await whole.history({ limit: SHOWN });
    const compaction = data.findLastIndex(({ item }) => item.type === 'compaction');
    const fateAt = (at: number): Fate => (at < compaction ? 'compacted' : 'handed');
    return {
      entries: data.map((item, at) => ({ entry: shownEntry(item), fate: fateAt(at) })),
      hasOlder: hasMore,
    };
  }
  const handed = await store.session(id, { window }).getItems();
  const entries: HistoryItem[] = [];
  let fates: Fate[] = [];
  let hasOlder = true;
  // what is handed over are the newest items, but not all of them: it is read on until all of it was met
  for (let isMet = false; !isMet && hasOlder; ) {
    const page = await whole.history({
      limit: Math.min(handed.length + SHOWN, MOST),
      before: entries[0]?.id,
    });
    entries.unshift(...page.data);
    hasOlder = page.hasMore;
    ({ fates, isMet } = met(entries, handed));
  }
  const first = Math.max(fates.findIndex((fate) => fate !== 'older') - SHOWN, 0);
  const shown = entries
    .map((item, at) => ({ entry: shownEntry(item), fate: fates[at] ?? 'older' }))
    .slice(first);
  return { handed: handed.length, entries: shown, hasOlder: hasOlder || first > 0 };
}

/** Goes through both from the newest on. */
function met(
  entries: readonly HistoryItem[],
  handed: readonly HistoryItem['item'][],
): { fates: Fate[]; isMet: boolean } {
  const texts = encodeItems(handed);
  const fates: Fate[] = [];
  let left = handed.length;
  for (const { item } of entries.toReversed()) {
    const candidate = handed[left - 1];
    if (candidate === undefined) fates.unshift('older');
    else if (encodeItems([item])[0] === texts[left - 1]) {
      fates.unshift('handed');
      left--;
    } else if (isShortened(item, candidate)) {
      fates.unshift('shortened');
      left--;
    } else fates.unshift('unpaired');
  }
  return { fates, isMet: left === 0 };
}

/** Whether they are one result of a tool, of which a window shortened the output. */
function isShortened(item: HistoryItem['item'], handed: HistoryItem['item']): boolean {
  const callOf = (one: HistoryItem['item']) => (one as { callId?: unknown }).callId;
  return item.type === handed.type && callOf(item) !== undefined && callOf(item) === callOf(handed);
}
