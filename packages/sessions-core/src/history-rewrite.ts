import type { AgentInputItem, SessionHistoryRewriteArgs } from '@openai/agents-core';
import type { Decide, StoredRow } from './backend.js';
import type { ItemCodec } from './item-codec.js';

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
  { mutations }: SessionHistoryRewriteArgs,
  codec: ItemCodec,
): readonly FunctionCallReplacement[] {
  if (!Array.isArray(mutations)) throw new TypeError('History mutations must be given as an array.');
  return mutations
    .filter(({ type }) => type === 'replace_function_call')
    .map(({ callId, replacement }) => {
      const [text = ''] = codec.encode([replacement]);
      return { callId, text, newCallId: callIdOf(replacement) };
    });
}

/**
 * What an edit of all rows does about mutations: of the calls with an id the first becomes the replacement, in its
 * place, and the others go.
 */
export function applyMutations(
  mutations: readonly FunctionCallReplacement[],
  decode: (row: StoredRow) => AgentInputItem | undefined,
): Decide {
  return (rows) => {
    let calls = rows
      .map((row) => ({ row, callId: callIdOf(decode(row)) }))
      .filter(({ callId }) => callId !== undefined);
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
 * What an edit of all rows does to make a history of `texts`: rows that stay at the end keep their place and time,
 * and rows before them take up what is new.
 */
export function replaceHistory(texts: readonly string[]): Decide {
  return (rows) => {
    let kept = 0;
    while (kept < Math.min(texts.length, rows.length) && texts.at(-1 - kept) === rows.at(-1 - kept)?.text)
      kept++;
    const fresh = texts.slice(0, texts.length - kept);
    const free = rows.slice(0, rows.length - kept);
    if (fresh.length > free.length) return { clear: true, append: texts };
    const reused = free.slice(free.length - fresh.length);
    return {
      remove: free.slice(0, free.length - fresh.length).map(({ id }) => id),
      update: reused.map(({ id }, index) => ({ id, text: fresh[index] as string })),
    };
  };
}
