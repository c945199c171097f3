import { whenReady } from './awaitable.js';
import { backendFault } from './backend-fault.js';
import { countRead, countWritten } from './call-limits.js';
import { type StoredUsage, USAGE_COUNTS, type UsageVerbs } from './usage.js';

/** The verbs on usage with their answers looked at: see `checked`. */
export function checkedUsage(verbs: UsageVerbs): UsageVerbs {
  return {
    record: (batch) => {
      countWritten(batch.rows, noText);
      return verbs.record(batch);
    },
    sum: (query) => whenReady(verbs.sum(query), (sums) => countRead(checkSums(sums), noText)),
  };
}

/** They are numbers. */
const noText = () => '';

function checkSums(sums: unknown): readonly StoredUsage[] {
  if (Array.isArray(sums) && sums.every(isSum)) return sums;
  throw backendFault(
    'DATABASE_ERROR',
    `usage.sum() must return an array of { ${USAGE_COUNTS.join(', ')} }, all ` +
      'whole numbers, with the texts "session", "tenant", "model" and "turn" and the number "day" it was summed by.',
  );
}

function isSum(value: unknown): value is StoredUsage {
  if (typeof value !== 'object' || value === null) return false;
  const sum = value as StoredUsage;
  const isText = (text: unknown) => text === undefined || typeof text === 'string';
  return (
    USAGE_COUNTS.every((name) => Number.isSafeInteger(sum[name]) && sum[name] >= 0) &&
    [sum.session, sum.tenant, sum.model, sum.turn].every(isText) &&
    (sum.day === undefined || Number.isSafeInteger(sum.day))
  );
}
