import type { AgentInputItem, SessionHistoryTransactionArgs } from '@openai/agents-core';
import { canonicalText, type ItemCodec } from '../items/item-codec.js';
import { isSameChange, type KeyedOperation, operationOf } from '../items/operations.js';
import { plainCopy } from '../items/plain-copy.js';
import { SessionError } from '../port/errors.js';
import type { DecideOnItems } from './stored-items.js';

/** A history transaction that was read and found well-formed; its items are still to be checked by the SDK. */
export interface HistoryTransaction {
  readonly operation: KeyedOperation;
  /** What the newest items must be for the transaction to apply, oldest first; none for an append. */
  readonly expectedSuffix: readonly AgentInputItem[];
  /** What they are replaced by, or what is added. */
  readonly replacement: readonly AgentInputItem[];
  /** The length of all of it as text. */
  readonly bytes: number;
}

// The words of the SDK's MemorySession (0.20), which its own tests compare.
const ARGUMENTS = 'Session history transaction arguments are invalid.';
const OPERATION_ID = 'Session history transaction operationId must be a non-empty string.';
const NOT_AN_OBJECT = 'Session history transaction must be an object.';
const UNKNOWN_TYPE = 'Unsupported session history transaction type.';
const APPEND_FIELDS = 'Session history append transaction fields are invalid.';
const SUFFIX_FIELDS = 'Session history suffix transaction fields are invalid.';
const ITEMS = 'Session history transaction items contain invalid or unsupported data.';
const CONFLICT = 'Session history operation was already applied with a different transaction.';
const MISMATCH = 'Session history suffix no longer matches the transaction precondition.';

/**
 * Reads and copies the arguments of `applyHistoryTransaction` at once, each of them once.
 *
 * @throws SessionError `INVALID_TRANSACTION` in the words of the SDK's `MemorySession`. Never with data of the
 * arguments, not even from the error of an accessor.
 */
export function readHistoryTransaction(
  args: SessionHistoryTransactionArgs,
  codec: ItemCodec,
): HistoryTransaction {
  const [operationId, given] = fieldsOf(args);
  if (typeof operationId !== 'string' || operationId.trim() === '') throw invalid(OPERATION_ID);
  if (typeof given !== 'object' || given === null) throw invalid(NOT_AN_OBJECT);
  const transaction = copyOf(given);
  const { type, items, expectedSuffix, replacement } = transaction;
  const fields = Object.keys(transaction).length;
  const text = canonicalText(transaction);
  const bytes = Buffer.byteLength(text);
  const operation = operationOf(operationId, text, codec);
  if (type === 'append_items') {
    if (fields !== 2 || !Array.isArray(items)) throw invalid(APPEND_FIELDS);
    return { operation, bytes, expectedSuffix: [], replacement: items };
  }
  if (type !== 'replace_suffix') throw invalid(UNKNOWN_TYPE);
  if (fields !== 3 || !Array.isArray(expectedSuffix) || !Array.isArray(replacement))
    throw invalid(SUFFIX_FIELDS);
  return { operation, bytes, expectedSuffix, replacement };
}

function fieldsOf(args: unknown): [operationId: unknown, transaction: unknown] {
  try {
    return [Reflect.get(args as object, 'operationId'), Reflect.get(args as object, 'transaction')];
  } catch {
    throw invalid(ARGUMENTS); // what an accessor throws may hold anything
  }
}

function copyOf(transaction: object): Record<string, unknown> {
  try {
    structuredClone(transaction); // refuses a Proxy, which looks like what it stands for
    return plainCopy(transaction) as Record<string, unknown>;
  } catch {
    throw invalid(ITEMS);
  }
}

/** Tells whether the SDK accepts a value as an item. */
export type ItemCheck = (value: unknown) => boolean;

let itemCheck: ItemCheck | undefined;

/**
 * The check of the SDK's own schema. The SDK is loaded at the first call, which costs nothing: history transactions come
 * from the SDK itself, so it is loaded already.
 */
export async function loadItemCheck(): Promise<ItemCheck> {
  if (!itemCheck) {
    const { protocol } = await import('@openai/agents-core');
    itemCheck = (value) => protocol.ModelItem.safeParse(value).success;
  }
  return itemCheck;
}

/**
 * Checks the items of a transaction as the SDK's `MemorySession` does, before anything is looked up.
 *
 * @throws SessionError `INVALID_TRANSACTION`
 */
export function checkItems({ expectedSuffix, replacement }: HistoryTransaction, isItem: ItemCheck): void {
  if (![...expectedSuffix, ...replacement].every(isItem)) throw invalid(ITEMS);
}

/** The error for an operation id that was used for something else. */
export function operationConflict(): SessionError {
  return new SessionError('OPERATION_CONFLICT', CONFLICT);
}

/**
 * What an edit of the newest rows does about a `replace_suffix`. Rows that give no item are passed over.
 */
export function replaceSuffix(
  { operation, expectedSuffix, replacement }: HistoryTransaction,
  isItem: ItemCheck,
  codec: ItemCodec,
): DecideOnItems {
  const suffix = codec.asRead?.(expectedSuffix) ?? expectedSuffix;
  const expected = suffix.map(canonicalText);
  const incomplete = suffix.map((item) => canonicalText(codec.incomplete?.(item) ?? item));
  const append = codec.encode(replacement);
  return (rows, recorded, reader, asked) => {
    if (recorded !== undefined) {
      if (!isSameChange(operation, recorded)) throw operationConflict();
      return {};
    }
    const remove: string[] = [];
    for (const row of rows.toReversed()) {
      if (remove.length === expected.length) break;
      const item = reader.item(row);
      if (!item) continue;
      reader.check();
      // what a row leaves out depends on what else was read
      const wanted = codec.isIncomplete?.(item) ? incomplete : expected;
      if (comparable(item, isItem) !== wanted.at(-1 - remove.length)) throw mismatch();
      remove.push(row.id);
    }
    if (remove.length === expected.length) return { remove, append };
    if (asked === 'all' || rows.length < asked) {
      reader.check();
      throw mismatch();
    }
    return { need: 2 * asked + 16 };
  };
}

/** The stored item as it is compared; what the SDK would not accept equals nothing. */
function comparable(item: AgentInputItem, isItem: ItemCheck): string | undefined {
  try {
    const copy = plainCopy(item);
    return isItem(copy) ? canonicalText(copy) : undefined;
  } catch {
    return undefined; // a Date, a Map, ...: nothing a transaction may hold
  }
}

function mismatch(): SessionError {
  return new SessionError('SUFFIX_MISMATCH', MISMATCH);
}

function invalid(message: string): SessionError {
  return new SessionError('INVALID_TRANSACTION', message);
}
