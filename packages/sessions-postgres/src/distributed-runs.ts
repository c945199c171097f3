import {
  type NewRun,
  RUN_COLUMNS,
  type RunCreation,
  type RunEntry,
  type RunHold,
  type RunName,
  type RunQuery,
  type RunSettlement,
  type RunVerbs,
  runsMissing,
  type StoredRun,
} from '@stackone/sessions-core/backend';
import type { LockingWork } from './conversations.js';
import { NUMBER, type RowTable, TEXT } from './distributed-rows.js';
import type { DistributedTurns } from './distributed-turns.js';
import type { Query } from './executor.js';
import { BEGINNING, IS_RUN, runList, runOf, runStatements, settlements } from './runs.js';
import { type PostgresNames, qualifiedTables } from './statements.js';

type RunColumn = Exclude<(typeof RUN_COLUMNS)[number], 'session_id'>;

/** `held` is when it is free. */
const RUN =
  'run_id AS run, session_id AS session, tenant, state, (place IS NOT NULL)::text AS alone, fence::text AS fence, ' +
  'lease_until::text AS held, created_at::text AS created, changed_at::text AS changed, content';

/** The statements on runs in tables that are split over nodes. The clock is asked before, and now is one of the parameters. */
export function distributedRunStatements(names: PostgresNames) {
  const { runs } = qualifiedTables(names);
  const isHeld = (now: string) =>
    `fence = $3::text::bigint AND state = 'running' AND lease_until > ${now}::text::bigint`;
  const columns = RUN_COLUMNS.join(', ');
  return {
    createTable: runStatements(names).createTable,
    /** Of whichever conversation: every node is asked. */
    read: `SELECT ${RUN} FROM ${runs} WHERE run_id = $1 AND entry = ''`,
    inPlace: `SELECT ${RUN} FROM ${runs} WHERE session_id = $1 AND place = $1`,
    create:
      `INSERT INTO ${runs} (${columns}) VALUES ($2::text, '', $1::text, $3::text, $7::text, $8::text::bigint, ` +
      '$4::text::bigint, $5::text, $9::text::bigint, $10::text::bigint, $6::text) ' +
      `ON CONFLICT DO NOTHING RETURNING ${RUN}`,
    entries: `SELECT entry AS key, content FROM ${runs} WHERE session_id = $2 AND run_id = $1 AND entry <> ''`,
    entry: `SELECT entry AS key, content FROM ${runs} WHERE session_id = $2 AND run_id = $1 AND entry = $3`,
    /** Parameters: the run, its conversation, when it ends, and now. */
    take:
      `UPDATE ${runs} SET state = 'running', fence = fence + 1, lease_until = $3::text::bigint, changed_at = $4::text::bigint ` +
      `WHERE ${IS_RUN} AND (state = 'waiting' OR state = 'running' AND lease_until <= $4::text::bigint) RETURNING ${RUN}`,
    hold: `UPDATE ${runs} SET lease_until = $4::text::bigint WHERE ${IS_RUN} AND ${isHeld('$5')} RETURNING tenant`,
    lock: `SELECT tenant FROM ${runs} WHERE ${IS_RUN} FOR UPDATE`,
    /** Parameters: the run, its conversation, the key, its tenant, the content, and now. */
    add:
      `INSERT INTO ${runs} (${columns}) VALUES ($1::text, $3::text, $2::text, $4::text, '', 0, 0, NULL, ` +
      '$6::text::bigint, $6::text::bigint, $5::text) ON CONFLICT DO NOTHING',
    ...settlements(runs, isHeld('$6'), '$6::text::bigint'),
    list: (query: RunQuery, now: string) =>
      runList(runs, RUN, query, (parameters) => `$${parameters.push(now)}::text::bigint`),
    /** To be moved. */
    rows: {
      name: runs,
      columns: {
        run_id: TEXT,
        entry: TEXT,
        tenant: TEXT,
        state: TEXT,
        fence: NUMBER,
        lease_until: NUMBER,
        place: TEXT,
        created_at: NUMBER,
        changed_at: NUMBER,
        content: TEXT,
      },
    } satisfies RowTable<RunColumn>,
    removeAll: `DELETE FROM ${runs} WHERE session_id = $1`,
  };
}

export type DistributedRunStatements = ReturnType<typeof distributedRunStatements>;

/** How steps reach the database, with the backend's repetitions. */
export interface StepCalls {
  read: Query;
  /** Commits by itself. */
  write: Query;
  /** In one transaction. @param repeatable - Whether it may be made again where it may have been done. */
  atomically<T>(work: LockingWork<T>, repeatable?: boolean): Promise<T>;
}

/** The verbs on runs in tables that are split over nodes. */
export class DistributedRuns implements RunVerbs {
  readonly #calls: StepCalls;
  readonly #sql: DistributedRunStatements;
  readonly #turns: DistributedTurns;
  readonly #isThere: boolean;

