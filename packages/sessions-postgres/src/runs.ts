import {
  type NewRun,
  RUN_COLUMNS,
  type RunCreation,
  type RunEntry,
  type RunHold,
  type RunName,
  type RunQuery,
  type RunSettlement,
  type RunState,
  type RunVerbs,
  runsMissing,
  type StoredRun,
  sessionErased,
} from '@stackone/sessions-core/backend';
import type { BoundStatement } from './conversation-statements.js';
import { schemaObjects } from './ddl.js';
import type { Query } from './executor.js';
import { isErased, NOW, type PostgresNames, qualifiedTables } from './statements.js';

/** Columns have names of one small word, which drivers that change names leave alone. */
const RUN =
  'run_id AS run, session_id AS session, tenant, state, (place IS NOT NULL)::text AS alone, fence::text AS fence, ' +
  `(lease_until - ${NOW})::text AS held, created_at::text AS created, changed_at::text AS changed, content`;

const COLUMNS = RUN_COLUMNS.join(', ');
export const IS_RUN = "run_id = $1 AND session_id = $2 AND entry = ''";
/** The fence is the third parameter. */
const IS_HELD = `fence = $3::text::bigint AND state = 'running' AND lease_until > ${NOW}`;

/**
 * The statements on runs, all of them on the table of runs alone.
 *
 * @param withErasures - Whether the table of ids that were erased is there.
 */
export function runStatements(names: PostgresNames, withErasures = false) {
  const { runs, erasures } = qualifiedTables(names);
  const insertEntry = (key: string, content: string, from: string) =>
    `INSERT INTO ${runs} (${COLUMNS}) SELECT $1::text, ${key}, $2::text, tenant, '', 0, 0, NULL, ${NOW}, ${NOW}, ${content} ` +
    `FROM ${from} ON CONFLICT DO NOTHING`;
  const hold = `UPDATE ${runs} SET lease_until = ${NOW} + $4::text::bigint WHERE ${IS_RUN} AND ${IS_HELD} RETURNING tenant`;
  return {
    createTable: schemaObjects(names).find(({ kind }) => kind === 'runs')?.sql ?? '',
    /** No row comes back where there is such a run, or another one in its place, or where the conversation was erased. */
    create:
      `INSERT INTO ${runs} (${COLUMNS}) SELECT $2::text, '', $1::text, $3::text, $7::text, $8::text::bigint, ` +
      `${NOW} + $4::text::bigint, $5::text, coalesce($9::text::bigint, ${NOW}), coalesce($10::text::bigint, ${NOW}), $6::text ` +
      (withErasures ? `WHERE NOT EXISTS (${isErased(erasures)}) ` : '') +
      `ON CONFLICT DO NOTHING RETURNING ${RUN}`,
    isErased: withErasures ? isErased(erasures) : undefined,
    read: `SELECT ${RUN} FROM ${runs} WHERE run_id = $1 AND entry = ''`,
    inPlace: `SELECT ${RUN} FROM ${runs} WHERE place = $1`,
    entries: `SELECT entry AS key, content FROM ${runs} WHERE run_id = $1 AND entry <> ''`,
    entry: `SELECT entry AS key, content FROM ${runs} WHERE run_id = $1 AND entry = $2`,
    take:
      `UPDATE ${runs} SET state = 'running', fence = fence + 1, lease_until = ${NOW} + $3::text::bigint, changed_at = ${NOW} ` +
      `WHERE ${IS_RUN} AND (state = 'waiting' OR state = 'running' AND lease_until <= ${NOW}) RETURNING ${RUN}`,
    hold,
    write: `WITH held AS (${hold}), kept AS (${insertEntry('$5::text', '$6::text', 'held')}) SELECT 1 FROM held`,
    add: insertEntry('$3::text', '$4::text', `${runs} WHERE ${IS_RUN}`),
    ...settlements(runs, IS_HELD, NOW),
    list: (query: RunQuery) => runList(runs, RUN, query, () => NOW),
    /** Parameters: from and to. */
    move: `UPDATE ${runs} SET session_id = $2::text, place = CASE WHEN place IS NOT NULL THEN $2::text END WHERE session_id = $1`,
    remove:
      `WITH removed AS (DELETE FROM ${runs} WHERE session_id = $1 RETURNING 1) ` +
      'SELECT count(*)::text AS n FROM removed',
  };
}

/**
 * The statements that end a hold on a run, by who does it. Parameters: the run, its conversation, the fence, the state and the content.
 *
 * @param now - The time that is written, as SQL.
 */
export function settlements(runs: string, isHeld: string, now: string) {
  const settle = (fence: string, condition: string) =>
    `UPDATE ${runs} SET state = $4::text, lease_until = 0, place = CASE WHEN $4::text IN ('waiting', 'running') THEN place END, ` +
    `changed_at = ${now}, content = coalesce($5::text, content), fence = ${fence} WHERE ${IS_RUN} AND ${condition} RETURNING 1`;
  return {
    settleHeld: settle('fence', isHeld),
    settleOpen: settle('fence + 1', "$3::text IS NULL AND state IN ('running', 'waiting')"),
    release: settle('fence', "$3::text IS NULL AND state = 'waiting'"),
  };
}

/**
 * The statement that lists runs.
 *
 * @param run - The columns, as SQL.
 * @param now - The time by which a lease is over, as SQL; what it adds to the parameters comes before their last one.
 */
