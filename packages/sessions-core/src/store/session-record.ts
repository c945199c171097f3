import type { AgentInputItem } from '@openai/agents-core';
import { descriptionOf } from '../conversations/described.js';
import { descriptionTextOf, type JsonValue, NO_DESCRIPTION } from '../conversations/description.js';
import { checkSessionId } from '../ids/session-id.js';
import { givenIds, tenantSessionId } from '../ids/tenant-id.js';
import { encodeItems } from '../items/item-codec.js';
import { RowReader } from '../items/row-reader.js';
import { isList, isOptionsObject, readArgument } from '../port/options.js';
import { USAGE_COUNTS, type UsageCounts } from '../port/usage.js';
import type {
  KeptConversation,
  RecordedOperation,
  RecordedUsage,
  WholeConversation,
} from '../port/whole-conversations.js';
import type { SessionHost } from '../session/session-host.js';
import {
  type OperationRecord,
  type OperationRecords,
  operationRecords,
  operationsFor,
} from './operation-records.js';

/** What a conversation is called, whichever tenant it belongs to. */
export interface SessionName {
  readonly id: string;
  /** Absent for one without a tenant. */
  readonly tenant?: string;
}

/** What one model response used. */
interface UsageRecord extends UsageCounts {
  /** Names the response within its conversation: a short text of letters, digits, `-` and `_`. */
  readonly key: string;
  /** Empty where it is not known. */
  readonly model: string;
  readonly recordedAt: Date;
  /** The place of the item that its turn begins with, from 0. Absent where it is not known. */
  readonly turn?: number;
}

/**
 * A conversation as a whole, apart from its store: its items with their times, its title and metadata, what models used, and the
 * operation ids that are remembered.
 */
export interface SessionRecord extends SessionName, OperationRecords {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly title?: string;
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** How often the title or metadata were updated. */
  readonly version: number;
  /** Oldest first. */
  readonly items: readonly { readonly item: AgentInputItem; readonly createdAt: Date }[];
  /** Absent where there is none. */
  readonly usage?: readonly UsageRecord[];
  /** How many rows were left out because they are no items, or no key opens them. Absent where there were none. */
  readonly unread?: number;
}

/** @throws SessionError `DECRYPTION_FAILED`, `CORRUPT_ITEM`, as reading the conversation does. */
export function recordOf(host: SessionHost, kept: KeptConversation): SessionRecord {
  const { id: storedId, createdAt, updatedAt, description, rows, operations, usage } = kept;
  const codec = host.codec(storedId);
  const { title, metadata } = description ? descriptionOf(codec, description) : NO_DESCRIPTION;
  const reader = new RowReader(codec, host);
  /** Which item each row became. */
  const places: (number | undefined)[] = [];
  const items: { readonly item: AgentInputItem; readonly createdAt: Date }[] = [];
  for (const row of rows) {
    const item = reader.item(row);
    places.push(item && items.length);
    if (item) items.push({ item, createdAt: new Date(row.createdAt) });
  }
  reader.check();
  reader.tell('skipped');
  codec.afterRead?.(items.map(({ item }) => item));
  const { sessionId: id, tenant } = givenIds(storedId);
  return {
    id,
    ...(tenant !== undefined && { tenant }),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    ...(title !== undefined && { title }),
    metadata,
    version: description?.version ?? 0,
    items,
    ...operationRecords(codec, operations),
    ...(usage && { usage: usage.map((one) => usageRecord(one, places)) }),
    ...(items.length < rows.length && { unread: rows.length - items.length }),
  };
}

function usageRecord(
  { recordedAt, turn, ...used }: RecordedUsage,
  places: readonly (number | undefined)[],
): UsageRecord {
  const place = turn === undefined ? undefined : places[turn];
  return { ...used, recordedAt: new Date(recordedAt), ...(place !== undefined && { turn: place }) };
}

/** What the conversation is stored under. @throws TypeError for what cannot be. */
export function storedIdOfRecord({ id, tenant }: SessionName): string {
  if (tenant !== undefined) return tenantSessionId(tenant, id);
  checkSessionId(id);
  return id;
}

