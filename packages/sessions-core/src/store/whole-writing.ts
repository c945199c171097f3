import type { ItemCodec } from '../items/item-codec.js';
import type { SessionBackend } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import type { RestoreOutcome, WholeConversation } from '../port/whole-conversations.js';
import type { SessionHost } from '../session/session-host.js';
import { recordDigest, type SessionRecord, type WrittenRecord, writtenRecord } from './session-record.js';
import { WholeReading } from './whole-reading.js';

/** A transaction has so many items, or conversations, or characters, if there is more than one conversation in it. */
const MOST = { items: 1000, sessions: 100, characters: 250_000 } as const;

/** So many characters are in transactions that are under way, if there is more than one. */
const UNDER_WAY = 1_000_000;

/** A conversation as it was read, and as it is written. */
export interface PreparedRecord extends WrittenRecord {
  readonly record: SessionRecord;
  /** Of its items. */
  readonly characters: number;
}

/** @throws TypeError, SessionError for what cannot be written. */
function prepared(host: SessionHost, record: SessionRecord): PreparedRecord {
  const written = writtenRecord(host, record);
  const characters = written.whole.rows.reduce((sum, { text }) => sum + text.length, 0);
  return { ...written, record, characters };
}

/** The conversations of each transaction, one after the other. */
export async function* batchesOf(
  host: SessionHost,
  records: Iterable<SessionRecord> | AsyncIterable<SessionRecord>,
): AsyncGenerator<readonly PreparedRecord[], void, void> {
  let batch: PreparedRecord[] = [];
  let items = 0;
  let characters = 0;
  for await (const record of records) {
    const one = prepared(host, record);
    const isFull =
      batch.length >= MOST.sessions ||
      items + record.items.length > MOST.items ||
      characters + one.characters > MOST.characters;
    // an id twice: the second one finds the first
    if (batch.length > 0 && (isFull || batch.some(({ whole }) => whole.id === one.whole.id))) {
      yield batch;
      [batch, items, characters] = [[], 0, 0];
    }
    batch.push(one);
    items += record.items.length;
    characters += one.characters;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Does something with each batch, some at the same time: as many as are said, and no more than memory is to hold. After a failure, the
 * others end what they do.
 *
 * @throws What the first failure threw.
 */
export async function eachBatch(
  batches: AsyncGenerator<readonly PreparedRecord[], void, void>,
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal | undefined },
  work: (batch: readonly PreparedRecord[]) => Promise<void>,
): Promise<void> {
  let underWay = 0;
  let wake: () => void = () => undefined;
  let turn: Promise<unknown> = Promise.resolve();
  /** The next batch, when there is room for it. */
  const take = async () => {
    const { value: batch } = await batches.next();
    if (!batch) return undefined;
    const characters = batch.reduce((sum, one) => sum + one.characters, 0);
    while (underWay > 0 && underWay + characters > UNDER_WAY)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    underWay += characters;
    return { batch, characters };
  };
  const worker = async () => {
    for (;;) {
      signal?.throwIfAborted();
      const taken = turn.then(take);
      turn = taken.catch(() => undefined);
      const next = await taken;
      if (!next) return;
      try {
        await work(next.batch);
      } finally {
        underWay -= next.characters;
        wake();
      }
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: concurrency }, () =>
      worker().catch(async (error: unknown) => {
        await batches.return(); // the others end after what they do now
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** What became of a conversation that was to be written. */
export interface Written {
  readonly prepared: PreparedRecord;
  /** `same`, `different`: it was there already. */
  readonly outcome: 'stored' | 'same' | 'different' | 'erased';
  /** What is there, if it is the same or different. Absent where only a title is, of a conversation that was cleared. */
  readonly there?: SessionRecord | undefined;
  /** How many operations and numbers of responses the store could not keep. */
  readonly unkept: number;
}

let calls = 0;

/** Writes conversations in one transaction, and looks at those that are there already. */
export async function writeBatch(host: SessionHost, batch: readonly PreparedRecord[]): Promise<Written[]> {
  const wholes = batch.map(({ whole }) => whole);
  const { outcomes, unkept } = await host.perform('importSessions', () => ({
    // an id that no conversation has: batches wait for nothing
    storedId: `\0import ${++calls}`,
    work: async (backend) => ({
      outcomes: await restore(backend, wholes),
      unkept: wholes.map((whole) => unkeptOf(backend, whole)),
    }),
  }));
  const taken = wholes.filter((_, index) => outcomes[index] === 'taken').map(({ id }) => id);
  const there = new Map<string, SessionRecord>();
  for await (const [id, record] of new WholeReading(host).entries(taken)) there.set(id, record);
  return batch.map((one, index): Written => {
    const outcome = outcomes[index];
    if (outcome === 'stored') return { prepared: one, outcome, unkept: one.unkept + (unkept[index] ?? 0) };
    if (outcome === 'erased') return { prepared: one, outcome, unkept: 0 };
    const found = there.get(one.whole.id);
    const isSame =
      found !== undefined &&
      recordDigest(found) === recordDigest(asStored(one.record, host.codec(one.whole.id)));
    return { prepared: one, outcome: isSame ? 'same' : 'different', there: found, unkept: 0 };
  });
}

/** @throws SessionError `UNSUPPORTED` */
async function restore(
  { supports, conversations }: SessionBackend,
  wholes: readonly WholeConversation[],
): Promise<readonly RestoreOutcome[]> {
  if (supports.restoring && conversations?.restore) return conversations.restore(wholes);
  throw new SessionError(
    'UNSUPPORTED',
    'This store cannot write conversations with the times that they had.',
  );
}

function unkeptOf({ supports }: SessionBackend, { operations = [], usage = [] }: WholeConversation): number {
  return (supports.operations ? 0 : operations.length) + (supports.usage ? 0 : usage.length);
}

/** The record as the store reads it: its format may say an item in other words. */
export function asStored(record: SessionRecord, codec: ItemCodec): SessionRecord {
  const items = codec.asRead?.(record.items.map(({ item }) => item));
  if (!items) return record;
  const timed = record.items.map((one, index) => ({ ...one, item: items[index] ?? one.item }));
  return { ...record, items: timed };
}
