import type { AgentInputItem, SessionHistoryMutation, SessionHistoryRewriteArgs } from '@openai/agents-core';
import { encodeItems, type ItemCodec } from '../items/item-codec.js';
import type { RowReader } from '../items/row-reader.js';
import type { StoredRow } from '../port/backend.js';
import { isList } from '../port/options.js';
import type { DecideOnItems } from './stored-items.js';

/** A mutation with the text of its replacement, taken when the call was made. */
interface FunctionCallReplacement {
  readonly callId: string;
  readonly text: string;
  readonly newCallId: string | undefined;
}

/**
 * Reads and copies the arguments of `applyHistoryMutations`. Mutations of types that are not known are passed
 * over, as the SDK does.
 *
 * @throws TypeError for arguments of another form. SessionError `UNSUPPORTED_VALUE` for what cannot be stored.
 */
export function readMutations(
  args: SessionHistoryRewriteArgs,
  codec: ItemCodec,
): readonly FunctionCallReplacement[] {
  return givenMutations(args).flatMap(({ type, callId, replacement }) => {
    if (type !== 'replace_function_call') return [];
    const [text = ''] = codec.encode([replacement]);
    return { callId, text, newCallId: callIdOf(codec.decode(text)) };
  });
}

function givenMutations(args: SessionHistoryRewriteArgs): readonly SessionHistoryMutation[] {
  try {
    const { mutations } = args;
    if (isList(mutations)) return mutations.map((mutation) => ({ ...mutation }));
  } catch {
    // an accessor or a Proxy that throws: as good as none
  }
  throw new TypeError('History mutations must be given as an array.');
}

/**
 * What an edit of all rows does about mutations: of the calls with an id the first becomes the replacement, in its
 * place, and the others go.
 */
export function applyMutations(mutations: readonly FunctionCallReplacement[]): DecideOnItems {
  return (rows, _recorded, reader) => {
    let calls = rows
      .map((row) => ({ row, callId: callIdOf(reader.item(row)) }))
      .filter(({ callId }) => callId !== undefined);
    reader.check();
    const remove: string[] = [];
    const update = new Map<string, StoredRow>();
    for (const { callId, text, newCallId } of mutations) {
      const [first, ...others] = calls.filter((call) => call.callId === callId);
      if (!first) continue;
      for (const { row } of others) {
        remove.push(row.id);
        update.delete(row.id);
      }
      update.set(first.row.id, { id: first.row.id, text });
      first.callId = newCallId;
      calls = calls.filter((call) => !others.includes(call) && call.callId !== undefined);
    }
    return { remove, update: [...update.values()] };
  };
}

function callIdOf(item: AgentInputItem | undefined): string | undefined {
  return item?.type === 'function_call' ? item.callId : undefined;
}

/**
 * What an edit of all rows does to make a history of `items`: rows that stay at the end keep their place and time,
 * and rows before them take up what is new. Rows that no key opens stay as they are.
 */
export function replaceHistory(items: readonly AgentInputItem[], codec: ItemCodec): DecideOnItems {
  const texts = codec.encode(items);
  // no two encrypted texts are equal: what they hold is compared
  const compared = codec.isSealed ? encodeItems(codec.asRead?.(items) ?? items) : texts;
  return (rows, _recorded, reader) => {
    const own = ownRows(rows, reader, codec);
    let kept = 0;
    while (kept < Math.min(texts.length, own.length) && compared.at(-1 - kept) === own.at(-1 - kept)?.text)
      kept++;
    const fresh = texts.slice(0, texts.length - kept);
    const free = own.slice(0, own.length - kept).map(({ id }) => id);
    if (fresh.length > free.length) {
      if (rows.length > 0 && own.length === rows.length) return { clear: true, append: texts };
      return { remove: own.map(({ id }) => id), append: texts };
    }
    const reused = free.slice(free.length - fresh.length);
    return {
      remove: free.slice(0, free.length - fresh.length),
      update: reused.map((id, index) => ({ id, text: fresh[index] as string })),
    };
  };
}

/** The rows that a new history takes the place of, with the texts by which they are compared. */
function ownRows(
  rows: readonly StoredRow[],
  reader: RowReader,
  codec: ItemCodec,
): readonly { readonly id: string; readonly text?: string | undefined }[] {
  if (!codec.isSealed) return rows;
  const own: { id: string; text?: string | undefined }[] = [];
  for (const row of rows) {
    const result = reader.read(row);
    if (result === 'unopened') continue;
    own.push({ id: row.id, text: typeof result === 'string' ? undefined : encodeItems([result])[0] });
  }
  reader.check();
  return own;
}