/** A record as it is written. */
export interface WrittenRecord {
  readonly whole: WholeConversation;
  /** How many operations are not in it, as the store could not tell what was done under them. */
  readonly unkept: number;
}

/** @throws TypeError, SessionError for what cannot be written. */
export function writtenRecord(host: SessionHost, given: SessionRecord): WrittenRecord {
  const record = recordIn(given);
  const id = storedIdOfRecord(record);
  const codec = host.codec(id);
  const { createdAt, updatedAt, title, metadata, version, items, usage = [] } = record;
  const texts = codec.encode(items.map(({ item }) => item));
  const operations = operationsFor(codec, record);
  const whole = {
    id,
    tenant: record.tenant ?? '',
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
    rows: items.map((item, index) => ({ text: texts[index] ?? '', createdAt: timeOf(item.createdAt) })),
    ...(version > 0 && { description: { text: descriptionTextOf(codec, { title, metadata }), version } }),
    ...(operations?.length && { operations: operations.map(recordedOperation) }),
    ...(usage.length > 0 && { usage: usage.map((one) => recordedUsage(one, items.length)) }),
  };
  return { whole, unkept: operations ? 0 : (record.operations?.length ?? 0) };
}

/** A copy of a record, with its fields and those of its items read once. @throws TypeError for what is none. */
function recordIn(given: SessionRecord): SessionRecord {
  return readArgument(NO_RECORD, () => {
    const record = { ...given };
    if (!isList(record.items) || !isOptionsObject(record.metadata)) throw new TypeError(NO_RECORD);
    return { ...record, items: record.items.map((one) => ({ ...one })), metadata: { ...record.metadata } };
  });
}

/** What is no record at all. */
export const NO_RECORD = 'A record must be as exportSessions gives it.';

const SHORT = /^[\w-]{1,255}$/;

function recordedOperation({ id, digest, createdAt }: OperationRecord): RecordedOperation {
  if (!SHORT.test(id) || !SHORT.test(digest))
    throw new TypeError('The operations of a record must have ids and digests.');
  return { id, digest, createdAt: timeOf(createdAt) };
}

function recordedUsage({ recordedAt, turn, ...used }: UsageRecord, items: number): RecordedUsage {
  const isRight =
    SHORT.test(used.key) &&
    isModel(used.model) &&
    [...USAGE_COUNTS.map((name) => used[name]), turn ?? 0].every(
      (count) => Number.isSafeInteger(count) && count >= 0,
    ) &&
    (turn ?? -1) < items;
  if (!isRight) throw new TypeError('The usage of a record must have keys, models, and whole numbers.');
  return { ...used, recordedAt: timeOf(recordedAt), ...(turn !== undefined && { turn }) };
}

function isModel(model: unknown): boolean {
  return (
    typeof model === 'string' &&
    model.isWellFormed() &&
    !model.includes('\0') &&
    Array.from(model).length <= 255
  );
}

function timeOf(time: Date): number {
  const milliseconds = time instanceof Date ? time.getTime() : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new TypeError('A record must have valid Dates.');
  return milliseconds;
}

/**
 * A digest of what was said in a conversation, and of its title and metadata: equal in two stores of one `itemFormat` that hold the
 * same, whatever their databases and keys. Times are not in it, as databases keep them with different exactness, and neither are usage
 * and operation ids.
 *
 * @returns SHA-256, in hex.
 * @throws TypeError for what is no record. SessionError for items that cannot be stored.
 * @example
 * ```ts
 * for await (const record of exportSessions(store)) console.log(record.id, recordDigest(record));
 * ```
 */
export function recordDigest(record: SessionRecord): string {
  const { items, title, metadata } = recordIn(record);
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  hash.update(JSON.stringify([title ?? null, Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))]));
  for (const text of encodeItems(items.map(({ item }) => item))) hash.update(`\n${text}`);
  return hash.digest('hex');
}
