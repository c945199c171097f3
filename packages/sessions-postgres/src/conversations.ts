import { SessionError } from '@stackone/sessions-core';
import {
  beforeNewest,
  type ConversationCopy,
  type ConversationFilter,
  type ConversationQuery,
  type ConversationVerbs,
  type CopyOutcome,
  changesIn,
  type DecideDescription,
  delay,
  erasuresMissing,
  type Forgetting,
  inByteOrder,
  type KeptConversations,
  type KeptRow,
  keptConversations,
  metadataMissing,
  now,
  type Removal,
  type RemovalStep,
  type RemovedRows,
  type RestoreOutcome,
  rowNumber,
  type SessionChanges,
  type StoredConversation,
  type StoredDescription,
  sessionErased,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import type { BoundStatement, ConversationStatements } from './conversation-statements.js';
import type { Query } from './executor.js';
import type { RunStatements } from './runs.js';
import type { UsageStatements } from './usage.js';
import type { WholeStatements } from './whole-statements.js';

/** What is kept with conversations has statements of its own. */
type OwnStatements = ConversationStatements & {
  readonly usage: UsageStatements;
  readonly runs: RunStatements;
  readonly whole: WholeStatements;
};

/** How the statements reach the database, with the backend's repetitions. */
export interface ConversationCalls {
  read: Query;
  /** Commits by itself. */
  write: Query;
  /** In one transaction. @throws SessionError `UNSUPPORTED` where the connection has none. */
  atomically<T>(work: LockingWork<T>): Promise<T>;
  /** In one transaction where the connection has them, else without a lock and statement by statement. */
  atBest<T>(work: LockingWork<T>): Promise<T>;
  /** Gives each row of a conversation another text. */
  rewrite(query: Query, sessionId: string, rewrite: (text: string) => string): Promise<void>;
}

/** What is done with locks. */
export type LockingWork<T> = (query: Query, locks: ConversationLocks) => Promise<T>;

/** The lock of a conversation, until the end of the transaction. */
export interface ConversationLocks {
  /** Makes it where it is not there. @returns Whether it was made. */
  make(sessionId: string): Promise<boolean>;
  /** Takes it where it is there. */
  find(sessionId: string): Promise<boolean>;
}

/** Which of the side tables are there. */
export interface SideTables {
  readonly operations: boolean;
  readonly metadata: boolean;
  readonly usage: boolean;
  readonly runs: boolean;
  readonly erasures: boolean;
}

/** The verbs on conversations as a whole, on PostgreSQL. */
export class PostgresConversations implements ConversationVerbs {
  protected readonly calls: ConversationCalls;
  protected readonly sql: OwnStatements;
  protected readonly has: SideTables;
  /** Whether all that is written of conversations is one statement. */
  protected readonly restoresAtOnce: boolean = true;

  constructor(calls: ConversationCalls, sql: OwnStatements, has: SideTables) {
    this.calls = calls;
    this.sql = sql;
    this.has = has;
  }

  async list(query: ConversationQuery): Promise<StoredConversation[]> {
    return (await this.calls.read(...this.sql.list(query))).map(conversationOf);
  }

  async count(filter: ConversationFilter): Promise<number> {
    return numberIn(await this.calls.read(...this.sql.count(filter)));
  }

  async get(sessionId: string): Promise<StoredConversation | undefined> {
    const [row] = await this.calls.read(this.sql.get, [sessionId]);
    return row === undefined ? undefined : conversationOf(row);
  }

  /**
   * Table by table, the session last: foreign keys and their cascades are not everywhere. What is not there is made first, as
   * else nothing would keep it from being described meanwhile.
   */
  remove(sessionId: string): Promise<RemovedRows> {
    return this.calls.atBest(async (query, locks) => {
      const made = await locks.make(sessionId);
      const removed = await this.#removeAll(query, sessionId);
      return { ...removed, sessions: removed.sessions - Number(made) };
    });
  }

  removeSome(sessionId: string, { atMost, whole, before, changedBefore }: Removal): Promise<RemovalStep> {
    return this.calls
      .atBest(async (query, locks): Promise<RemovalStep> => {
        let made = false;
        if (changedBefore !== undefined) {
          const isMeant = await this.lockUnchanged(query, sessionId, changedBefore);
          if (!isMeant) return { removed: NOTHING, isDone: true };
        } else if (before === undefined) made = await locks.make(sessionId);
        else await locks.find(sessionId);
        const limit = whole ? atMost + 1 : atMost;
        const messages = await this.removeOldest(query, sessionId, limit, before);
        if (whole && messages > atMost) throw new TooMany();
        if (messages === limit || before !== undefined)
          return { removed: { ...NOTHING, messages }, isDone: messages < limit };
        const removed = await this.#removeAll(query, sessionId);
        return { removed: { ...removed, messages, sessions: removed.sessions - Number(made) }, isDone: true };
      })
      .catch((error: unknown) => {
        if (error instanceof TooMany) return { removed: NOTHING, isDone: false };
        throw error;
      });
  }

  protected async lockUnchanged(query: Query, sessionId: string, changedBefore: number): Promise<boolean> {
    return (await query(this.sql.lockUnchanged, [sessionId, String(changedBefore)])).length > 0;
  }

  protected async removeOldest(
    query: Query,
    sessionId: string,
    limit: number,
    before: string | undefined,
  ): Promise<number> {
    return numberIn(await query(this.sql.removeOldest, [sessionId, String(limit), before ?? null]));
  }

  async forget({ operationsOlderThan, runsEndedBefore, atMost, ...filter }: Forgetting) {
    const forgotten = async (...statement: BoundStatement) => numberIn(await this.calls.write(...statement));
    const operations =
      this.has.operations && operationsOlderThan !== undefined
        ? await forgotten(...this.sql.forgetOperations(filter, operationsOlderThan, atMost))
        : 0;
    const erasures = this.has.erasures ? await forgotten(this.sql.forgetErasures, [String(atMost)]) : 0;
    const runs =
      this.has.runs && runsEndedBefore !== undefined
        ? await forgotten(...this.sql.forgetRuns(filter, runsEndedBefore, atMost))
        : 0;
    return { operations, erasures, runs };
  }

  async lease(name: string, milliseconds: number, held: boolean): Promise<boolean> {
    const parameters = [name, String(milliseconds), held ? 'held' : 'free'];
    return (await this.calls.write(this.sql.lease, parameters)).length > 0;
  }

  /**
   * A statement sees what was committed when it began. One that began before the refusal was does not see it, and may wait for the
   * session's lock until a removal is over, and make it again. So all that may have begun before are waited for.
   */
  async refuse(sessionId: string, milliseconds: number): Promise<void> {
    if (!this.has.erasures) throw erasuresMissing();
    await this.calls.write(this.sql.refuse, [sessionId, String(milliseconds)]);
    const writers = async () =>
      new Set((await this.calls.read(this.sql.writers)).map((row) => (row as { id: string }).id));
    const until = now() + PATIENCE;
    for (let left = await writers(), pause = 1; left.size > 0; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      if (now() > until) throw new SessionError('BUSY', STILL_WRITING);
      await delay(pause);
      const current = await writers();
      left = new Set([...left].filter((id) => current.has(id)));
    }
  }

  async changes(after: string | undefined, limit: number): Promise<SessionChanges> {
    if (after === undefined) {
      const [newest] = await this.calls.read(this.sql.newestRow);
      return beforeNewest((newest as { id: string | null }).id);
    }
    const found = await this.calls.read(this.sql.changedSessions, [rowNumber(after), limit]);
    return changesIn(found as { id: string; newest: string; n: string }[], after, limit);
  }

  protected async refuseErased(query: Query, sessionId: string): Promise<void> {
    if (!this.has.erasures) return;
    if ((await query(this.sql.isErased, [sessionId])).length > 0) throw sessionErased();
  }

  async #removeAll(query: Query, sessionId: string): Promise<RemovedRows> {
    const sql = this.sql;
    const removed = async (statement: string) => numberIn(await query(statement, [sessionId]));
    return {
      operations: this.has.operations ? await removed(sql.removeOperations) : 0,
      messages: await removed(sql.removeMessages),
      metadata: this.has.metadata ? await removed(sql.removeDescription) : 0,
      usage: this.has.usage ? await removed(sql.usage.remove) : 0,
      runs: this.has.runs ? await removed(sql.runs.remove) : 0,
      sessions: await removed(sql.removeSession),
    };
  }

  async describe(
    sessionId: string,
    decide: DecideDescription,
    make: boolean,
  ): Promise<StoredConversation | undefined> {
    if (!this.has.metadata) throw metadataMissing(this.sql.createMetadata);
    return this.calls.atomically(async (query, locks) => {
      const made = make && (await locks.make(sessionId));
      if (!make) await locks.find(sessionId);
      const [row] = await query(this.sql.lockDescription, [sessionId]);
      const description = decide(row === undefined ? undefined : descriptionOf(row));
      if (description) {
        if (made) await this.refuseErased(query, sessionId);
        const { text, version } = description;
        await query(this.sql.writeDescription, [sessionId, text, String(version)]);
      } else if (made) await query(this.sql.removeSession, [sessionId]);
      const [found] = await query(this.sql.get, [sessionId]);
      return found === undefined ? undefined : conversationOf(found);
    });
  }

  async copy(from: string, to: string, { upTo, move, rewrite }: ConversationCopy): Promise<CopyOutcome> {
    const sql = this.sql;
    return this.calls
      .atomically(async (query, locks) => {
        for (const id of inByteOrder([from, to])) {
          const isRight = id === from ? await locks.find(from) : await locks.make(to);
          if (!isRight) throw new NothingCopied(id === from ? 'missing' : 'taken');
        }
        const [description] = await this.#descriptions(query, from);
        if ((await this.#descriptions(query, to)).length > 0) throw new NothingCopied('taken');
        await this.refuseErased(query, to);
        await this.copyItems(query, from, to, { upTo, move });
        if (description) {
          const text = rewrite ? rewrite(description.text) : description.text;
          await query(sql.writeDescription, [to, text, String(description.version)]);
        }
        if (rewrite) await this.calls.rewrite(query, to, rewrite);
        if (move) {
          await this.moveOthers(query, from, to);
          await this.#removeAll(query, from);
        }
        const [copied] = await query(sql.get, [to]);
        return copied === undefined ? 'missing' : conversationOf(copied);
      })
      .catch((error: unknown) => {
        if (error instanceof NothingCopied) return error.outcome;
        throw error;
      });
  }

  /** With the times of the conversation, where it moves. */
  protected async copyItems(
    query: Query,
    from: string,
    to: string,
    { upTo, move }: Pick<ConversationCopy, 'upTo' | 'move'>,
  ): Promise<void> {
    if (move) await query(this.sql.copyTimes, [from, to]);
    await query(this.sql.copyMessages, [from, to, upTo === undefined ? null : String(upTo)]);
  }

  /** What is kept beside the items. */
  protected async moveOthers(query: Query, from: string, to: string): Promise<void> {
    if (this.has.operations) await query(this.sql.copyOperations, [from, to]);
    if (this.has.usage) await query(this.sql.usage.move, [from, to]);
    if (this.has.runs) await query(this.sql.runs.move, [from, to]);
  }

  async restore(conversations: readonly WholeConversation[]): Promise<RestoreOutcome[]> {
    if (!this.has.metadata && conversations.some(({ description }) => description))
      throw metadataMissing(this.sql.createMetadata);
    const replacing = conversations.filter(({ replaces }) => replaces !== undefined);
    const outcomes =
      replacing.length === 0 && this.restoresAtOnce
        ? await this.restored(this.calls.write, conversations)
        : await this.calls.atomically(async (query) => {
            const changed = await this.#makeRoom(query, replacing);
            return this.restored(
              query,
              conversations.filter(({ id }) => !changed.has(id)),
            );
          });
    return conversations.map(({ id }) => outcomes.get(id) ?? 'taken');
  }

  async wholes(sessionIds: readonly string[], atMost?: number): Promise<KeptConversations> {
    const limit = atMost === undefined ? undefined : atMost + 1;
    const rows = await this.calls.read(...this.sql.whole.kept(sessionIds, limit));
    return keptConversations(sessionIds, rows as KeptRow[], atMost);
  }

  protected async restored(
    query: Query,
    conversations: readonly WholeConversation[],
  ): Promise<Map<string, RestoreOutcome>> {
    const rows = await query(...this.sql.whole.restore(conversations));
    const outcomes = rows as { session: string; outcome: RestoreOutcome }[];
    return new Map(outcomes.map(({ session, outcome }) => [session, outcome]));
  }

  /** Removes what is to be replaced. @returns What is not as it was any more. */
  async #makeRoom(query: Query, replacing: readonly WholeConversation[]): Promise<ReadonlySet<string>> {
    const changed = new Set<string>();
    const times = new Map(replacing.map(({ id, replaces }) => [id, String(replaces)]));
    for (const id of inByteOrder([...times.keys()])) {
      const isAsItWas = (await query(this.sql.whole.lockAsChanged, [id, times.get(id)])).length > 0;
      if (isAsItWas) await this.#removeAll(query, id);
      else changed.add(id);
    }
    return changed;
  }

  async #descriptions(query: Query, sessionId: string): Promise<StoredDescription[]> {
    return this.has.metadata ? (await query(this.sql.lockDescription, [sessionId])).map(descriptionOf) : [];
  }
}

