import type { SessionSupport } from '@stackone/sessions-core';
import {
  type AppendBatch,
  type AppendOutcome,
  beforeNewest,
  type ConversationVerbs,
  type Decide,
  decidePatch,
  digestOf,
  type HistoryPatch,
  type HistoryQuery,
  type KeptConversation,
  type KeptConversations,
  now,
  type Operation,
  outcomeOf,
  type RemovedRows,
  type RestoreOutcome,
  rowNumber,
  type SessionBackend,
  type SessionChanges,
  type StoredConversation,
  type StoredDescription,
  type StoredRow,
  sessionErased,
  type TimedRow,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import { matches, pageOf } from './conversations.js';
import { MemoryRuns } from './runs.js';
import { MemoryUsage } from './usage.js';

/** What memory can do. */
export const MEMORY_SUPPORT: SessionSupport = {
  durable: false,
  shared: false,
  edit: true,
  operations: true,
  transactions: false,
  listing: true,
  conversations: true,
  history: true,
  metadata: true,
  copying: true,
  usage: true,
  runs: true,
  erasure: true,
  retention: true,
  restoring: true,
  watching: true,
};

interface RecordedOperation {
  readonly digest: string;
  /** In ms, of a clock that only goes forward. */
  readonly at: number;
  /** In ms since 1970. */
  readonly createdAt: number;
}

interface Conversation {
  rows: TimedRow[];
  /** By operation id, oldest first. */
  operations: Map<string, RecordedOperation>;
  /** In ms since 1970. */
  readonly createdAt: number;
  updatedAt: number;
}

/** Keeps rows in maps. Every method is synchronous, and therefore atomic. */
export class MemoryBackend implements SessionBackend {
  readonly supports = MEMORY_SUPPORT;
  readonly #conversations = new Map<string, Conversation>();
  /** They outlive the conversations that are cleared. */
  readonly #descriptions = new Map<string, StoredDescription>();
  /** It outlives them, too. */
  readonly usage = new MemoryUsage((sessionId) => this.#refuseErased(sessionId));
  readonly runs = new MemoryRuns((sessionId) => this.#refuseErased(sessionId));
  /** By digests of ids: when they end, in ms of a clock that only goes forward. */
  readonly #erasures = new Map<string, number>();
  readonly #leases = new Map<string, number>();
  readonly conversations: ConversationVerbs = {
    list: (query) => pageOf(this.#described(), query),
    count: (filter) => this.#described().filter((one) => matches(one, filter)).length,
    get: (sessionId) => {
      const conversation = this.#conversations.get(sessionId);
      return conversation && this.#describe(sessionId, conversation);
    },
    remove: (sessionId) => this.#remove(sessionId),
    removeSome: (sessionId, { atMost, whole, before, changedBefore = Infinity }) => {
      const conversation = this.#conversations.get(sessionId);
      const { rows = [], updatedAt = Infinity } = conversation ?? {};
      if (changedBefore !== Infinity && (updatedAt >= changedBefore || this.runs.hasOpen(sessionId)))
        return { removed: NOTHING, isDone: true };
      const end =
        before === undefined ? rows.length : rows.filter(({ id }) => BigInt(id) < BigInt(before)).length;
      if (whole && end > atMost) return { removed: NOTHING, isDone: false };
      const messages = rows.splice(0, Math.min(atMost, end)).length;
      if (before !== undefined || (messages === atMost && !whole))
        return { removed: { ...NOTHING, messages }, isDone: whole === true || messages < atMost };
      return { removed: { ...this.#remove(sessionId), messages }, isDone: true };
    },
    forget: ({ operationsOlderThan = Infinity, runsEndedBefore, atMost, ...filter }) => {
      let operations = 0;
      for (const { id } of this.#described().filter((one) => matches(one, filter)))
        operations += forget(this.#conversations.get(id), operationsOlderThan, atMost - operations);
      const isMeant = (id: string) => matches({ id, createdAt: 0, updatedAt: 0, time: '' }, filter);
      const runs = this.runs.forget(isMeant, runsEndedBefore ?? 0, atMost);
      return { operations, erasures: Math.min(this.#forgetRefusals(), atMost), runs };
    },
    lease: (name, milliseconds, held) => {
      if (!held && (this.#leases.get(name) ?? 0) > now()) return false;
      this.#leases.set(name, now() + milliseconds);
      return true;
    },
    refuse: (sessionId, milliseconds) => {
      this.#forgetRefusals();
      const digest = digestOf(sessionId);
      this.#erasures.set(digest, Math.max(now() + milliseconds, this.#erasures.get(digest) ?? 0));
    },
    describe: (sessionId, decide, make) => {
      const description = decide(this.#descriptions.get(sessionId));
      if (description && make) this.#refuseErased(sessionId);
      if (description) this.#descriptions.set(sessionId, description);
      const conversation = description && make ? this.#make(sessionId) : this.#conversations.get(sessionId);
      return conversation && this.#describe(sessionId, conversation);
    },
    copy: (from, to, { upTo, move, rewrite = (text) => text }) => {
      const source = this.#conversations.get(from);
      if (!source) return 'missing';
      if (this.#conversations.has(to) || this.#descriptions.has(to)) return 'taken';
      this.#refuseErased(to);
      const copies = source.rows.slice(0, upTo).map((row) => ({ ...row, text: rewrite(row.text) }));
      const description = this.#descriptions.get(from);
      const copied = description && { ...description, text: rewrite(description.text) };
      const made = this.#make(to);
      made.rows = copies.map((row) => ({ ...row, id: this.#nextId() }));
      if (copied) this.#descriptions.set(to, copied);
      if (!move) return this.#describe(to, made);
      const moved = { ...source, rows: made.rows };
      this.#conversations.set(to, moved);
      this.usage.move(from, to, new Map(source.rows.map(({ id }, at) => [id, made.rows[at]?.id ?? id])));
      this.runs.move(from, to);
      this.#conversations.delete(from);
      this.#descriptions.delete(from);
      return this.#describe(to, moved);
    },
    restore: (conversations) => conversations.map((one) => this.#restore(one)),
    wholes: (sessionIds, atMost) => this.#wholes(sessionIds, atMost),
    changes: (after) => this.#changes(after),
  };
  #lastId = 0n;

  append(batches: readonly AppendBatch[]): AppendOutcome[] {
    for (const { sessionId } of batches) this.#refuseErased(sessionId);
    return batches.map(({ sessionId, texts, operation }) => {
      const recorded = operation && this.#conversations.get(sessionId)?.operations.get(operation.id)?.digest;
      if (recorded !== undefined) return outcomeOf(operation, recorded);
      const conversation = this.#make(sessionId);
      for (const row of this.#newRows(texts)) conversation.rows.push(row);
      conversation.updatedAt = Date.now();
      if (operation) record(conversation, operation);
      return 'stored';
    });
  }

  read(sessionId: string, limit?: number, before?: string): StoredRow[] {
    const rows = this.#conversations.get(sessionId)?.rows ?? [];
    const end = before === undefined ? rows.length : rows.findIndex(({ id }) => BigInt(id) >= BigInt(before));
    const stop = end < 0 ? rows.length : end;
    return rows.slice(limit === undefined ? 0 : Math.max(stop - limit, 0), stop);
  }

  history(sessionId: string, { limit, oldest, before, after }: HistoryQuery): TimedRow[] {
    const first = after === undefined ? undefined : BigInt(rowNumber(after));
    const end = before === undefined ? undefined : BigInt(rowNumber(before));
    const rows = (this.#conversations.get(sessionId)?.rows ?? []).filter(
      ({ id }) => (first === undefined || BigInt(id) > first) && (end === undefined || BigInt(id) < end),
    );
    return oldest ? rows.slice(0, limit) : rows.slice(-limit);
  }

  pop(sessionId: string): StoredRow | undefined {
    return this.#conversations.get(sessionId)?.rows.pop();
  }

  edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): void {
    const conversation = this.#conversations.get(sessionId);
    const recorded = operation && conversation?.operations.get(operation.id)?.digest;
    const patch = decidePatch(decide, (count) => newest(conversation, count), last, recorded);
    const records = operation !== undefined && recorded === undefined;
    if (!conversation && !records && !patch.append?.length) return;
    if (records || patch.append?.length) this.#refuseErased(sessionId);
    const changed = this.#make(sessionId);
    changed.rows = this.#patched(changed.rows, patch);
    if (records || patch.append?.length) changed.updatedAt = Date.now();
    if (records) record(changed, operation);
  }

  clear(sessionId: string): void {
    this.#conversations.delete(sessionId);
  }

  sessionIds(after: string | undefined, limit: number, prefix = ''): string[] {
    const all = new Set([
      ...this.#conversations.keys(),
      ...this.#descriptions.keys(),
      ...this.usage.sessionIds(),
      ...this.runs.sessionIds(),
    ]);
    const ids = [...all].filter((id) => id.startsWith(prefix) && (after === undefined || id > after));
    return ids.sort((one, other) => (one < other ? -1 : 1)).slice(0, limit);
  }

  close(): void {
    this.#conversations.clear();
    this.#descriptions.clear();
    this.usage.clear();
    this.runs.clear();
    this.#erasures.clear();
  }

  #remove(sessionId: string): RemovedRows {
    const { rows = [], operations } = this.#conversations.get(sessionId) ?? {};
    const sessions = Number(this.#conversations.delete(sessionId));
    const metadata = Number(this.#descriptions.delete(sessionId));
    const usage = this.usage.remove(sessionId);
    const runs = this.runs.remove(sessionId);
    return { sessions, messages: rows.length, operations: operations?.size ?? 0, metadata, usage, runs };
  }

  #forgetRefusals(): number {
    const before = this.#erasures.size;
    for (const [digest, end] of this.#erasures) if (end <= now()) this.#erasures.delete(digest);
    return before - this.#erasures.size;
  }

  #restore(whole: WholeConversation): RestoreOutcome {
    const { id, tenant, createdAt, updatedAt, rows, description, operations = [], usage, replaces } = whole;
    if (replaces !== undefined) {
      if (this.#conversations.get(id)?.updatedAt !== replaces) return 'taken';
      this.#remove(id);
    } else if (this.#conversations.has(id) || this.#descriptions.has(id)) return 'taken';
    if (this.#isErased(id)) return 'erased';
    const restored = rows.map((row) => ({ ...row, id: this.#nextId() }));
    const recorded = operations.map(({ id: key, digest, createdAt: at }): [string, RecordedOperation] => [
      key,
      { digest, at: now() - (Date.now() - at), createdAt: at },
    ]);
    const kept = new Map(recorded.sort(([, one], [, other]) => one.at - other.at));
    this.#conversations.set(id, { rows: restored, operations: kept, createdAt, updatedAt });
    if (description) this.#descriptions.set(id, description);
    if (usage) this.usage.restore(id, tenant, usage, restored);
    return 'stored';
  }

  #wholes(sessionIds: readonly string[], atMost?: number): KeptConversations {
    let room = atMost ?? Infinity;
    const found: KeptConversation[] = [];
    const left: string[] = [];
    for (const id of sessionIds) {
      const conversation = this.#conversations.get(id);
      room -= conversation?.rows.length ?? 0;
      if (room < 0) left.push(id);
      else if (conversation) found.push(this.#kept(id, conversation));
    }
    return { found, left };
  }

  #kept(id: string, conversation: Conversation): KeptConversation {
    const { rows, operations } = conversation;
    const { time: _, ...described } = this.#describe(id, conversation);
    const usage = this.usage.kept(id, new Map(rows.map((row, place) => [row.id, place])));
    return {
      ...described,
      rows: [...rows],
      ...(operations.size > 0 && {
        operations: [...operations].map(([key, { digest, createdAt }]) => ({ id: key, digest, createdAt })),
      }),
      ...(usage.length > 0 && { usage }),
    };
  }

  /** All rows are looked at: they are committed as they get their ids. */
  #changes(after: string | undefined): SessionChanges {
    if (after === undefined) return beforeNewest(String(this.#lastId));
    const behind = BigInt(rowNumber(after));
    const all = [...this.#conversations].map(([id, { rows }]) => ({ id, newest: rows.at(-1)?.id ?? '0' }));
    const sessions = all.filter(({ newest }) => BigInt(newest) > behind);
    return { sessions, last: String(this.#lastId > behind ? this.#lastId : behind), isLast: true };
  }

  #isErased(sessionId: string): boolean {
    const end = this.#erasures.size > 0 ? this.#erasures.get(digestOf(sessionId)) : undefined;
    return end !== undefined && end > now();
  }

  #refuseErased(sessionId: string): void {
    if (this.#isErased(sessionId)) throw sessionErased();
  }

  #described(): StoredConversation[] {
    return [...this.#conversations].map(([id, conversation]) => this.#describe(id, conversation));
  }

  #describe(id: string, { createdAt, updatedAt }: Conversation): StoredConversation {
    const description = this.#descriptions.get(id);
    return { id, createdAt, updatedAt, time: '', ...(description && { description }) };
  }

  #make(sessionId: string): Conversation {
    let conversation = this.#conversations.get(sessionId);
    if (!conversation) {
      const now = Date.now();
      conversation = { rows: [], operations: new Map(), createdAt: now, updatedAt: now };
      this.#conversations.set(sessionId, conversation);
    }
    return conversation;
  }

  #patched(rows: readonly TimedRow[], { clear, remove, update, append }: HistoryPatch): TimedRow[] {
    const removed = new Set(remove);
    const updated = new Map(update?.map(({ id, text }) => [id, text]));
    const changed = (row: TimedRow) => {
      const text = updated.get(row.id);
      return text === undefined ? row : { ...row, text };
    };
    const kept = clear ? [] : rows.filter(({ id }) => !removed.has(id)).map(changed);
    return [...kept, ...this.#newRows(append ?? [])];
  }

  #newRows(texts: readonly string[]): TimedRow[] {
    const createdAt = Date.now();
    return texts.map((text) => ({ id: this.#nextId(), text, createdAt }));
  }

  #nextId(): string {
    return String(++this.#lastId);
  }
}

const NOTHING: RemovedRows = { sessions: 0, messages: 0, operations: 0, metadata: 0 };

function newest(conversation: Conversation | undefined, count: number | 'all'): readonly StoredRow[] {
  const rows = conversation?.rows ?? [];
  return count === 'all' ? rows : rows.slice(Math.max(rows.length - count, 0));
}

function record(conversation: Conversation, { id, digest, forgetOlderThan = Infinity }: Operation): void {
  forget(conversation, forgetOlderThan);
  conversation.operations.set(id, { digest, at: now(), createdAt: Date.now() });
}

/** @returns How many operations are forgotten now. */
function forget(conversation: Conversation | undefined, olderThan: number, atMost = Infinity): number {
  const { operations = new Map<string, RecordedOperation>() } = conversation ?? {};
  const before = operations.size;
  for (const [id, { at }] of operations) {
    if (at >= now() - olderThan * 1000 || before - operations.size >= atMost) break;
    operations.delete(id);
  }
  return before - operations.size;
}
