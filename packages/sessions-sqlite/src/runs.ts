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
import { schemaObjects } from './ddl.js';
import type { SqliteExecutor } from './executor.js';
import { quoteName, type SqliteNames } from './statements.js';

/** In ms since 1970. */
const NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

const RUN =
  'run_id AS "runId", session_id AS "sessionId", tenant, state, place IS NOT NULL AS alone, fence, ' +
  `lease_until - ${NOW} AS "heldFor", created_at AS "createdAt", changed_at AS "changedAt", content`;

const COLUMNS = RUN_COLUMNS.join(', ');
const IS_RUN = "run_id = ? AND session_id = ? AND entry = ''";
/** The fence is the next parameter. */
const IS_HELD = `fence = ? AND state = 'running' AND lease_until > ${NOW}`;

/** The statements on runs, all of them on the table of runs alone. */
export function runStatements(names: SqliteNames) {
  const runs = quoteName(names.runs);
  const settle = (fence: string, condition: string) =>
    `UPDATE ${runs} SET state = ?, lease_until = 0, place = CASE WHEN ? IN ('waiting', 'running') THEN place END, changed_at = ${NOW}, ` +
    `content = coalesce(?, content)${fence} WHERE ${IS_RUN} AND ${condition} RETURNING 1`;
  return {
    createTable: schemaObjects(names).find(({ name }) => name === names.runs)?.sql ?? '',
    create:
      `INSERT INTO ${runs} (${COLUMNS}) VALUES (?, '', ?, ?, ?, ?, ${NOW} + ?, ?, coalesce(?, ${NOW}), coalesce(?, ${NOW}), ?) ` +
      'ON CONFLICT DO NOTHING',
    read: `SELECT ${RUN} FROM ${runs} WHERE run_id = ? AND entry = ''`,
    inPlace: `SELECT ${RUN} FROM ${runs} WHERE place = ?`,
    entries: `SELECT entry AS "key", content FROM ${runs} WHERE run_id = ? AND entry <> '' ORDER BY entry`,
    entry: `SELECT entry AS "key", content FROM ${runs} WHERE run_id = ? AND entry = ?`,
    take:
      `UPDATE ${runs} SET state = 'running', fence = fence + 1, lease_until = ${NOW} + ?, changed_at = ${NOW} WHERE ${IS_RUN} ` +
      `AND (state = 'waiting' OR state = 'running' AND lease_until <= ${NOW}) RETURNING ${RUN}`,
    hold: `UPDATE ${runs} SET lease_until = ${NOW} + ? WHERE ${IS_RUN} AND ${IS_HELD} RETURNING 1`,
    add:
      `INSERT INTO ${runs} (${COLUMNS}) SELECT run_id, ?, session_id, tenant, '', 0, 0, NULL, ${NOW}, ${NOW}, ? ` +
      `FROM ${runs} WHERE ${IS_RUN} ON CONFLICT DO NOTHING`,
    settleHeld: settle('', IS_HELD),
    settleOpen: settle(', fence = fence + 1', "state IN ('running', 'waiting')"),
    release: settle('', "state = 'waiting'"),
    list({ state, free, sessionId, tenant, after, limit }: RunQuery): readonly [sql: string, unknown[]] {
      const conditions: readonly (readonly [condition: string, value: unknown])[] = [
        ['state = ?', state],
        ['session_id = ?', sessionId],
        ['tenant = ?', tenant],
        ['run_id > ?', after],
      ];
      const given = conditions.filter(([, value]) => value !== undefined);
      const where = ["entry = ''", ...given.map(([condition]) => condition)];
      if (free) where.push(`lease_until <= ${NOW}`);
      return [
        `SELECT ${RUN} FROM ${runs} WHERE ${where.join(' AND ')} ORDER BY run_id LIMIT ?`,
        [...given.map(([, value]) => value), limit],
      ];
    },
    /** Parameters: to, to, from. */
    move: `UPDATE ${runs} SET session_id = ?, place = CASE WHEN place IS NOT NULL THEN ? END WHERE session_id = ?`,
    remove: `DELETE FROM ${runs} WHERE session_id = ?`,
  };
}

