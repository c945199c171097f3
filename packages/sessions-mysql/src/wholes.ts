import type { SessionSupport } from '@stackone/sessions-core';
import {
  inByteOrder,
  type KeptConversations,
  type KeptRow,
  keptConversations,
  type RestoreOutcome,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import type { Answer, Send } from './driver-types.js';
import type { MysqlExecutor } from './executor.js';
import { InsertBuilder, type InsertSql } from './inserts.js';
import type { NewRow } from './statements.js';
import { NOTHING_CHANGED } from './transactions.js';
import type { WholeStatements } from './whole-statements.js';

/** What {@link MysqlWholes} works with. */
export interface MysqlWholeParts {
  readonly executor: MysqlExecutor;
  readonly sql: WholeStatements;
  /** The largest statement that the server takes, in bytes. */
  readonly maxPacket: number;
  /** Makes a call, with the backend's repetitions. */
  call<T>(attempt: () => Promise<T>): Promise<T>;
  /** Which of the sessions that were made must not be: under their locks. */
  refusals(send: Send, made: readonly string[]): Promise<ReadonlyMap<string, RestoreOutcome>>;
  removeSession(send: Send, sessionId: string): Promise<unknown>;
  /** Under its lock. */
  removeAll(send: Send, sessionId: string): Promise<unknown>;
  readonly has: Pick<SessionSupport, 'operations' | 'usage' | 'metadata'>;
}

/** Thrown to roll back: another one made a conversation since they were looked for. */
class MadeMeanwhile extends Error {}

/** Reads and writes conversations with all that is kept of them, on MySQL and MariaDB. */
export class MysqlWholes {
  protected readonly parts: MysqlWholeParts;

  constructor(parts: MysqlWholeParts) {
    this.parts = parts;
  }

  async read(sessionIds: readonly string[], atMost?: number): Promise<KeptConversations> {
    if (sessionIds.length === 0) return { found: [], left: [] };
    const rows = await this.kept(sessionIds, atMost === undefined ? undefined : atMost + 1);
    return keptConversations(sessionIds, rows as unknown as KeptRow[], atMost);
  }

  protected async kept(sessionIds: readonly string[], limit: number | undefined): Promise<Answer['rows']> {
    const { executor, sql, call } = this.parts;
    return (await call(() => executor.run(sql.kept(sessionIds, limit)))).rows;
  }

  async restore(conversations: readonly WholeConversation[]): Promise<RestoreOutcome[]> {
    if (conversations.length === 0) return [];
    const inserts = this.inserts(conversations); // before anything is sent, so that an item that is too large leaves no trace
    let alone = false;
    for (;;) {
      try {
        const outcomes = await this.#restore(conversations, inserts, alone);
        return conversations.map(({ id }) => outcomes.get(id) ?? 'taken');
      } catch (error) {
        if (!(error instanceof MadeMeanwhile)) throw error;
        alone = true;
      }
    }
  }

  async #restore(
    conversations: readonly WholeConversation[],
    inserts: readonly string[],
    alone: boolean,
  ): Promise<ReadonlyMap<string, RestoreOutcome>> {
    const { executor, sql, call, refusals, removeSession } = this.parts;
    const byId = new Map(conversations.map((one) => [one.id, one]));
    const outcomes = new Map<string, RestoreOutcome>();
    const { rows } = await call(() => executor.run(sql.existing([...byId.keys()])));
    const existing = new Set(rows.map(({ id }) => String(id)));
    const wanted = conversations.filter(({ id, replaces }) => replaces !== undefined || !existing.has(id));
    await call(() =>
      executor.atomically(async (send) => {
        outcomes.clear();
        const free = await this.#makeRoom(send, wanted);
        const made = await this.#make(
          send,
          inByteOrder(free.map(({ id }) => id)).map((id) => byId.get(id) as WholeConversation),
          alone,
        );
        for (const id of made) outcomes.set(id, 'stored');
        for (const [id, refusal] of await refusals(send, made)) {
          outcomes.set(id, refusal);
          await removeSession(send, id);
        }
        const stored = conversations.filter(({ id }) => outcomes.get(id) === 'stored');
        if (stored.length === 0) return NOTHING_CHANGED;
        const statements = stored.length === conversations.length ? inserts : this.inserts(stored);
        for (const statement of statements) await send(statement);
        await this.addUsage(send, stored);
        return undefined;
      }),
    );
    return outcomes;
  }

  /** Removes what is replaced. @returns Those for which there is room. */
  async #makeRoom(send: Send, wanted: readonly WholeConversation[]): Promise<WholeConversation[]> {
    const { sql, removeAll } = this.parts;
    const changed = new Set<string>();
    const times = new Map(
      wanted.flatMap(({ id, replaces }) => (replaces === undefined ? [] : [[id, replaces]])),
    );
    for (const id of inByteOrder([...times.keys()])) {
      const isAsItWas = (await send(sql.lockAsChanged(id, times.get(id) ?? 0))).rows.length > 0;
      if (isAsItWas) await removeAll(send, id);
      else changed.add(id);
    }
    return wanted.filter(({ id }) => !changed.has(id));
  }

  /** @returns The ids of those that were not there. */
  async #make(send: Send, sessions: readonly WholeConversation[], alone: boolean): Promise<string[]> {
    const { sql, maxPacket } = this.parts;
    const rows = sessions.map(({ id, createdAt, updatedAt }) => ({
      sessionId: id,
      text: '',
      createdAt,
      updatedAt,
    }));
    const builder = new InsertBuilder(sql.sessions, maxPacket);
    const made: string[] = [];
    for (const some of alone ? rows.map((row) => [row]) : [rows]) {
      let affected = 0;
      for (const statement of builder.build(some.map((row) => [row])).flatMap(({ statements }) => statements))
        affected += (await send(statement)).affectedRows;
      if (affected === some.length) made.push(...some.map(({ sessionId }) => sessionId));
      else if (!alone) throw new MadeMeanwhile();
    }
    return made;
  }

  /** What inserts all but the sessions themselves. */
  protected inserts(conversations: readonly WholeConversation[]): string[] {
    const { sql, has } = this.parts;
    return [
      ...this.built(
        sql.items,
        conversations.map(({ id, rows }) => rows.map((row) => rowsOf(row, id))),
      ),
      ...this.built(
        sql.descriptions,
        conversations.map(({ id, description }) => (description ? [rowsOf(description, id)] : [])),
      ),
      ...(has.operations
        ? this.built(
            sql.operations,
            conversations.map(({ id, operations = [] }) => operations.map((row) => rowsOf(row, id))),
          )
        : []),
      ...this.usageInserts(conversations),
    ];
  }

  /** Behind the items, whose ids they name. */
  protected usageInserts(conversations: readonly WholeConversation[]): string[] {
    const { sql, has } = this.parts;
    if (!has.usage) return [];
    return this.built(
      sql.usage,
      conversations.map(({ id, tenant, usage = [] }) => usage.map((row) => rowsOf({ ...row, tenant }, id))),
    );
  }

  /** Adds usage that could not be written before the ids of the items were known. */
  protected async addUsage(_send: Send, _stored: readonly WholeConversation[]): Promise<void> {}

  protected built<Row extends NewRow>(insert: InsertSql<Row>, rows: readonly (readonly Row[])[]): string[] {
    return new InsertBuilder<Row>(insert, this.parts.maxPacket)
      .build(rows)
      .flatMap(({ statements }) => statements);
  }
}

function rowsOf<Row>(row: Row, sessionId: string) {
  return { text: '', ...row, sessionId };
}
