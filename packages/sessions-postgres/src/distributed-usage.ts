import { rowNumber, USAGE_COLUMNS, USAGE_COUNTS, type UsageBatch } from '@stackone/sessions-core/backend';
import type { LockingWork } from './conversations.js';
import { writeRows } from './distributed-rows.js';
import type { StepCalls } from './distributed-runs.js';
import type { DistributedStatements } from './distributed-statements.js';
import type { DistributedTurns } from './distributed-turns.js';
import type { Query } from './executor.js';
import { PostgresUsage } from './usage.js';

/** Usage in tables that are split over nodes: it is recorded under the session's lock, as who erases the session waits for that alone. */
export class DistributedUsage extends PostgresUsage {
  readonly #steps: StepCalls;
  readonly #stepSql: DistributedStatements;
  readonly #turns: DistributedTurns;

  constructor(
    parts: ConstructorParameters<typeof PostgresUsage>,
    steps: StepCalls,
    sql: DistributedStatements,
    turns: DistributedTurns,
  ) {
    super(...parts);
    this.#steps = steps;
    this.#stepSql = sql;
    this.#turns = turns;
  }

  override async record({ sessionId, tenant, turn, rows }: UsageBatch): Promise<void> {
    this.check();
    if (rows.length === 0) return;
    const place = turn === undefined ? null : rowNumber(turn);
    const record = async (query: Query) => {
      const clock = await this.#turns.clock(query);
      await this.#turns.refuseErased(query, sessionId, clock);
      const recorded = rows.map((row) => ({
        response: row.key,
        tenant,
        turn: place,
        model: row.model,
        recorded_at: clock.ms,
        ...usageTexts(row),
      }));
      await writeRows(query, this.#stepSql.recordedUsage, sessionId, recorded);
    };
    const work: LockingWork<void> = (query, locks) =>
      this.#turns.locked(query, locks, sessionId, () => record(query));
    // may be repeated: what is there already is not counted again
    await this.#steps.atomically(work, true);
  }
}

type UsageTexts = Record<(typeof USAGE_COLUMNS)[number], string>;

/** The numbers of usage, by their columns. */
export function usageTexts(counts: Readonly<Record<(typeof USAGE_COUNTS)[number], number>>): UsageTexts {
  return Object.fromEntries(
    USAGE_COLUMNS.map((column, at) => [
      column,
      String(counts[USAGE_COUNTS[at] as (typeof USAGE_COUNTS)[number]]),
    ]),
  ) as UsageTexts;
}
