import {
  type ConversationCopy,
  erasuresMissing,
  type Forgetting,
  inByteOrder,
  type RestoreOutcome,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import { PostgresConversations } from './conversations.js';
import { asArray, readRows, type TextRow, writeRows } from './distributed-rows.js';
import type { DistributedRunStatements } from './distributed-runs.js';
import type { DistributedStatements } from './distributed-statements.js';
import { type DistributedTurns, digestOfId } from './distributed-turns.js';
import { usageTexts } from './distributed-usage.js';
import type { Query } from './executor.js';

/** How many items are copied at once. */
const PAGE = 100;

/** The verbs on conversations as a whole, in tables that are split over nodes. What asks for several of them asks every node. */
export class DistributedConversations extends PostgresConversations {
  protected override readonly restoresAtOnce = false;
  readonly #steps: DistributedStatements;
  readonly #runs: DistributedRunStatements;
  readonly #turns: DistributedTurns;

  constructor(
    parts: ConstructorParameters<typeof PostgresConversations>,
    statements: { readonly sql: DistributedStatements; readonly runSql: DistributedRunStatements },
    turns: DistributedTurns,
  ) {
    super(...parts);
    this.#steps = statements.sql;
    this.#runs = statements.runSql;
    this.#turns = turns;
  }

  override async forget({ operationsOlderThan, runsEndedBefore, atMost, ...filter }: Forgetting) {
    let [operations, erasures, runs] = [0, 0, 0];
    if (this.has.operations && operationsOlderThan !== undefined) {
      const old = await this.calls.read(...this.sql.oldOperations(filter, operationsOlderThan, atMost));
      const named = old as { session: string; operation: string }[];
      const found = named.map(({ session, operation }) => [session, operation] as const);
      operations = await this.#forget(this.#steps.forgetOperations, found);
    }
    if (this.has.erasures) {
      const { ms } = await this.#turns.clock(this.calls.read);
      const old = (await this.calls.read(this.#steps.oldErasures, [ms, String(atMost)])) as {
        digest: string;
      }[];
      for (const { digest } of old)
        erasures += (await this.calls.write(this.#steps.forgetErasure, [digest, ms])).length;
    }
    if (this.has.runs && runsEndedBefore !== undefined) {
      const old = await this.calls.read(...this.sql.oldRuns(filter, runsEndedBefore, atMost));
      const named = old as { session: string; run: string }[];
      const found = named.map(({ session, run }) => [session, run] as const);
      runs = await this.#forget(this.#steps.forgetRuns, found);
    }
    return { operations, erasures, runs };
  }

  /** Conversation by conversation. */
  async #forget(
    statement: string,
    found: readonly (readonly [session: string, id: string])[],
  ): Promise<number> {
    let removed = 0;
    for (const [sessionId, rows] of Map.groupBy(found, ([session]) => session)) {
      const ids = asArray(rows.map(([, id]) => id));
      removed += (await this.calls.write(statement, [sessionId, ids])).length;
    }
    return removed;
  }

  override async lease(name: string, milliseconds: number, held: boolean): Promise<boolean> {
    const { ms } = await this.#turns.clock(this.calls.read);
    const parameters = [name, String(Number(ms) + milliseconds), held ? 'held' : 'free', ms];
    return (await this.calls.write(this.#steps.lease, parameters)).length > 0;
  }

  /** Nobody is waited for: who adds something looks for this when he holds the session's lock, and keeps it until he is done. */
  override async refuse(sessionId: string, milliseconds: number): Promise<void> {
    if (!this.has.erasures) throw erasuresMissing();
    const { ms } = await this.#turns.clock(this.calls.read);
    await this.calls.write(this.#steps.refuse, [digestOfId(sessionId), String(Number(ms) + milliseconds)]);
  }

  protected override async refuseErased(query: Query, sessionId: string): Promise<void> {
    await this.#turns.refuseErased(query, sessionId, await this.#turns.clock(query));
  }

  protected override async lockUnchanged(
    query: Query,
    sessionId: string,
    changedBefore: number,
  ): Promise<boolean> {
    if ((await query(this.#steps.lock, [sessionId])).length === 0) return false;
    const { isUnchangedSince, hasOpenRun } = this.#steps;
    if ((await query(isUnchangedSince, [sessionId, String(changedBefore)])).length === 0) return false;
    return hasOpenRun === undefined || (await query(hasOpenRun, [sessionId])).length === 0;
  }

  protected override async removeOldest(
    query: Query,
    sessionId: string,
    limit: number,
    before: string | undefined,
  ): Promise<number> {
    const found = await query(this.#steps.oldest, [sessionId, String(limit), before ?? null]);
    const ids = (found as { id: string }[]).map(({ id }) => id);
    return this.#turns.remove(query, sessionId, ids);
  }

  protected override async copyItems(
    query: Query,
    from: string,
    to: string,
    { upTo, move }: Pick<ConversationCopy, 'upTo' | 'move'>,
  ): Promise<void> {
    if (move) {
      const [row] = await query(this.#steps.times, [from]);
      const { created, updated } = row as Record<'created' | 'updated', string>;
      await query(this.#steps.writeTimes, [to, created, updated]);
    }
    const page = ' AND ($2::text IS NULL OR id > $2::text::bigint) ORDER BY id LIMIT $3::text::bigint';
    let after: string | null = null;
    for (let left = upTo ?? Number.POSITIVE_INFINITY; left > 0; ) {
      const wanted = Math.min(left, PAGE);
      const rows: TextRow<'id' | 'message_data' | 'created_at'>[] = await readRows(
        query,
        this.#steps.numberedMessages,
        from,
        page,
        [after, String(wanted)],
      );
      await writeRows(query, this.#steps.messages, to, rows);
      if (rows.length < wanted) break;
      after = rows.at(-1)?.id ?? after;
      left -= rows.length;
    }
  }

  protected override async moveOthers(query: Query, from: string, to: string): Promise<void> {
    if (this.has.operations) {
      const rows = await readRows(query, this.#steps.operations, from);
      await writeRows(query, this.#steps.operations, to, rows);
    }
    if (this.has.usage) await this.#moveUsage(query, from, to);
    if (this.has.runs) {
      const rows = await readRows(query, this.#runs.rows, from);
      await query(this.#runs.removeAll, [from]);
      const moved = rows.map((row) => ({ ...row, place: row.place === null ? null : to }));
      await writeRows(query, this.#runs.rows, to, moved);
    }
  }

  /** Rows have other ids under the new id: the turn is the one in the same place. */
  async #moveUsage(query: Query, from: string, to: string): Promise<void> {
    const rows = await readRows(query, this.#steps.usage, from);
    if (rows.length === 0) return;
    const [old, copied] = [await this.#ids(query, from), await this.#ids(query, to)];
    const places = new Map(old.map((id, place) => [id, place]));
    const moved = rows.map((row) => {
      const place = row.turn === null ? undefined : places.get(row.turn);
      return { ...row, turn: (place !== undefined && copied[place]) || null };
    });
    await writeRows(query, this.#steps.usage, to, moved);
  }

  async #ids(query: Query, sessionId: string): Promise<string[]> {
    return ((await query(this.#steps.ids, [sessionId])) as { id: string }[]).map(({ id }) => id);
  }

  protected override async restored(
    query: Query,
    conversations: readonly WholeConversation[],
  ): Promise<Map<string, RestoreOutcome>> {
    const outcomes = new Map<string, RestoreOutcome>();
    const byId = new Map(conversations.map((one) => [one.id, one]));
    for (const id of inByteOrder([...byId.keys()]))
      outcomes.set(id, await this.#restoreOne(query, byId.get(id) as WholeConversation));
    return outcomes;
  }

  async #restoreOne(query: Query, whole: WholeConversation): Promise<RestoreOutcome> {
    const { id, tenant, createdAt, updatedAt, rows, description, operations = [], usage = [] } = whole;
    const steps = this.#steps;
    const made = await query(steps.restoreSession, [id, String(createdAt), String(updatedAt)]);
    const { ms } = await this.#turns.clock(query);
    const isErased = await this.#turns.isErased(query, id, ms);
    const isTaken =
      made.length === 0 || (steps.isDescribed && (await query(steps.isDescribed, [id])).length > 0);
    if (isErased || isTaken) {
      if (made.length > 0) await query(this.#steps.removeSession, [id]);
      return isErased ? 'erased' : 'taken';
    }
    const items = rows.map((row) => ({ message_data: row.text, created_at: String(row.createdAt) }));
    const added = (await writeRows(query, steps.restoredMessages, id, items, 'id::text AS id')) as {
      id: string;
    }[];
    if (this.has.metadata && description)
      await query(this.sql.writeDescription, [id, description.text, String(description.version)]);
    if (this.has.operations) {
      const remembered = operations.map((one) => ({
        operation_id: one.id,
        digest: one.digest,
        created_at: String(one.createdAt),
      }));
      await writeRows(query, steps.restoredOperations, id, remembered);
    }
    if (this.has.usage) {
      const used = usage.map((one) => ({
        response: one.key,
        tenant,
        turn: (one.turn === undefined ? undefined : added[one.turn]?.id) ?? null,
        model: one.model,
        recorded_at: String(one.recordedAt),
        ...usageTexts(one),
      }));
      await writeRows(query, steps.usage, id, used);
    }
    return 'stored';
  }
}
