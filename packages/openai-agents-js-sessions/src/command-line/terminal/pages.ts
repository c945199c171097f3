import { Columns } from './columns.js';
import type { Output } from './output.js';

/** A page of a list. */
interface Page<Entry> {
  readonly data: readonly Entry[];
  /** What the next page is asked with; absent on the last one. */
  readonly nextCursor?: string | undefined;
}

/** What is printed of a list. */
export interface Listing<Entry> {
  readonly head: readonly string[];
  /** The rows of an entry: at least one. */
  rows(entry: Entry): readonly (readonly string[])[];
  /** What is said where the list is empty. */
  readonly none: string;
  /** How many entries at most, unless `all` are wanted. */
  readonly limit: number;
  readonly all?: boolean | undefined;
  /** How many a page has at most. */
  readonly pageSize: number;
}

/** Prints a list page by page: in columns, or each entry as JSON. A terminal is told where there is more. */
export async function printPages<Entry>(
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
  { head, rows, none, limit, all = false, pageSize }: Listing<Entry>,
  read: (page: { after: string | undefined; limit: number }) => PromiseLike<Page<Entry>>,
): Promise<void> {
  const most = all ? Number.POSITIVE_INFINITY : limit;
  const columns = new Columns(head, output.columns);
  let shown = 0;
  for (let after: string | undefined; shown < most; ) {
    signal.throwIfAborted();
    const page = await read({ after, limit: Math.min(most - shown, pageSize) });
    shown += page.data.length;
    if (output.isJson) for (const entry of page.data) await output.json(entry);
    else if (shown > 0) await output.lines(...columns.lines(page.data.flatMap(rows)));
    after = page.nextCursor;
    if (after === undefined) break;
    if (shown >= most) output.hint(`There are more: --limit ${most * 10}, or --all.`);
  }
  if (shown === 0) output.hint(none);
}
