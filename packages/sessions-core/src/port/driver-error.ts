/** The fields by which drivers, and Node beneath them, say what failed. */
export interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly message?: unknown;
  readonly [field: string]: unknown;
}

/**
 * The driver's own error: the first one with a `code`, inside the errors that Drizzle and others wrap around it.
 *
 * @param error - Whatever was thrown.
 * @returns Fields to look at, none where no object was thrown.
 * @example
 * ```ts
 * const { code } = driverErrorOf(error);
 * ```
 */
export function driverErrorOf(error: unknown): DriverError {
  let inner = error;
  // an error may be its own cause
  const seen = new Set([inner]);
  while (
    inner instanceof Error &&
    inner.cause instanceof Error &&
    !('code' in inner) &&
    !seen.has(inner.cause)
  ) {
    inner = inner.cause;
    seen.add(inner);
  }
  return typeof inner === 'object' && inner !== null ? (inner as DriverError) : {};
}
