import type { SessionSupport } from '@stackone/sessions-core';
import {
  beforeNewest,
  type ConversationCopy,
  type ConversationFilter,
  type ConversationQuery,
  type ConversationVerbs,
  type CopyOutcome,
  changesIn,
  type DecideDescription,
  erasuresMissing,
  type Forgetting,
  inByteOrder,
  type KeptConversations,
  metadataMissing,
  type Removal,
  type RemovalStep,
  type RemovedRows,
  type RestoreOutcome,
  rowNumber,
  type SessionChanges,
  type StoredConversation,
  type StoredDescription,
  type StoredRow,
  sessionErased,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import type { ConversationStatements } from './conversation-statements.js';
import type { Answer, Send } from './driver-types.js';
import type { MysqlExecutor } from './executor.js';
import { checkPacket } from './inserts.js';
import type { RunStatements } from './runs.js';
import type { MysqlStatements, SessionKey } from './statements.js';
import { NOTHING_CHANGED } from './transactions.js';
import type { UsageStatements } from './usage.js';
import type { WholeStatements } from './whole-statements.js';
import { type MysqlWholeParts, MysqlWholes } from './wholes.js';

/** What {@link MysqlConversations} works with. */
export interface MysqlConversationParts {
  readonly executor: MysqlExecutor;
  readonly sql: MysqlStatements;
  readonly own: ConversationStatements;
  readonly usage: UsageStatements;
  readonly whole: WholeStatements;
  readonly runs: RunStatements;
  /** Which of the side tables are there. */
  readonly supports: SessionSupport;
  /** What makes the table of titles and metadata. */
  readonly createMetadata: string;
  /** The largest statement that the server takes, in bytes. */
  readonly maxPacket: number;
  /** Makes a call, with the backend's repetitions. */
  call<T>(attempt: () => Promise<T>): Promise<T>;
}

/** How many rows are encrypted again at once. */
const PAGE = 100;

/** The verbs on conversations as a whole, on MySQL and MariaDB. */
export class MysqlConversations implements ConversationVerbs {
  protected readonly parts: MysqlConversationParts;
  readonly #wholes: MysqlWholes;

  /** @param wholesOf - What reads and writes conversations with all that is kept of them. */
  constructor(
    parts: MysqlConversationParts,
    wholesOf: (parts: MysqlWholeParts) => MysqlWholes = (own) => new MysqlWholes(own),
  ) {
    this.parts = parts;
    const { executor, sql, own, usage, whole, supports, maxPacket } = parts;
    this.#wholes = wholesOf({
      executor,
      sql: whole,
      maxPacket,
      call: (attempt) => parts.call(attempt),
      refusals: (send, made) => this.#refusals(send, made),
      removeSession: (send, sessionId) => send(sql.removeSession(sessionId)),
      removeAll: async (send, sessionId) => {
        if (supports.metadata) await send(own.removeDescription(sessionId));
        if (supports.usage) await send(usage.remove(sessionId));
        await this.#removeItems(send, sessionId);
      },
      has: supports,
    });
  }

  async list(query: ConversationQuery): Promise<StoredConversation[]> {
    const { own, supports } = this.parts;
    const { rows } = await this.read(own.list(query));
    const ids = rows.map(({ id }) => String(id));
    if (!supports.metadata || ids.length === 0) return rows.map(conversationOf);
    const described = (await this.read(own.descriptions(ids))).rows;
    const byId = new Map(described.map((row) => [row.id, row]));
    return rows.map((row) => conversationOf({ ...row, ...byId.get(row.id) }));
  }

  async count(filter: ConversationFilter): Promise<number> {
    const { rows } = await this.read(this.parts.own.count(filter));
    return Number(rows[0]?.n);
  }

  async get(sessionId: string): Promise<StoredConversation | undefined> {
    const [row] = (await this.read(this.parts.own.get(sessionId))).rows;
    return row && conversationOf(row);
  }

  /**
   * Table by table: foreign keys and their cascades are not everywhere. What is not there has a lock too, on its gap: nobody
   * can describe it meanwhile.
   */
  async remove(sessionId: string): Promise<RemovedRows> {
    const { executor, sql, own, usage: usageSql, runs: runSql, supports, call } = this.parts;
    const removed = await call(() =>
      executor.atomically(async (send) => {
        const isThere = (await send(sql.lockExisting(sessionId))).rows.length > 0;
        const affected = async (statement: string) => (await send(statement)).affectedRows;
        const metadata = supports.metadata ? await affected(own.removeDescription(sessionId)) : 0;
        const usage = supports.usage ? await affected(usageSql.remove(sessionId)) : 0;
        const runs = supports.runs ? await affected(runSql.remove(sessionId)) : 0;
        if (!isThere)
          return metadata + usage + runs > 0
            ? { ...NOTHING_REMOVED, metadata, usage, runs }
            : NOTHING_CHANGED;
        return { metadata, usage, runs, ...(await this.#removeItems(send, sessionId)) };
      }),
    );
    return removed ?? NOTHING_REMOVED;
  }

  async #removeItems(
    send: Send,
    sessionId: string,
  ): Promise<Omit<RemovedRows, 'metadata' | 'usage' | 'runs'>> {
    const { sql, supports } = this.parts;
    const affected = async (statement: string) => (await send(statement)).affectedRows;
    return {
      operations: supports.operations ? await affected(sql.removeOperations(sessionId)) : 0,
      messages: await affected(sql.removeAll(sessionId)),
      sessions: await affected(sql.removeSession(sessionId)),
    };
  }

  async removeSome(
    sessionId: string,
    { atMost, whole, before, changedBefore }: Removal,
  ): Promise<RemovalStep> {
    const { executor, sql, own, usage: usageSql, runs: runSql, supports, call } = this.parts;
    const limit = whole ? atMost + 1 : atMost;
    let isDone = true;
    const step = await call(() =>
      executor.atomically(async (send): Promise<RemovalStep | typeof NOTHING_CHANGED> => {
        const affected = async (statement: string) => (await send(statement)).affectedRows;
        const lock =
          changedBefore === undefined
            ? sql.lockExisting(sessionId)
            : own.lockUnchanged(sessionId, changedBefore);
        const isThere = (await send(lock)).rows.length > 0;
        isDone = true;
        if (!isThere && (changedBefore !== undefined || before !== undefined)) return NOTHING_CHANGED;
        const messages = isThere ? await affected(sql.removeOldest(sessionId, limit, before)) : 0;
        isDone = messages < limit;
        if (whole && messages > atMost) return NOTHING_CHANGED;
        if (!isDone || before !== undefined) return { removed: { ...NOTHING_REMOVED, messages }, isDone };
        const metadata = supports.metadata ? await affected(own.removeDescription(sessionId)) : 0;
        const usage = supports.usage ? await affected(usageSql.remove(sessionId)) : 0;
        const runs = supports.runs ? await affected(runSql.remove(sessionId)) : 0;
        if (!isThere && metadata + usage + runs === 0) return NOTHING_CHANGED;
        const removed = isThere ? await this.#removeItems(send, sessionId) : NOTHING_REMOVED;
        return { removed: { ...removed, messages, metadata, usage, runs }, isDone: true };
      }),
    );
    return step ?? { removed: NOTHING_REMOVED, isDone };
  }

  async forget({ operationsOlderThan, runsEndedBefore, atMost, ...filter }: Forgetting) {
    const { sql, own, supports } = this.parts;
    const forgets = supports.operations && operationsOlderThan !== undefined;
    const old = forgets ? await this.#keys(own.oldOperations(filter, operationsOlderThan, atMost)) : [];
    const ended =
      supports.runs && runsEndedBefore !== undefined
        ? await this.#keys(own.oldRuns(filter, runsEndedBefore, atMost))
        : [];
    return {
      runs: ended.length > 0 ? await this.affected(own.forgetRuns(ended)) : 0,
      operations: old.length > 0 ? await this.affected(sql.forgetOperationsOf(old)) : 0,
      erasures: supports.erasure ? await this.forgetErasures(atMost) : 0,
    };
  }

  protected forgetErasures(atMost: number): Promise<number> {
    return this.affected([this.parts.sql.forgetErasures(atMost)]);
  }

  async #keys(statement: string): Promise<SessionKey[]> {
    const { rows } = await this.read(statement);
    return rows.map(({ sessionId, id }) => [String(sessionId), String(id)]);
  }

  /** Runs statements, each by itself. @returns How many rows they changed. */
  protected async affected(statements: readonly string[]): Promise<number> {
    let rows = 0;
    for (const statement of statements) rows += (await this.read(statement)).affectedRows;
    return rows;
  }

  async lease(name: string, milliseconds: number, held: boolean): Promise<boolean> {
    const { executor, sql, call } = this.parts;
    for (const statement of [sql.lease(name, milliseconds, held), sql.makeLease(name, milliseconds)]) {
      if ((await call(() => executor.run(statement))).affectedRows > 0) return true;
    }
    return false;
  }

  async refuse(sessionId: string, milliseconds: number): Promise<void> {
    const { executor, sql, supports, call } = this.parts;
    if (!supports.erasure) throw erasuresMissing();
    await call(() => executor.run(sql.refuse(sessionId, milliseconds)));
  }

  async changes(after: string | undefined, limit: number): Promise<SessionChanges> {
    const { own } = this.parts;
    if (after === undefined) {
      const [newest] = (await this.read(own.newestRow)).rows;
      return beforeNewest(newest?.id ?? undefined);
    }
    const { rows } = await this.read(own.changedSessions(rowNumber(after), limit));
    const found = rows.map(({ id, newest, n }) => ({ id: String(id), newest: String(newest), n: Number(n) }));
    return changesIn(this.changed(found), after, limit);
  }

  /** The conversations that got items, each once. */
  protected changed(found: readonly ChangedSession[]): readonly ChangedSession[] {
    return found;
  }

  async copy(from: string, to: string, { upTo, move, rewrite }: ConversationCopy): Promise<CopyOutcome> {
    const { executor, own, usage, supports, call } = this.parts;
    let refusal: 'missing' | 'taken' | undefined;
    const copied = await call(() =>
      executor.atomically(async (send) => {
        refusal = await this.#lockBoth(send, from, to);
        if (refusal) return NOTHING_CHANGED;
        const description = await this.#description(send, from);
        if (await this.#description(send, to)) {
          refusal = 'taken';
          return NOTHING_CHANGED;
        }
        await refuseErased(this.parts, send, [to]);
        await this.copyItems(send, from, to, upTo);
        if (description) {
          const { text, version } = description;
          await send(own.writeDescription(to, { text: rewrite ? rewrite(text) : text, version }));
        }
        if (rewrite) await this.#rewrite(send, to, rewrite);
        if (move) {
          await this.moveOthers(send, from, to);
          if (description) await send(own.removeDescription(from));
          if (supports.usage) await send(usage.remove(from));
          await this.#removeItems(send, from);
        }
        return (await send(own.get(to))).rows[0];
      }),
    );
    return copied ? conversationOf(copied) : (refusal ?? 'missing');
  }

  protected async copyItems(send: Send, from: string, to: string, upTo: number | undefined): Promise<void> {
    await send(this.parts.own.copyMessages(from, to, upTo));
  }

  /** Moves what is neither an item nor the title and metadata: runs for good, all else goes from the old place afterwards. */
  protected async moveOthers(send: Send, from: string, to: string): Promise<void> {
    const { own, usage, runs, supports } = this.parts;
    await send(own.copyTimes(from, to));
    if (supports.operations) await send(own.copyOperations(from, to));
    if (supports.usage) await send(usage.move(from, to));
    if (supports.runs) await send(runs.move(from, to));
  }

  async restore(conversations: readonly WholeConversation[]): Promise<RestoreOutcome[]> {
    const { supports, createMetadata } = this.parts;
    if (!supports.metadata && conversations.some(({ description }) => description))
      throw metadataMissing(createMetadata);
    return this.#wholes.restore(conversations);
  }

  async wholes(sessionIds: readonly string[], atMost?: number): Promise<KeptConversations> {
    return this.#wholes.read(sessionIds, atMost);
  }

  /** Which of the sessions that were made must not be: under their locks. */
  async #refusals(send: Send, made: readonly string[]): Promise<Map<string, RestoreOutcome>> {
    const { executor, own, supports } = this.parts;
    const refusals = new Map<string, RestoreOutcome>();
    if (made.length === 0) return refusals;
    if (await isErased(this.parts, send, made))
      for (const id of made) if (await isErased(this.parts, send, [id])) refusals.set(id, 'erased');
    if (!supports.metadata) return refusals;
    const select = own.described(made);
    const { rows } = await send(executor.readsLock ? `${select} FOR UPDATE` : select);
    for (const { id } of rows) refusals.set(String(id), 'taken');
    return refusals;
  }

  /** @returns What keeps the copy from being made. */
  async #lockBoth(send: Send, from: string, to: string): Promise<'missing' | 'taken' | undefined> {
    const { sql, own } = this.parts;
    for (const id of inByteOrder([from, to])) {
      if (id === from && (await send(sql.lockExisting(from))).rows.length === 0) return 'missing';
      if (id === to && (await send(own.makeNewSession(to))).affectedRows === 0) return 'taken';
    }
    return undefined;
  }

  /** Under the lock of its conversation. */
  async #description(send: Send, sessionId: string): Promise<StoredDescription | undefined> {
    const { executor, own, supports } = this.parts;
    if (!supports.metadata) return undefined;
    const select = own.readDescription(sessionId);
    const [row] = (await send(executor.readsLock ? `${select} FOR UPDATE` : select)).rows;
    return row && descriptionOf(row);
  }

  /** From page to page, from the newest row to the oldest. */
  async #rewrite(send: Send, sessionId: string, rewrite: (text: string) => string): Promise<void> {
    const { sql, maxPacket } = this.parts;
    const page = async (before?: string) =>
      (await send(sql.read(sessionId, PAGE, before))).rows as unknown as StoredRow[];
    let rows = await page();
    while (rows.length > 0) {
      for (const { id, text } of rows) {
        const rewritten = rewrite(text);
        const statement = sql.update(sessionId, id, rewritten);
        checkPacket(statement, rewritten, maxPacket);
        await send(statement);
      }
      rows = await page(rows.at(-1)?.id);
    }
  }

  async describe(
    sessionId: string,
    decide: DecideDescription,
    make: boolean,
  ): Promise<StoredConversation | undefined> {
    const { executor, sql, own, supports, createMetadata, call } = this.parts;
    if (!supports.metadata) throw metadataMissing(createMetadata);
    const described = await call(() =>
      executor.atomically(async (send) => {
        await send(make ? own.makeSession(sessionId) : sql.lockExisting(sessionId));
        // where there may be no session to lock, its own row is; elsewhere that would be a gap, on which two calls deadlock
        const select = own.readDescription(sessionId);
        const [current] = (await send(executor.readsLock || !make ? `${select} FOR UPDATE` : select)).rows;
        const description = decide(current && descriptionOf(current));
        if (!description) return NOTHING_CHANGED;
        // an erasure takes the description along
        if (make && !current) await refuseErased(this.parts, send, [sessionId]);
        await send(own.writeDescription(sessionId, description));
        return (await send(own.get(sessionId))).rows;
      }),
    );
    const [row] = described ?? (await this.read(own.get(sessionId))).rows;
    return row && conversationOf(row);
  }

  protected read(statement: string): Promise<Answer> {
    return this.parts.call(() => this.parts.executor.run(statement));
  }
}

