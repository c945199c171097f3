import type { Operation } from '../port/backend.js';
import { digestOf } from '../port/digest.js';
import type { ItemCodec } from './item-codec.js';

/** A change that must take effect once, with the digests that former keys gave it. */
export interface KeyedOperation extends Operation {
  readonly formerDigests: readonly string[];
}

/**
 * A change that must take effect once, as backends record it. Ids of callers are of any length and hold any
 * characters, NUL and lone surrogates included, which databases refuse, cut or replace: they get a key of 64 hex
 * digits. JSON keeps all of them apart.
 *
 * @param id - The id that the caller gave.
 * @param content - A text that is the same for the same change alone.
 * @param codec - That of the conversation, which may have keys.
 */
export function operationOf(id: string, content: string, codec: Pick<ItemCodec, 'digests'>): KeyedOperation {
  const [digest = digestOf(content), ...formerDigests] = codec.digests?.(content) ?? [];
  return { id: digestOf(JSON.stringify(id), 'hex'), digest, formerDigests };
}

/** Whether a digest was recorded for the same change. */
export function isSameChange({ digest, formerDigests }: KeyedOperation, recorded: string): boolean {
  return recorded === digest || formerDigests.includes(recorded);
}

/** Keys begin with a random hex digit: the operations that begin with this one make others be forgotten. */
const FORGETTING = '0';

const SECONDS_OF_A_DAY = 86_400;

/** A hundred years. Nothing is that old, and some databases fail where their calendars end. */
const FOR_EVER = 36_500;

/** The operation, with the task to forget older ones where it is its turn: that costs the others nothing. */
export function withRetention<Kept extends Operation>(operation: Kept, days: number): Kept {
  if (!operation.id.startsWith(FORGETTING) || days >= FOR_EVER) return operation;
  return { ...operation, forgetOlderThan: days * SECONDS_OF_A_DAY };
}

/** The operation of one call that only the store itself may repeat. */
export function newOperation(): KeyedOperation {
  const id = process.getBuiltinModule('node:crypto').randomUUID();
  return { id, digest: 'once', formerDigests: [] };
}
