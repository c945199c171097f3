/**
 * Reads a `limit` the way the SDK's `MemorySession` does (0.20, `memorySession.js`): absent or `NaN` means all,
 * zero and less means none, fractions round up, more than there is means all.
 *
 * @returns A non-negative integer, or `undefined` for all.
 */
export function normalizeLimit(limit: unknown): number | undefined {
  if (limit === undefined) return undefined;
  const count = Math.ceil(Number(limit));
  if (Number.isNaN(count)) return undefined;
  if (count <= 0) return 0;
  return Number.isSafeInteger(count) ? count : undefined;
}
