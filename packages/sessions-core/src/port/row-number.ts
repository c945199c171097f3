import { SessionError } from './errors.js';

const LARGEST = 2n ** 63n - 1n;

/**
 * Checks the id of a row that an application handed in, for backends whose ids are 64-bit numbers.
 *
 * @returns The id, a whole number as text.
 * @throws SessionError `NOT_FOUND` for anything else: no row has such an id.
 * @example
 * ```ts
 * rowNumber('17'); // '17'
 * ```
 */
export function rowNumber(id: string): string {
  if (/^\d{1,19}$/.test(id) && BigInt(id) <= LARGEST) return id;
  throw new SessionError('NOT_FOUND', 'No item has such an id. Give the "id" of an entry of the history.');
}
