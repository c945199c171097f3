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
import type { Send } from './driver-types.js';
import type { MysqlExecutor } from './executor.js';
import { idLiteral, quoteName, textLiteral } from './literals.js';
import { type MysqlNames, qualifiedName } from './statements.js';

const KEPT = ['response', 'tenant', 'model', 'recorded_at', ...USAGE_COLUMNS].join(', ');

const GROUPS: Readonly<Record<UsageGroup, string>> = {
  session: 'session_id',
  tenant: 'tenant',
  model: 'model',
  day: `recorded_at DIV ${DAY}`,
  turn: 'CAST(turn AS CHAR)',
};

/** In ms since 1970, whatever the time zone of the connection. */
const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000";

/** The statements on usage, all of them on the table of usage alone but that of a move. */
export function usageStatements(names: MysqlNames) {
  const usage = qualifiedName(names, names.usage);
  const is = (sessionId: string) => `session_id = ${textLiteral(sessionId)}`;
  const ranked = (sessionId: string) =>
    `SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM ${qualifiedName(names, names.messages)} WHERE ${is(sessionId)}`;
  return {
    record({ sessionId, tenant, turn, rows }: UsageBatch): string {
      const values = rows.map(({ key, model, ...counts }) => {
        const texts = [sessionId, key, tenant, model].map(textLiteral);
        const numbers = USAGE_COUNTS.map((name) => String(BigInt(counts[name])));
        return `(${[...texts, turn === undefined ? 'NULL' : idLiteral(rowNumber(turn)), NOW, ...numbers].join(', ')})`;
      });
      return (
        `INSERT INTO ${usage} (session_id, response, tenant, model, turn, recorded_at, ${USAGE_COLUMNS.join(', ')}) ` +
        `VALUES ${values.join(', ')} ON DUPLICATE KEY UPDATE ` +
        USAGE_COLUMNS.map((column) => `${column} = GREATEST(${column}, VALUES(${column}))`).join(', ')
      );
    },
    sum({ sessionId, tenant, from, to, by }: UsageQuery): string {
      const conditions = [
        ...(sessionId === undefined ? [] : [is(sessionId)]),
        ...(tenant === undefined ? [] : [`tenant = ${textLiteral(tenant)}`]),
        ...(from === undefined ? [] : [`recorded_at >= ${BigInt(from)}`]),
        ...(to === undefined ? [] : [`recorded_at < ${BigInt(to)}`]),
      ];
      const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
      const groups = by.map((group) => `${GROUPS[group]} AS ${quoteName(`${group}_`)}`);
      // nothing around them: a proxy adds up those of its nodes, but not what is made of them
      const sums = USAGE_COLUMNS.map(
        (column, at) => `SUM(${column}) AS ${quoteName(USAGE_COUNTS[at] ?? column)}`,
      );
      const grouped =
        by.length === 0 ? '' : ` GROUP BY ${by.map((group) => quoteName(`${group}_`)).join(', ')}`;
      return `SELECT ${[...groups, ...sums].join(', ')} FROM ${usage}${where}${grouped}`;
    },
    /** Rows have other ids under the new id: the turn is the one in the same place. */
    move: (from: string, to: string) =>
      `INSERT IGNORE INTO ${usage} (session_id, turn, ${KEPT}) SELECT ${textLiteral(to)}, turns.new_id, ${KEPT} FROM ${usage} ` +
      `LEFT JOIN (SELECT old_rows.id AS old_id, new_rows.id AS new_id FROM (${ranked(from)}) AS old_rows ` +
      `JOIN (${ranked(to)}) AS new_rows USING (place)) AS turns ON turns.old_id = turn WHERE ${is(from)}`,
    remove: (sessionId: string) => `DELETE FROM ${usage} WHERE ${is(sessionId)}`,
  };
}

export type UsageStatements = ReturnType<typeof usageStatements>;

/** What {@link MysqlUsage} works with. */
export interface MysqlUsageParts {
  readonly executor: MysqlExecutor;
  readonly sql: UsageStatements;
  /** What makes the table, where it is not there. */
  readonly missing: string | undefined;
  /** Throws for a conversation that was erased. */
  refuseErased(send: Send, sessionId: string): Promise<void>;
  /** Makes a call, with the backend's repetitions. */
  call<T>(attempt: () => Promise<T>, repeatable?: boolean): Promise<T>;
}

/** The verbs on usage, on MySQL and MariaDB. */
export class MysqlUsage implements UsageVerbs {
  readonly #parts: MysqlUsageParts;

  constructor(parts: MysqlUsageParts) {
    this.#parts = parts;
  }

  async record(batch: UsageBatch): Promise<void> {
    const { executor, sql, refuseErased, call } = this.#parts;
    this.#check();
    if (batch.rows.length === 0) return;
    const work = () =>
      executor.atomically(async (send) => {
        await send(sql.record(batch));
        // afterwards: an erasure that is not seen now waits for these rows, and takes them along
        await refuseErased(send, batch.sessionId);
      });
    // may be repeated: what is there already is not counted again
    await call(work, true);
  }

  async sum(query: UsageQuery): Promise<StoredUsage[]> {
    const { executor, sql, call } = this.#parts;
    this.#check();
    const { rows } = await call(() => executor.run(sql.sum(query)));
    return rows.map((row) => {
      const groups = query.by.map((group) => {
        const value = row[`${group}_`];
        return [group, group === 'day' ? Number(value) : value === null ? undefined : String(value)];
      });
      const counts = USAGE_COUNTS.map((name) => [name, Number(row[name])]);
      return Object.fromEntries([...groups, ...counts]) as StoredUsage;
    });
  }

  #check(): void {
    if (this.#parts.missing !== undefined) throw usageMissing(this.#parts.missing);
  }
}
