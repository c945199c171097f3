import {
  DAY,
  rowNumber,
  type StoredUsage,
  USAGE_COLUMNS,
  USAGE_COUNTS,
  type UsageBatch,
  type UsageGroup,
  type UsageQuery,
  type UsageVerbs,
  usageMissing,
} from '@stackone/sessions-core/backend';
import { schemaObjects } from './ddl.js';
import type { SqliteExecutor } from './executor.js';
import { quoteName, type SqliteNames } from './statements.js';

const KEPT = ['response', 'tenant', 'model', 'recorded_at', ...USAGE_COLUMNS].join(', ');

const GROUPS: Readonly<Record<UsageGroup, string>> = {
  session: 'session_id',
  tenant: 'tenant',
  model: 'model',
  day: `recorded_at / ${DAY}`,
  turn: 'CAST(turn AS TEXT)',
};

/** In ms since 1970. */
const NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

/** The statements on usage, all of them on the table of usage alone but that of a move. */
export function usageStatements(names: SqliteNames) {
  const usage = quoteName(names.usage);
  const ranked = `SELECT id, row_number() OVER (ORDER BY id) AS place FROM ${quoteName(names.messages)} WHERE session_id = ?`;
  return {
    create: schemaObjects(names).find(({ name }) => name === names.usage)?.sql ?? '',
    record:
      `INSERT INTO ${usage} (session_id, response, tenant, turn, model, recorded_at, ${USAGE_COLUMNS.join(', ')}) ` +
      `VALUES (?, ?, ?, CAST(? AS INTEGER), ?, ${NOW}, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, response) DO UPDATE SET ` +
      USAGE_COLUMNS.map((column) => `${column} = max(${column}, excluded.${column})`).join(', '),
    sum({ sessionId, tenant, from, to, by }: UsageQuery): readonly [sql: string, parameters: unknown[]] {
      const conditions: readonly (readonly [condition: string, value: unknown])[] = [
        ['session_id = ?', sessionId],
        ['tenant = ?', tenant],
        ['recorded_at >= ?', from],
        ['recorded_at < ?', to],
      ];
      const given = conditions.filter(([, value]) => value !== undefined);
      const where = given.length === 0 ? '' : ` WHERE ${given.map(([condition]) => condition).join(' AND ')}`;
      const groups = by.map((group) => `${GROUPS[group]} AS "${group}"`);
      const sums = USAGE_COLUMNS.map((column, at) => `coalesce(sum(${column}), 0) AS "${USAGE_COUNTS[at]}"`);
      const grouped = by.length === 0 ? '' : ` GROUP BY ${by.map((group) => GROUPS[group]).join(', ')}`;
      return [
        `SELECT ${[...groups, ...sums].join(', ')} FROM ${usage}${where}${grouped}`,
        given.map(([, value]) => value),
      ];
    },
    /** Rows have other ids under the new id: the turn is the one in the same place. Parameters: to, from, to, from. */
    move:
      `INSERT OR IGNORE INTO ${usage} (session_id, turn, ${KEPT}) SELECT ?, turns.new, ${KEPT} FROM ${usage} ` +
      `LEFT JOIN (SELECT old.id AS old, new.id AS new FROM (${ranked}) AS old JOIN (${ranked}) AS new USING (place)) ` +
      'AS turns ON turns.old = turn WHERE session_id = ?',
    remove: `DELETE FROM ${usage} WHERE session_id = ?`,
  };
}

export type UsageStatements = ReturnType<typeof usageStatements>;

/** The verbs on usage, on SQLite. */
export class SqliteUsage implements UsageVerbs {
  readonly #executor: SqliteExecutor;
  readonly #sql: UsageStatements;
  readonly #isThere: boolean;
  readonly #refuseErased: (sessionId: string) => void;

  /**
   * @param isThere - Whether the table is.
   * @param refuseErased - Throws for a conversation that was erased.
   */
  constructor(
    executor: SqliteExecutor,
    sql: UsageStatements,
    isThere: boolean,
    refuseErased: (sessionId: string) => void,
  ) {
    this.#executor = executor;
    this.#sql = sql;
    this.#isThere = isThere;
    this.#refuseErased = refuseErased;
  }

  record({
    sessionId,
    tenant,
    turn = null,
    rows,
  }: Omit<UsageBatch, 'turn'> & { turn?: string | null | undefined }): void {
    this.#check();
    if (turn !== null) rowNumber(turn);
    this.#executor.atomically(() => {
      this.#refuseErased(sessionId);
      for (const { key, model, ...counts } of rows) {
        const numbers = USAGE_COUNTS.map((name) => counts[name]);
        this.#executor.run(this.#sql.record, [sessionId, key, tenant, turn, model, ...numbers]);
      }
    });
  }

  sum(query: UsageQuery): StoredUsage[] {
    this.#check();
    const rows = this.#executor.all(...this.#sql.sum(query)) as StoredUsage[];
    return rows.map((row) => ({ ...row, ...('turn' in row && { turn: row.turn ?? undefined }) }));
  }

  #check(): void {
    if (!this.#isThere) throw usageMissing(this.#sql.create);
  }
}
