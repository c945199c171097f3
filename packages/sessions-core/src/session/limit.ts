/**
 * Reads a `limit` the way the SDK's `MemorySession` does (0.20, `memorySession.js`): absent or `NaN` means all,
 * zero and less means none, fractions round up, more than there is means all.
 *
 * @returns A non-negative integer, or `undefined` for all.
 * @throws TypeError for what cannot be a number, like a symbol.
 */
export function normalizeLimit(limit: unknown): number | undefined {
  if (limit === undefined) return undefined;
  const count = Math.ceil(numberOf(limit));
  if (Number.isNaN(count)) return undefined;
  if (count <= 0) return 0;
  return Number.isSafeInteger(count) ? count : undefined;
}

function numberOf(limit: unknown): number {
  try {
    return Number(limit);
  } catch {
    throw new TypeError('getItems: the limit must be a number.');
  }
}
