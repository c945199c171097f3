import type { ItemCodec } from '../items/item-codec.js';
import { RowReader, type RowReaderHost } from '../items/row-reader.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { Decide, SessionBackend } from '../port/backend.js';
import type { DecideChange } from './history-changes.js';

/** What {@link changeHistory} works on. */
export interface ChangedConversation {
  readonly storedId: string;
  readonly codec: ItemCodec;
  readonly host: RowReaderHost;
}

/**
 * Makes a change in one transaction, under the conversation's lock.
 *
 * @param last - How many of the newest rows are looked at first.
 */
export function changeHistory<Result>(
  backend: SessionBackend,
  { storedId, codec, host }: ChangedConversation,
  last: number | 'all',
  change: DecideChange<Result>,
): Awaitable<Result> {
  let reader = new RowReader(codec, host);
  let result: Result;
  const decide: Decide = (rows, _recorded, asked) => {
    reader = new RowReader(codec, host); // it may be asked again
    const areAll = asked === 'all' || rows.length < asked;
    const answer = change({ rows, reader, areAll });
    if ('need' in answer) return { need: answer.need === 'all' || asked === 'all' ? 'all' : 4 * asked };
    result = answer.result;
    return answer.patch;
  };
  return whenReady(backend.edit(storedId, last, decide), () => {
    reader.tell('skipped');
    return result;
  });
}
