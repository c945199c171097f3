import { type Awaitable, whenReady } from './awaitable.js';
import type { AppendOutcome, Decide, HistoryPatch, Operation, StoredRow } from './backend.js';

/**
 * The loop of {@link SessionBackend.edit}: shows `decide` the newest rows, and more of them as long as it asks for more.
 * To be called under the conversation's lock, once for each attempt: an edit that is made again begins anew.
 *
 * @param decide - What `edit` was given.
 * @param newest - Reads the newest rows, oldest first. Where it answers at once, so does this function.
 * @param last - How many rows to read first: what `edit` was given.
 * @param recorded - The digest that is recorded under the operation's id.
 * @returns What to change.
 * @example
 * ```ts
 * const patch = await decidePatch(decide, (count) => this.#newest(sessionId, count), last, recorded);
 * ```
 */
export function decidePatch(
  decide: Decide,
  newest: (count: number | 'all') => readonly StoredRow[],
  last: number | 'all',
  recorded: string | undefined,
): HistoryPatch;
export function decidePatch(
  decide: Decide,
  newest: (count: number | 'all') => Awaitable<readonly StoredRow[]>,
  last: number | 'all',
  recorded: string | undefined,
): Awaitable<HistoryPatch>;
export function decidePatch(
  decide: Decide,
  newest: (count: number | 'all') => Awaitable<readonly StoredRow[]>,
  last: number | 'all',
  recorded: string | undefined,
): Awaitable<HistoryPatch> {
  return whenReady(newest(last), (rows): Awaitable<HistoryPatch> => {
    const decision = decide(rows, recorded, last);
    return 'need' in decision ? decidePatch(decide, newest, decision.need, recorded) : decision;
  });
}

/**
 * What becomes of a batch of {@link SessionBackend.append}.
 *
 * @param operation - That of the batch, if it has one.
 * @param recorded - The digest that was recorded earlier under its id; absent if none was.
 * @example
 * ```ts
 * outcomeOf(operation, undefined); // 'stored'
 * outcomeOf(operation, operation.digest); // 'repeated'
 * outcomeOf(operation, 'another digest'); // 'conflict'
 * ```
 */
export function outcomeOf(operation: Operation | undefined, recorded: string | undefined): AppendOutcome {
  if (recorded === undefined) return 'stored';
  return recorded === operation?.digest ? 'repeated' : 'conflict';
}
