import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import type { EngineName } from './engines.ts';
import type { RealTables } from './real/real-tables.ts';
import { lastChangeAt } from './real/turns.ts';
import type { Shape } from './shape.ts';

/**
 * How many items `store.prune` removed a second: what `--check 1e5` printed on two cores that others used, too. It pauses between its transactions, so that
 * those who write go first.
 */
export const PRUNED_PER_SECOND: Readonly<Record<EngineName, number>> = {
  postgres: 650,
  mysql: 980,
  mariadb: 1800,
  sqlite: 3300,
};

/** Which share of the turns is old. */
const OLD = 0.2;

/** Removes the oldest conversations, and says how many items went a second. */
export async function prunedPerSecond({ url }: RealTables, shape: Shape): Promise<number> {
  await using store = await openSessionStore(url);
  const began = performance.now();
  const { removed } = await store.prune({ olderThan: lastChangeAt(shape, OLD) });
  return removed.messages / ((performance.now() - began) / 1000);
}
