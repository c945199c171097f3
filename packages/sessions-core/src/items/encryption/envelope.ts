import { parseJson } from '../json.js';

/** The text of an item's row, as the Python SDK's `EncryptedSession` writes it. `kid` names the derivation. */
export function envelopeText(token: string): string {
  return JSON.stringify({ __enc__: 1, v: 1, kid: 'hkdf-v1', payload: token });
}

/**
 * The token in a row, if it is an envelope. As in Python the three other fields only have to be there: the token
 * alone says whether it is right.
 */
export function tokenIn(text: string): string | undefined {
  if (!text.includes('"__enc__"')) return undefined;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return undefined; // not an envelope, and not an item either: reading it as an item will show that
  }
  return typeof value === 'object' && value !== null ? tokenOf(value) : undefined;
}

/** The same of what a store without a key reads as an item. */
export function tokenOf(value: object): string | undefined {
  if (Reflect.get(value, '__enc__') !== 1 || !Object.hasOwn(value, 'v') || !Object.hasOwn(value, 'kid'))
    return undefined;
  const payload: unknown = Reflect.get(value, 'payload');
  return typeof payload === 'string' ? payload : undefined;
}