  /** @param isThere - Whether the table is. */
  constructor(calls: StepCalls, sql: DistributedRunStatements, turns: DistributedTurns, isThere: boolean) {
    this.#calls = calls;
    this.#sql = sql;
    this.#turns = turns;
    this.#isThere = isThere;
  }

  /**
   * Under the conversation's lock, which keeps two runs out of one place. A run with this id in another conversation is found where
   * it was committed before: no key of one node reaches over all of them.
   */
  async create(run: NewRun): Promise<RunCreation> {
    this.#check();
    return this.#calls.atomically((query, locks) =>
      this.#turns.locked(query, locks, run.sessionId, () => this.#create(query, run)),
    );
  }

  async #create(
    query: Query,
    { runId, sessionId, tenant, content, alone, lease, was }: NewRun,
  ): Promise<RunCreation> {
    const clock = await this.#turns.clock(query);
    for (;;) {
      const [found] = await query(this.#sql.read, [runId]);
      if (found) return { outcome: 'found', run: runAt(found, clock.ms) };
      const [busy] = alone ? await query(this.#sql.inPlace, [sessionId]) : [];
      if (busy) return { outcome: 'busy', run: runAt(busy, clock.ms) };
      await this.#turns.refuseErased(query, sessionId, clock);
      const [state, fence, created, changed] = was
        ? [was.state, was.fence, was.createdAt, was.changedAt].map(String)
        : BEGINNING;
      const until = Number(clock.ms) + (was ? 0 : lease);
      const times = [created ?? clock.ms, changed ?? clock.ms];
      const place = alone ? sessionId : null;
      const parameters = [sessionId, runId, tenant, String(until), place, content, state, fence, ...times];
      const [made] = await query(this.#sql.create, parameters);
      // of somebody who begins runs without the lock
      if (made) return { outcome: 'created', run: runAt(made, clock.ms) };
    }
  }

  async read(runId: string): Promise<{ run: StoredRun; entries: RunEntry[] } | undefined> {
    this.#check();
    const now = await this.#now();
    const [found] = await this.#calls.read(this.#sql.read, [runId]);
    if (found === undefined) return undefined;
    const run = runAt(found, now);
    return {
      run,
      entries: (await this.#calls.read(this.#sql.entries, [runId, run.sessionId])) as RunEntry[],
    };
  }

  async take({ runId, sessionId }: RunName, lease: number): Promise<StoredRun | undefined> {
    this.#check();
    const now = await this.#now();
    const parameters = [runId, sessionId, String(Number(now) + lease), now];
    const [taken] = await this.#calls.write(this.#sql.take, parameters);
    return taken === undefined ? undefined : runAt(taken, now);
  }

  async write({ runId, sessionId, fence, lease }: RunHold, entry?: RunEntry): Promise<boolean> {
    this.#check();
    return this.#calls.atomically(async (query) => {
      const { ms } = await this.#turns.clock(query);
      const parameters = [runId, sessionId, String(fence), String(Number(ms) + lease), ms];
      const [held] = await query(this.#sql.hold, parameters);
      if (held && entry) await this.#add(query, { runId, sessionId }, entry, held, ms);
      return held !== undefined;
    }, true);
  }

  async add(name: RunName, entry: RunEntry): Promise<RunEntry | undefined> {
    this.#check();
    return this.#calls.atomically(async (query) => {
      const { ms } = await this.#turns.clock(query);
      const [run] = await query(this.#sql.lock, [name.runId, name.sessionId]);
      if (run) await this.#add(query, name, entry, run, ms);
      const [kept] = await query(this.#sql.entry, [name.runId, name.sessionId, entry.key]);
      return kept as RunEntry | undefined;
    }, true);
  }

  async settle({ runId, sessionId, fence, state, content }: RunSettlement): Promise<boolean> {
    this.#check();
    const held = fence === undefined ? null : String(fence);
    const parameters = [runId, sessionId, held, state, content ?? null, await this.#now()];
    const open = state === 'running' ? this.#sql.release : this.#sql.settleOpen;
    const statement = fence === undefined ? open : this.#sql.settleHeld;
    return (await this.#calls.write(statement, parameters)).length > 0;
  }

  async list(query: RunQuery): Promise<StoredRun[]> {
    this.#check();
    const now = await this.#now();
    return (await this.#calls.read(...this.#sql.list(query, now))).map((row) => runAt(row, now));
  }

  async #add(
    query: Query,
    { runId, sessionId }: RunName,
    entry: RunEntry,
    run: unknown,
    now: string,
  ): Promise<void> {
    const { tenant } = run as { tenant: string };
    await query(this.#sql.add, [runId, sessionId, entry.key, tenant, entry.content, now]);
  }

  async #now(): Promise<string> {
    return (await this.#turns.clock(this.#calls.read)).ms;
  }

  #check(): void {
    if (!this.#isThere) throw runsMissing(this.#sql.createTable);
  }
}

function runAt(row: unknown, now: string): StoredRun {
  const { held } = row as { readonly held: string };
  return runOf({ ...(row as object), held: String(Number(held) - Number(now)) });
}
