/**
 * The SHA-256 of a text. `node:crypto` is loaded at the first call: it takes longer to load than
 * all of this package, and most programs never need it here.
 *
 * @example
 * ```ts
 * const key = digestOf('any text'); // 43 characters of base64url
 * ```
 */
export function digestOf(text: string, encoding: 'base64url' | 'hex' = 'base64url'): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest(encoding);
}
