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
  digestOf,
  erasuresMissing,
  type Forgetting,
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
import type { BoundStatement, ConversationStatements } from './conversation-statements.js';
import type { SqliteExecutor } from './executor.js';
import type { RunStatements } from './runs.js';
import type { SqliteStatements } from './statements.js';
import type { UsageStatements } from './usage.js';
import type { WholeStatements } from './whole-statements.js';
import { SqliteWholes } from './wholes.js';

/** What is kept with conversations has statements of its own. */
type OwnStatements = ConversationStatements & {
  readonly usage: UsageStatements;
  readonly runs: RunStatements;
  readonly whole: WholeStatements;
};

/** SQLite reads a negative LIMIT as none. */
const NO_LIMIT = -1;

/** How many rows are encrypted again at once. */
const PAGE = 100;

/** The verbs on conversations as a whole, on SQLite. */
export class SqliteConversations implements ConversationVerbs {
  readonly #executor: SqliteExecutor;
  readonly #sql: SqliteStatements;
  readonly #own: OwnStatements;
  readonly #supports: SessionSupport;
  readonly #wholes: SqliteWholes;

  /** @param supports - Which of the side tables are there. */
  constructor(executor: SqliteExecutor, sql: SqliteStatements, own: OwnStatements, supports: SessionSupport) {
    this.#wholes = new SqliteWholes(executor, own.whole, supports, {
      isDescribed: (sessionId) => this.#description(sessionId) !== undefined,
      isErased: (sessionId) => supports.erasure === true && isErased(executor, sql, sessionId),
      removeAll: (sessionId) => this.#removeAll(sessionId),
      describe: (sessionId, { text, version }) => {
        if (!supports.metadata) throw metadataMissing(own.createMetadata);
        executor.run(own.writeDescription, [sessionId, text, version]);
      },
    });
    this.#executor = executor;
    this.#sql = sql;
    this.#own = own;
    this.#supports = supports;
  }

  list(query: ConversationQuery): StoredConversation[] {
    return this.#all(this.#own.list(query)).map(conversationOf);
  }

  count(filter: ConversationFilter): number {
    const [row] = this.#all(this.#own.count(filter));
    return (row as { n: number }).n;
  }

  get(sessionId: string): StoredConversation | undefined {
    const [row] = this.#executor.all(this.#own.get, [sessionId]);
    return row === undefined ? undefined : conversationOf(row);
  }

  remove(sessionId: string): RemovedRows {
    return this.#executor.atomically(() => this.#removeAll(sessionId));
  }

  removeSome(sessionId: string, removal: Removal): RemovalStep {
    try {
      return this.#executor.atomically(() => this.#removeStep(sessionId, removal));
    } catch (error) {
      if (error instanceof TooMany) return { removed: NOTHING, isDone: false };
      throw error;
    }
  }

  #removeStep(sessionId: string, { atMost, whole, before, changedBefore }: Removal): RemovalStep {
    if (changedBefore !== undefined) {
      const isMeant = this.#executor.all(this.#own.isUnchanged, [sessionId, changedBefore]);
      if (isMeant.length === 0) return { removed: NOTHING, isDone: true };
    }
    const limit = whole ? atMost + 1 : atMost;
    const messages = this.#removed(this.#own.removeOldest, sessionId, before ?? null, limit);
    if (whole && messages > atMost) throw new TooMany();
    if (messages === limit || before !== undefined)
      return { removed: { ...NOTHING, messages }, isDone: messages < limit };
    return { removed: { ...this.#removeAll(sessionId), messages }, isDone: true };
  }

  forget({ operationsOlderThan, runsEndedBefore, atMost, ...filter }: Forgetting) {
    return this.#executor.atomically(() => {
      const { sql, parameters } = this.#own.forgetOperations(filter, operationsOlderThan ?? 0, atMost);
      const forgets = this.#supports.operations && operationsOlderThan !== undefined;
      const runs =
        this.#supports.runs && runsEndedBefore !== undefined
          ? this.#own.forgetRuns(filter, runsEndedBefore, atMost)
          : undefined;
      return {
        runs: runs ? this.#changed(runs.sql, runs.parameters) : 0,
        operations: forgets ? this.#changed(sql, parameters) : 0,
        erasures: this.#supports.erasure ? this.#changed(this.#own.forgetErasures, [atMost]) : 0,
      };
    });
  }

  lease(name: string, milliseconds: number, held: boolean): boolean {
    const parameters = [name, milliseconds, Number(held)];
    return this.#executor.atomically(() => this.#executor.all(this.#own.lease, parameters)).length > 0;
  }

  refuse(sessionId: string, milliseconds: number): void {
    if (!this.#supports.erasure) throw erasuresMissing();
    this.#executor.run(this.#sql.refuse, [digestOf(sessionId, 'hex'), milliseconds]);
  }

  changes(after: string | undefined, limit: number): SessionChanges {
    if (after === undefined) {
      const [newest] = this.#executor.all(this.#own.newestRow, []);
      return beforeNewest((newest as { id: string | null }).id);
    }
    const found = this.#executor.all(this.#own.changedSessions, [rowNumber(after), limit]);
    return changesIn(found as { id: string; newest: string; n: number }[], after, limit);
  }

  #refuseErased(sessionId: string): void {
    if (this.#supports.erasure) refuseErased(this.#executor, this.#sql, sessionId);
  }

  #removeAll(sessionId: string): RemovedRows {
    return {
      operations: this.#supports.operations ? this.#removed(this.#sql.removeOperations, sessionId) : 0,
      messages: this.#removed(this.#sql.removeAll, sessionId),
      metadata: this.#supports.metadata ? this.#removed(this.#own.removeDescription, sessionId) : 0,
      usage: this.#supports.usage ? this.#removed(this.#own.usage.remove, sessionId) : 0,
      runs: this.#supports.runs ? this.#removed(this.#own.runs.remove, sessionId) : 0,
      sessions: this.#removed(this.#sql.removeSession, sessionId),
    };
  }

  describe(sessionId: string, decide: DecideDescription, make: boolean): StoredConversation | undefined {
    if (!this.#supports.metadata) throw metadataMissing(this.#own.createMetadata);
    return this.#executor.atomically(() => {
      const current = this.#description(sessionId);
      const description = decide(current);
      // an erasure takes the description along
      if (description && make && !current) this.#refuseErased(sessionId);
      if (description && make) this.#executor.run(this.#own.makeSession, [sessionId]);
      if (description) {
        const { text, version } = description;
        this.#executor.run(this.#own.writeDescription, [sessionId, text, version]);
      }
      return this.get(sessionId);
    });
  }

  copy(from: string, to: string, { upTo = NO_LIMIT, move, rewrite }: ConversationCopy): CopyOutcome {
    return this.#executor.atomically(() => {
      if (!this.get(from)) return 'missing';
      const description = this.#description(from);
      if (this.get(to) || this.#description(to)) return 'taken';
      this.#refuseErased(to);
      if (move) this.#executor.run(this.#own.copySession, [to, from]);
      else this.#executor.run(this.#own.makeSession, [to]);
      this.#executor.run(this.#own.copyMessages, [to, from, upTo]);
      if (description) {
        const text = rewrite ? rewrite(description.text) : description.text;
        this.#executor.run(this.#own.writeDescription, [to, text, description.version]);
      }
      if (rewrite) this.#rewrite(to, rewrite);
      if (move && this.#supports.operations) this.#executor.run(this.#own.copyOperations, [to, from]);
      if (move && this.#supports.usage) this.#executor.run(this.#own.usage.move, [to, from, to, from]);
      if (move && this.#supports.runs) this.#executor.run(this.#own.runs.move, [to, to, from]);
      if (move) this.#removeAll(from);
      return this.get(to) ?? 'missing';
    });
  }

  restore(conversations: readonly WholeConversation[]): RestoreOutcome[] {
    return this.#wholes.restore(conversations);
  }

  wholes(sessionIds: readonly string[], atMost?: number): KeptConversations {
    return this.#wholes.read(sessionIds, atMost);
  }

  /** From page to page, from the newest row to the oldest. */
  #rewrite(sessionId: string, rewrite: (text: string) => string): void {
    let rows = this.#executor.all(this.#sql.read, [sessionId, PAGE]) as StoredRow[];
    while (rows.length > 0) {
      for (const { id, text } of rows) this.#executor.run(this.#sql.update, [rewrite(text), sessionId, id]);
      rows = this.#executor.all(this.#sql.readBefore, [sessionId, rows.at(-1)?.id, PAGE]) as StoredRow[];
    }
  }

  #description(sessionId: string): StoredDescription | undefined {
    if (!this.#supports.metadata) return undefined;
    const [row] = this.#executor.all(this.#own.readDescription, [sessionId]);
    return row as StoredDescription | undefined;
  }

  #all({ sql, parameters }: BoundStatement): unknown[] {
    return this.#executor.all(sql, parameters);
  }

  #removed(statement: string, sessionId: string, ...parameters: readonly unknown[]): number {
    return this.#changed(statement, [sessionId, ...parameters]);
  }

  #changed(statement: string, parameters: readonly unknown[]): number {
    this.#executor.run(statement, parameters);
    const [row] = this.#executor.all(this.#own.changes, []);
    return (row as { n: number }).n;
  }
}

/** Thrown to roll back. */
class TooMany extends Error {}

const NOTHING: RemovedRows = { operations: 0, messages: 0, metadata: 0, sessions: 0 };

/** @throws SessionError `SESSION_ERASED` for the id of a conversation that was erased a short time ago. */
export function refuseErased(executor: SqliteExecutor, sql: SqliteStatements, sessionId: string): void {
  if (isErased(executor, sql, sessionId)) throw sessionErased();
}

function isErased(executor: SqliteExecutor, sql: SqliteStatements, sessionId: string): boolean {
  return executor.all(sql.isErased, [digestOf(sessionId, 'hex')]).length > 0;
}

function conversationOf(row: unknown): StoredConversation {
  const { text, version, ...conversation } = row as Omit<StoredConversation, 'description'> & {
    readonly text: string | null;
    readonly version: number;
  };
  return text === null ? conversation : { ...conversation, description: { text, version } };
}
