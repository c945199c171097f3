import type { AgentInputItem } from '@openai/agents-core';
import { descriptionOf } from '../conversations/described.js';
import { descriptionTextOf, type JsonValue, NO_DESCRIPTION } from '../conversations/description.js';
import { checkSessionId } from '../ids/session-id.js';
import { parseTenantSessionId, tenantSessionId } from '../ids/tenant-id.js';
import { encodeItems } from '../items/item-codec.js';
import { RowReader } from '../items/row-reader.js';
import type { SessionBackend, TimedRow } from '../port/backend.js';
import type { StoredConversation, WholeConversation } from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import type { SessionHost } from '../session/session-host.js';

/** What a conversation is called, whichever tenant it belongs to. */
export interface SessionName {
  readonly id: string;
  /** Absent for one without a tenant. */
  readonly tenant?: string;
}

/**
 * A conversation as a whole, apart from its store: its items with their times, its title and metadata. What models used and
 * remembered operation ids are not in it.
 */
export interface SessionRecord extends SessionName {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly title?: string;
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** How often the title or metadata were updated. */
  readonly version: number;
  /** Oldest first. */
  readonly items: readonly { readonly item: AgentInputItem; readonly createdAt: Date }[];
  /** How many rows were left out because they are no items, or no key opens them. Absent where there were none. */
  readonly unread?: number;
}

/** Rows that are read at once. */
const PAGE = 1000;

/** @throws SessionError `DECRYPTION_FAILED`, `CORRUPT_ITEM`, as reading the conversation does. */
export async function recordOf(
  host: SessionHost,
  backend: SessionBackend,
  { id: storedId, createdAt, updatedAt, description }: StoredConversation,
): Promise<SessionRecord> {
  const codec = host.codec(storedId);
  const { title, metadata } = description ? descriptionOf(codec, description) : NO_DESCRIPTION;
  const reader = new RowReader(codec, host);
  const rows: TimedRow[] = [];
  for (let page: readonly TimedRow[] | undefined; page === undefined || page.length === PAGE; ) {
    if (!backend.history)
      throw new SessionError('UNSUPPORTED', 'This store cannot tell when its items were stored.');
    page = await backend.history(storedId, { limit: PAGE, oldest: true, after: rows.at(-1)?.id });
    for (const row of page) rows.push(row);
  }
  const items = rows.flatMap((row) => {
    const item = reader.item(row);
    return item ? [{ item, createdAt: new Date(row.createdAt) }] : [];
  });
  reader.check();
  reader.tell('skipped');
  codec.afterRead?.(items.map(({ item }) => item));
  const { sessionId: id, tenant } = parseTenantSessionId(storedId) ?? { sessionId: storedId };
  return {
    id,
    ...(tenant !== undefined && { tenant }),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    ...(title !== undefined && { title }),
    metadata,
    version: description?.version ?? 0,
    items,
    ...(items.length < rows.length && { unread: rows.length - items.length }),
  };
}

/** What the conversation is stored under. @throws TypeError for what cannot be. */
export function storedIdOfRecord({ id, tenant }: SessionName): string {
  if (tenant !== undefined) return tenantSessionId(tenant, id);
  checkSessionId(id);
  return id;
}

/** A record as it is written. @throws TypeError, SessionError for what cannot be. */
export function wholeOf(host: SessionHost, record: SessionRecord): WholeConversation {
  const id = storedIdOfRecord(record);
  const codec = host.codec(id);
  const { createdAt, updatedAt, title, metadata, version, items } = record;
  const texts = codec.encode(items.map(({ item }) => item));
  return {
    id,
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
    rows: items.map((item, index) => ({ text: texts[index] ?? '', createdAt: timeOf(item.createdAt) })),
    ...(version > 0 && { description: { text: descriptionTextOf(codec, { title, metadata }), version } }),
  };
}

function timeOf(time: Date): number {
  const milliseconds = time instanceof Date ? time.getTime() : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new TypeError('A record must have valid Dates.');
  return milliseconds;
}

/**
 * A digest of what was said in a conversation, and of its title and metadata: equal in two stores of one `itemFormat` that hold the
 * same, whatever their databases and keys. Times are not in it, as databases keep them with different exactness.
 *
 * @returns SHA-256, in hex.
 * @example
 * ```ts
 * for await (const record of exportSessions(store)) console.log(record.id, recordDigest(record));
 * ```
 */
export function recordDigest({ items, title, metadata }: SessionRecord): string {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  hash.update(JSON.stringify([title ?? null, Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))]));
  for (const text of encodeItems(items.map(({ item }) => item))) hash.update(`\n${text}`);
  return hash.digest('hex');
}