export type RunStatements = ReturnType<typeof runStatements>;

/** The verbs on runs, on SQLite. */
export class SqliteRuns implements RunVerbs {
  readonly #executor: SqliteExecutor;
  readonly #sql: RunStatements;
  readonly #isThere: boolean;
  readonly #refuseErased: (sessionId: string) => void;

  /**
   * @param isThere - Whether the table is.
   * @param refuseErased - Throws for a conversation that was erased.
   */
  constructor(
    executor: SqliteExecutor,
    sql: RunStatements,
    isThere: boolean,
    refuseErased: (sessionId: string) => void,
  ) {
    this.#executor = executor;
    this.#sql = sql;
    this.#isThere = isThere;
    this.#refuseErased = refuseErased;
  }

  create({ runId, sessionId, tenant, content, alone, lease, was }: NewRun): RunCreation {
    this.#check();
    return this.#executor.atomically(() => {
      const found = this.#run(this.#sql.read, runId);
      if (found) return { outcome: 'found', run: found };
      const busy = alone ? this.#run(this.#sql.inPlace, sessionId) : undefined;
      if (busy) return { outcome: 'busy', run: busy };
      this.#refuseErased(sessionId);
      const place = alone ? sessionId : null;
      const state = [was?.state ?? 'running', was?.fence ?? 1, was ? 0 : lease, place];
      const times = [was?.createdAt ?? null, was?.changedAt ?? null];
      this.#executor.run(this.#sql.create, [runId, sessionId, tenant, ...state, ...times, content]);
      return { outcome: 'created', run: this.#run(this.#sql.read, runId) as StoredRun };
    });
  }

  read(runId: string): { run: StoredRun; entries: RunEntry[] } | undefined {
    this.#check();
    const run = this.#run(this.#sql.read, runId);
    return run && { run, entries: this.#executor.all(this.#sql.entries, [runId]) as RunEntry[] };
  }

  take({ runId, sessionId }: RunName, lease: number): StoredRun | undefined {
    this.#check();
    return this.#executor.atomically(() => this.#run(this.#sql.take, lease, runId, sessionId));
  }

  write({ runId, sessionId, fence, lease }: RunHold, entry?: RunEntry): boolean {
    this.#check();
    return this.#executor.atomically(() => {
      const held = this.#executor.all(this.#sql.hold, [lease, runId, sessionId, fence]).length > 0;
      if (held && entry) this.#executor.run(this.#sql.add, [entry.key, entry.content, runId, sessionId]);
      return held;
    });
  }

  add({ runId, sessionId }: RunName, { key, content }: RunEntry): RunEntry | undefined {
    this.#check();
    return this.#executor.atomically(() => {
      this.#executor.run(this.#sql.add, [key, content, runId, sessionId]);
      return this.#executor.all(this.#sql.entry, [runId, key])[0] as RunEntry | undefined;
    });
  }

  settle({ runId, sessionId, fence, state, content }: RunSettlement): boolean {
    this.#check();
    const parameters = [state, state, content ?? null, runId, sessionId];
    return this.#executor.atomically(() => {
      if (fence !== undefined)
        return this.#executor.all(this.#sql.settleHeld, [...parameters, fence]).length > 0;
      const statement = state === 'running' ? this.#sql.release : this.#sql.settleOpen;
      return this.#executor.all(statement, parameters).length > 0;
    });
  }

  list(query: RunQuery): StoredRun[] {
    this.#check();
    return this.#executor.all(...this.#sql.list(query)).map(runOf);
  }

  #run(statement: string, ...parameters: readonly unknown[]): StoredRun | undefined {
    const [row] = this.#executor.all(statement, parameters);
    return row === undefined ? undefined : runOf(row);
  }

  #check(): void {
    if (!this.#isThere) throw runsMissing(this.#sql.createTable);
  }
}

function runOf(row: unknown): StoredRun {
  const run = row as Omit<StoredRun, 'alone'> & { readonly alone: number };
  return { ...run, alone: Boolean(run.alone) };
}
