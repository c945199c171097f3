import type { AgentInputItem } from '@openai/agents-core';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { StoredRow } from '../port/backend.js';
import { type SessionWindow, WindowScan } from './window.js';

/** Small, as nothing is known of the sizes of the rows yet. */
const FIRST_PAGE = 16;
const LARGEST_PAGE = 1000;
/** What a page may hold, in characters, if its rows are as long as those before were on average. */
const PAGE_LENGTH = 4_000_000;

/**
 * How many rows to ask for next, where it is not known how many will be wanted. At most as many as were read already
 * and 64 more, so that in the end no more than twice the rows that were of use and 64 have been read.
 */
export class PagePlan {
  #rows = 0;
  #length = 0;

  next(): number {
    if (this.#rows === 0) return FIRST_PAGE;
    const fitting = Math.floor(PAGE_LENGTH / Math.max(this.#length / this.#rows, 1));
    return Math.max(Math.min(this.#rows + 64, LARGEST_PAGE, fitting), 1);
  }

  note(rows: readonly StoredRow[]): void {
    this.#rows += rows.length;
    for (const { text } of rows) this.#length += text.length;
  }
}

/**
 * Reads the window of a conversation, newest first and page by page.
 *
 * @param read - Reads the newest `limit` rows `before` a row, oldest first.
 * @param decode - The item of a row; `undefined` for a row that is not an item and is passed over.
 * @returns Items, oldest first.
 */
export function readWindow(
  window: SessionWindow,
  read: (limit: number, before: string | undefined) => Awaitable<readonly StoredRow[]>,
  decode: (row: StoredRow) => AgentInputItem | undefined,
): Awaitable<AgentInputItem[]> {
  const scan = new WindowScan(window);
  const plan = new PagePlan();
  /** Pages grow with the rows that are not items, so that a long run of them costs few round trips. */
  let passedOver = 0;
  const readOn = (before: string | undefined): Awaitable<AgentInputItem[]> => {
    const limit = Math.min(plan.next(), scan.missing + passedOver);
    return whenReady(read(limit, before), (rows) => {
      plan.note(rows);
      passedOver += take(scan, rows, decode);
      const oldest = rows.length < limit ? undefined : rows[0];
      return scan.complete || !oldest ? scan.window() : readOn(oldest.id);
    });
  };
  return readOn(undefined);
}

/** @returns How many rows were no items. */
function take(
  scan: WindowScan,
  rows: readonly StoredRow[],
  decode: (row: StoredRow) => AgentInputItem | undefined,
): number {
  let passedOver = 0;
  for (let index = rows.length - 1; index >= 0 && !scan.complete; index--) {
    const item = decode(rows[index] as StoredRow);
    if (item) scan.add(item);
    else passedOver++;
  }
  return passedOver;
}