/** In ms: how long `refuse` waits for what began before it, and how often it looks. */
const PATIENCE = 10_000;
const LONGEST_PAUSE = 100;
const STILL_WRITING =
  'A statement on the conversations that began before does not end: it waits for a lock, or a transaction holds one. Nothing ' +
  'was removed. Call it again.';

const NOTHING: RemovedRows = { operations: 0, messages: 0, metadata: 0, sessions: 0 };

/** Thrown to roll back. */
class TooMany extends Error {}

/** Thrown to roll back. */
class NothingCopied extends Error {
  readonly outcome: 'missing' | 'taken';

  constructor(outcome: 'missing' | 'taken') {
    super(outcome);
    this.outcome = outcome;
  }
}

function conversationOf(row: unknown): StoredConversation {
  const { id, created, updated, time, text } = row as Readonly<
    Record<'id' | 'created' | 'updated' | 'time', string>
  > & { readonly text: string | null };
  return {
    id,
    createdAt: Number(created),
    updatedAt: Number(updated),
    time,
    ...(text !== null && { description: descriptionOf(row) }),
  };
}

function descriptionOf(row: unknown): StoredDescription {
  const { text, version } = row as Readonly<Record<keyof StoredDescription, string>>;
  return { text, version: Number(version) };
}

function numberIn([row]: readonly unknown[]): number {
  return Number((row as { n: string }).n);
}