/**
 * Under the locks of sessions that the transaction may have made.
 *
 * @throws SessionError `SESSION_ERASED` if one of them was erased a short time ago.
 */
export async function refuseErased(
  parts: Pick<MysqlConversationParts, 'executor' | 'sql' | 'supports'>,
  send: Send,
  sessionIds: readonly string[],
): Promise<void> {
  if (await isErased(parts, send, sessionIds)) throw sessionErased();
}

/** Whether one of the sessions was erased a short time ago. */
async function isErased(
  { executor, sql, supports }: Pick<MysqlConversationParts, 'executor' | 'sql' | 'supports'>,
  send: Send,
  sessionIds: readonly string[],
): Promise<boolean> {
  if (!supports.erasure) return false;
  const select = sql.erased(sessionIds);
  return (await send(executor.readsLock ? `${select} FOR UPDATE` : select)).rows.length > 0;
}

function conversationOf(row: Answer['rows'][number]): StoredConversation {
  const { id, createdAt, updatedAt, time, text } = row;
  return {
    id: String(id),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    time: String(time),
    ...(text != null && { description: descriptionOf(row) }),
  };
}

function descriptionOf({ text, version }: Answer['rows'][number]): StoredDescription {
  return { text: String(text), version: Number(version) };
}

/** A conversation that got items, and the newest of them. */
export interface ChangedSession {
  readonly id: string;
  readonly newest: string;
  readonly n: number;
}

const NOTHING_REMOVED: RemovedRows = {
  operations: 0,
  messages: 0,
  metadata: 0,
  usage: 0,
  runs: 0,
  sessions: 0,
};