export function runList(
  runs: string,
  run: string,
  { state, free, sessionId, tenant, after, limit }: RunQuery,
  now: (parameters: unknown[]) => string,
): BoundStatement {
  const parameters: unknown[] = [];
  const conditions: readonly (readonly [condition: string, value: unknown])[] = [
    ['state =', state],
    ['session_id =', sessionId],
    ['tenant =', tenant],
    ['run_id >', after],
  ];
  const where = conditions
    .filter(([, value]) => value !== undefined)
    .map(([condition, value]) => `${condition} $${parameters.push(value)}::text`);
  if (free) where.push(`lease_until <= ${now(parameters)}`);
  return [
    `SELECT ${run} FROM ${runs} WHERE entry = '' AND ${where.join(' AND ')} ` +
      `ORDER BY run_id LIMIT $${parameters.push(String(limit))}::text::bigint`,
    parameters,
  ];
}

export type RunStatements = ReturnType<typeof runStatements>;

/** How the statements reach the database, with the backend's repetitions. */
export interface RunCalls {
  read: Query;
  /** Is not made again where it may have been done. */
  write: Query;
  /** May be made again: what is there already stays as it is. */
  writeAgain: Query;
}

/** The verbs on runs, on PostgreSQL: a step is one statement. */
export class PostgresRuns implements RunVerbs {
  readonly #calls: RunCalls;
  readonly #sql: RunStatements;
  readonly #isThere: boolean;

  /** @param isThere - Whether the table is, and the database has the transactions that the end of a run needs. */
  constructor(calls: RunCalls, sql: RunStatements, isThere: boolean) {
    this.#calls = calls;
    this.#sql = sql;
    this.#isThere = isThere;
  }

  async create({ runId, sessionId, tenant, content, alone, lease, was }: NewRun): Promise<RunCreation> {
    this.#check();
    const before = was ? [was.state, was.fence, was.createdAt, was.changedAt].map(String) : BEGINNING;
    const holding = [String(was ? 0 : lease), alone ? sessionId : null];
    const parameters = [sessionId, runId, tenant, ...holding, content, ...before];
    for (;;) {
      const [made] = await this.#calls.write(this.#sql.create, parameters);
      if (made) return { outcome: 'created', run: runOf(made) };
      const found = await this.#run(this.#sql.read, runId);
      if (found) return { outcome: 'found', run: found };
      const busy = alone ? await this.#run(this.#sql.inPlace, sessionId) : undefined;
      if (busy) return { outcome: 'busy', run: busy };
      const { isErased } = this.#sql;
      if (isErased && (await this.#calls.read(isErased, [sessionId])).length > 0) throw sessionErased();
    }
  }

  async read(runId: string): Promise<{ run: StoredRun; entries: RunEntry[] } | undefined> {
    this.#check();
    const run = await this.#run(this.#sql.read, runId);
    return run && { run, entries: (await this.#calls.read(this.#sql.entries, [runId])) as RunEntry[] };
  }

  async take({ runId, sessionId }: RunName, lease: number): Promise<StoredRun | undefined> {
    this.#check();
    const [taken] = await this.#calls.write(this.#sql.take, [runId, sessionId, String(lease)]);
    return taken === undefined ? undefined : runOf(taken);
  }

  async write({ runId, sessionId, fence, lease }: RunHold, entry?: RunEntry): Promise<boolean> {
    this.#check();
    const parameters = [runId, sessionId, String(fence), String(lease)];
    const held = entry
      ? await this.#calls.writeAgain(this.#sql.write, [...parameters, entry.key, entry.content])
      : await this.#calls.writeAgain(this.#sql.hold, parameters);
    return held.length > 0;
  }

  async add({ runId, sessionId }: RunName, { key, content }: RunEntry): Promise<RunEntry | undefined> {
    this.#check();
    await this.#calls.writeAgain(this.#sql.add, [runId, sessionId, key, content]);
    const [entry] = await this.#calls.read(this.#sql.entry, [runId, key]);
    return entry as RunEntry | undefined;
  }

  async settle({ runId, sessionId, fence, state, content }: RunSettlement): Promise<boolean> {
    this.#check();
    const parameters = [runId, sessionId, fence === undefined ? null : String(fence), state, content ?? null];
    const open = state === 'running' ? this.#sql.release : this.#sql.settleOpen;
    const statement = fence === undefined ? open : this.#sql.settleHeld;
    return (await this.#calls.write(statement, parameters)).length > 0;
  }

  async list(query: RunQuery): Promise<StoredRun[]> {
    this.#check();
    return (await this.#calls.read(...this.#sql.list(query))).map(runOf);
  }

  async #run(statement: string, id: string): Promise<StoredRun | undefined> {
    const [row] = await this.#calls.read(statement, [id]);
    return row === undefined ? undefined : runOf(row);
  }

  #check(): void {
    if (!this.#isThere) throw runsMissing(this.#sql.createTable);
  }
}

/** The state, fence and times of a run that begins now. */
export const BEGINNING = ['running', '1', null, null] as const;

/** A run as it is answered. */
export function runOf(row: unknown): StoredRun {
  const { run, session, tenant, state, alone, fence, held, created, changed, content } = row as Readonly<
    Record<
      'run' | 'session' | 'tenant' | 'alone' | 'fence' | 'held' | 'created' | 'changed' | 'content',
      string
    >
  > & { readonly state: RunState };
  return {
    runId: run,
    sessionId: session,
    tenant,
    state,
    alone: alone === 'true',
    fence: Number(fence),
    heldFor: Number(held),
    createdAt: Number(created),
    changedAt: Number(changed),
    content,
  };
}
