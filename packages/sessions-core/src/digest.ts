import type { Operation } from './backend.js';

/**
 * The SHA-256 of a text. `node:crypto` is loaded at the first call: it takes longer to load than
 * all of this package, and most programs never need it here.
 */
export function digestOf(text: string, encoding: 'base64url' | 'hex' = 'base64url'): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest(encoding);
}

/**
 * A change that must take effect once, as backends record it. Ids of callers are of any length and hold any
 * characters, NUL and lone surrogates included, which databases refuse, cut or replace: they get a key of 64 hex
 * digits. JSON keeps all of them apart.
 *
 * @param id - The id that the caller gave.
 * @param content - A text that is the same for the same change alone.
 */
export function operationOf(id: string, content: string): Operation {
  return { id: digestOf(JSON.stringify(id), 'hex'), digest: digestOf(content) };
}

/** The operation of one call that only the store itself may repeat. */
export function newOperation(): Operation {
  return { id: process.getBuiltinModule('node:crypto').randomUUID(), digest: 'once' };
}
