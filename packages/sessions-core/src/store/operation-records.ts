import type { ItemCodec } from '../items/item-codec.js';
import { digestOf } from '../port/digest.js';
import type { RecordedOperation } from '../port/whole-conversations.js';

/** An operation id that is remembered: what it is stored as, and a digest of what was done under it. */
export interface OperationRecord {
  readonly id: string;
  readonly digest: string;
  readonly createdAt: Date;
}

/** The operations of a conversation. */
export interface OperationRecords {
  /** Absent where there are none. */
  readonly operations?: readonly OperationRecord[];
  /** What tells apart the keys that their digests were made with. Absent where there were none. */
  readonly operationKeys?: readonly string[];
}

/** What the store itself records, which nobody else can repeat, and the store does not for long. */
const ONCE = 'once';

/** Any text does, if it stays the same. */
const PROBE = '';

/** Those that a caller may repeat. */
export function operationRecords(
  codec: ItemCodec,
  recorded: readonly RecordedOperation[] | undefined,
): OperationRecords {
  const operations = (recorded ?? [])
    .filter(({ digest }) => digest !== ONCE)
    .map(({ createdAt, ...operation }) => ({ ...operation, createdAt: new Date(createdAt) }));
  if (operations.length === 0) return {};
  const operationKeys = keysOf(codec);
  return { operations, ...(operationKeys.length > 0 && { operationKeys }) };
}

/**
 * The operations as a store records them. What was made without a key gets one where the store has keys. What was made with keys is
 * of use only to a store that has them all.
 *
 * @returns Nothing where the store could not tell what was done under them.
 */
export function operationsFor(
  codec: ItemCodec,
  { operations = [], operationKeys = [] }: OperationRecords,
): readonly OperationRecord[] | undefined {
  if (operations.length === 0) return [];
  const keys = keysOf(codec);
  if (!operationKeys.every((key) => keys.includes(key))) return undefined;
  if (operationKeys.length > 0 || keys.length === 0) return operations;
  return operations.map((one) => ({ ...one, digest: codec.digests?.(one.digest)[0] ?? one.digest }));
}

function keysOf(codec: ItemCodec): readonly string[] {
  const withoutKey = digestOf(PROBE);
  return codec.digests?.(PROBE).filter((digest) => digest !== withoutKey) ?? [];
}
