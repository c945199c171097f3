import type { KeptRow, RestoreOutcome, WholeConversation } from '@stackone/sessions-core/backend';
import { inByteOrder, USAGE_COUNTS } from '@stackone/sessions-core/backend';
import { type ChangedSession, type MysqlConversationParts, MysqlConversations } from './conversations.js';
import {
  type CopiedOperation,
  type CopiedRow,
  type CopyStatements,
  runValues,
  usageValues,
} from './distributed-statements.js';
import type { Answer, Send } from './driver-types.js';
import { InsertBuilder, type InsertSql } from './inserts.js';
import type { NewRow } from './statements.js';
import { type MysqlWholeParts, MysqlWholes } from './wholes.js';

/** How many items are copied at once. */
const PAGE = 100;

type Row = Answer['rows'][number];

/** The verbs on conversations as a whole, in tables that are split over nodes: what goes to another conversation goes through here. */
export class DistributedConversations extends MysqlConversations {
  readonly #copies: CopyStatements;

  constructor(parts: MysqlConversationParts, copies: CopyStatements) {
    super(parts, (own) => new DistributedWholes(own, copies));
    this.#copies = copies;
  }

  protected override async forgetErasures(atMost: number): Promise<number> {
    const { rows } = await this.read(this.#copies.oldErasures(atMost));
    return this.affected(rows.map(({ digest }) => this.#copies.forgetErasure(String(digest))));
  }

  /** The statement tells of each item. */
  protected override changed(found: readonly ChangedSession[]): readonly ChangedSession[] {
    const changed = new Map<string, ChangedSession>();
    for (const { id, newest, n } of found) changed.set(id, { id, newest, n: n + (changed.get(id)?.n ?? 0) });
    return [...changed.values()];
  }

  protected override async copyItems(send: Send, from: string, to: string, upTo = Infinity): Promise<void> {
    let after: string | undefined;
    for (let left = upTo; left > 0; left -= PAGE) {
      const rows = await this.#look(send, this.#copies.items(from, after, Math.min(PAGE, left)));
      const items = rows.map(({ text, time }) => ({ sessionId: to, text: String(text), time: String(time) }));
      await this.#insert<CopiedRow>(send, this.#copies.insertItems, items);
      after = rows.at(-1)?.id ?? undefined;
      if (rows.length < PAGE) return;
    }
  }

  protected override async moveOthers(send: Send, from: string, to: string): Promise<void> {
    const { runs: runSql, supports } = this.parts;
    const copies = this.#copies;
    const [times] = await this.#look(send, copies.times(from));
    if (times) await send(copies.setTimes(to, String(times.createdAt), String(times.updatedAt)));
    if (supports.operations) {
      const rows = await this.#look(send, copies.operations(from));
      const operations = rows.map(({ id, text, time }) => ({
        sessionId: to,
        id: String(id),
        text: String(text),
        time: String(time),
      }));
      await this.#insert<CopiedOperation>(send, copies.insertOperations, operations);
    }
    if (supports.usage) await this.#copyUsage(send, from, to);
    if (supports.runs) {
      const rows = await this.#look(send, copies.runs(from));
      // before they are there: on a server where no two rows have one run's id
      await send(runSql.remove(from));
      const runs = rows.map((row) => ({ sessionId: to, text: String(row.content), values: runValues(row) }));
      await this.#insert(send, copies.insertRuns, runs);
    }
  }

  /** Rows have other ids under the new id: the turn is the one in the same place. */
  async #copyUsage(send: Send, from: string, to: string): Promise<void> {
    const copies = this.#copies;
    const rows = await this.#look(send, copies.usage(from));
    if (rows.length === 0) return;
    const places = async (id: string) =>
      (await this.#look(send, copies.places(id))).map((row) => row.id ?? null);
    const [old, made] = [await places(from), await places(to)];
    const turns = new Map(old.map((id, place) => [id, made[place] ?? null]));
    const usage = rows.map((row) => ({
      sessionId: to,
      text: '',
      values: usageValues({ ...row, turn: turns.get(row.turn ?? null) ?? null }),
    }));
    await this.#insert(send, copies.insertUsage, usage);
  }

  /** Reads what is there now, under the session's lock. */
  async #look(send: Send, select: string): Promise<readonly Row[]> {
    return (await send(this.parts.executor.readsLock ? `${select} FOR UPDATE` : select)).rows;
  }

  async #insert<New extends NewRow>(send: Send, insert: InsertSql<New>, rows: readonly New[]): Promise<void> {
    const inserts = new InsertBuilder<New>(insert, this.parts.maxPacket).build([rows]);
    for (const statement of inserts.flatMap(({ statements }) => statements)) await send(statement);
  }
}

/** Reads and writes conversations one after the other, each in a transaction of its own: no node knows what another one holds. */
class DistributedWholes extends MysqlWholes {
  readonly #copies: CopyStatements;

  constructor(parts: MysqlWholeParts, copies: CopyStatements) {
    super(parts);
    this.#copies = copies;
  }

  /** What is of one conversation is of one moment, in the isolation that transactions have by default. */
  protected override async kept(
    sessionIds: readonly string[],
    limit: number | undefined,
  ): Promise<Answer['rows']> {
    const { executor, has, call } = this.parts;
    const kept: Row[] = [];
    let left = limit;
    for (const sessionId of inByteOrder(sessionIds)) {
      if (left === 0) break;
      const statements = this.#copies.kept(sessionId, has, left);
      const rows = await call(() =>
        executor.atomically(async (send) => {
          const read: Row[] = [];
          for (const statement of statements) for (const row of (await send(statement)).rows) read.push(row);
          return read;
        }),
      );
      for (const row of rows ?? []) kept.push(row);
      if (left !== undefined) left -= itemsOf(rows ?? []);
    }
    return kept;
  }

  override async restore(conversations: readonly WholeConversation[]): Promise<RestoreOutcome[]> {
    // before anything is sent, so that an item that is too large leaves no trace
    for (const conversation of conversations) this.inserts([conversation]);
    const outcomes: RestoreOutcome[] = [];
    for (const conversation of conversations) outcomes.push(...(await super.restore([conversation])));
    return outcomes;
  }

  protected override usageInserts(): string[] {
    return [];
  }

  protected override async addUsage(send: Send, stored: readonly WholeConversation[]): Promise<void> {
    for (const { id, tenant, usage = [] } of this.parts.has.usage ? stored : []) {
      if (usage.length === 0) continue;
      const places = (await send(this.#copies.places(id))).rows.map((row) => row.id ?? null);
      const rows = usage.map(({ key, model, turn, recordedAt, ...counts }) => ({
        sessionId: id,
        text: '',
        values: [
          key,
          tenant,
          model,
          turn === undefined ? null : (places[turn] ?? null),
          String(recordedAt),
          ...USAGE_COUNTS.map((name) => String(counts[name])),
        ],
      }));
      for (const statement of this.built(this.#copies.insertUsage, [rows])) await send(statement);
    }
  }
}

function itemsOf(rows: Answer['rows']): number {
  return (rows as unknown as readonly KeptRow[]).filter(({ kind }) => kind === 'item').length;
}
