import {
  DAY,
  rowNumber,
  type StoredUsage,
  sessionErased,
  USAGE_COLUMNS,
  USAGE_COUNTS,
  type UsageBatch,
  type UsageGroup,
  type UsageQuery,
  type UsageVerbs,
  usageMissing,
} from '@stackone/sessions-core/backend';
import type { BoundStatement } from './conversation-statements.js';
import { schemaObjects } from './ddl.js';
import type { Query } from './executor.js';
import { isErased, type PostgresNames, qualifiedTables } from './statements.js';

/** The names of numbers in answers are small words, which drivers that change names leave alone. */
const ANSWERS = ['requests', 'input', 'output', 'total', 'cached', 'reasoning'] as const;

const KEPT = ['response', 'tenant', 'model', 'recorded_at', ...USAGE_COLUMNS].join(', ');

const GROUPS: Readonly<Record<UsageGroup, string>> = {
  session: 'session_id',
  tenant: 'tenant',
  model: 'model',
  day: `(recorded_at / ${DAY})::text`,
  turn: 'turn::text',
};

/** In ms since 1970. */
const NOW = 'floor(extract(epoch FROM CURRENT_TIMESTAMP) * 1000)::bigint';

/**
 * The statements on usage, all of them on rows of one conversation but that of sums.
 *
 * @param withErasures - Whether the table of ids that were erased is there.
 */
export function usageStatements(names: PostgresNames, withErasures = false) {
  const { messages, usage, erasures } = qualifiedTables(names);
  const ranked = (id: string) =>
    `SELECT id, row_number() OVER (ORDER BY id) AS place FROM ${messages} WHERE session_id = ${id}`;
  return {
    create: schemaObjects(names).find(({ kind }) => kind === 'usage')?.sql ?? '',
    /**
     * No row comes back where nothing was stored because the conversation was erased. Parameters: the session's id, its tenant, the
     * turn, and the rows as JSON.
     */
    record:
      `INSERT INTO ${usage} AS u (session_id, response, tenant, turn, model, recorded_at, ${USAGE_COLUMNS.join(', ')}) ` +
      `SELECT $1::text, r.key, $2::text, $3::text::bigint, r.model, ${NOW}, ${USAGE_COUNTS.map((name) => `r."${name}"`).join(', ')} ` +
      `FROM json_to_recordset($4::text::json) AS r(key text, model text, ${USAGE_COUNTS.map((name) => `"${name}" bigint`).join(', ')}) ` +
      (withErasures ? `WHERE NOT EXISTS (${isErased(erasures)}) ` : '') +
      'ON CONFLICT (session_id, response) DO UPDATE SET ' +
      USAGE_COLUMNS.map((column) => `${column} = greatest(u.${column}, excluded.${column})`).join(', ') +
      ' RETURNING 1',
    sum({ sessionId, tenant, from, to, by }: UsageQuery): BoundStatement {
      const parameters: unknown[] = [];
      const conditions: readonly (readonly [condition: string, value: unknown, type: string])[] = [
        ['session_id =', sessionId, 'text'],
        ['tenant =', tenant, 'text'],
        ['recorded_at >=', from, 'bigint'],
        ['recorded_at <', to, 'bigint'],
      ];
      const given = conditions
        .filter(([, value]) => value !== undefined)
        .map(([condition, value, type]) => `${condition} $${parameters.push(String(value))}::text::${type}`);
      const where = given.length === 0 ? '' : ` WHERE ${given.join(' AND ')}`;
      const groups = by.map((group) => `${GROUPS[group]} AS ${group}`);
      const sums = USAGE_COLUMNS.map((column, at) => `coalesce(sum(${column}), 0)::text AS ${ANSWERS[at]}`);
      const grouped = by.length === 0 ? '' : ` GROUP BY ${by.map((group) => GROUPS[group]).join(', ')}`;
      return [`SELECT ${[...groups, ...sums].join(', ')} FROM ${usage}${where}${grouped}`, parameters];
    },
    /** Rows have other ids under the new id: the turn is the one in the same place. Parameters: from and to. */
    move:
      `INSERT INTO ${usage} (session_id, turn, ${KEPT}) SELECT $2::text, turns.new, ${KEPT} FROM ${usage} ` +
      `LEFT JOIN (SELECT old.id AS old, new.id AS new FROM (${ranked('$1')}) AS old JOIN (${ranked('$2')}) AS new USING (place)) ` +
      'AS turns ON turns.old = turn WHERE session_id = $1 ON CONFLICT (session_id, response) DO NOTHING',
    remove:
      `WITH removed AS (DELETE FROM ${usage} WHERE session_id = $1 RETURNING 1) ` +
      'SELECT count(*)::text AS n FROM removed',
  };
}

export type UsageStatements = ReturnType<typeof usageStatements>;

/** How the statements reach the database, with the backend's repetitions. */
export interface UsageCalls {
  read: Query;
  write: Query;
}

/** The verbs on usage, on PostgreSQL: one statement each. */
export class PostgresUsage implements UsageVerbs {
  protected readonly calls: UsageCalls;
  protected readonly sql: UsageStatements;
  readonly #isThere: boolean;

  /** @param isThere - Whether the table is. */
  constructor(calls: UsageCalls, sql: UsageStatements, isThere: boolean) {
    this.calls = calls;
    this.sql = sql;
    this.#isThere = isThere;
  }

  async record({ sessionId, tenant, turn, rows }: UsageBatch): Promise<void> {
    this.check();
    if (rows.length === 0) return;
    const parameters = [sessionId, tenant, turn === undefined ? null : rowNumber(turn), JSON.stringify(rows)];
    const recorded = await this.calls.write(this.sql.record, parameters);
    if (recorded.length === 0) throw sessionErased();
  }

  async sum(query: UsageQuery): Promise<StoredUsage[]> {
    this.check();
    const rows = await this.calls.read(...this.sql.sum(query));
    return (rows as Readonly<Record<string, string | null>>[]).map((row) => {
      const groups = query.by.map((group) => [
        group,
        group === 'day' ? Number(row.day) : (row[group] ?? undefined),
      ]);
      const counts = USAGE_COUNTS.map((name, at) => [name, Number(row[ANSWERS[at] ?? name])]);
      return Object.fromEntries([...groups, ...counts]) as StoredUsage;
    });
  }

  protected check(): void {
    if (!this.#isThere) throw usageMissing(this.sql.create);
  }
}
