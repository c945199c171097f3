import { checkIdText, countCharacters, MAX_SESSION_ID_LENGTH, TENANT_MARK } from './session-id.js';

/**
 * The id under which the conversation of a tenant is stored: `$tenant:`, the number of characters (Unicode code
 * points) of the tenant, `:`, the tenant, `:`, the id. Different pairs have different stored ids, and no session
 * without a tenant has one of them. It is what programs in other languages open the conversation by.
 *
 * @param tenant - Not blank, without NUL and lone surrogates. Compared as it is: neither trimmed nor in lower case.
 * @param sessionId - Not empty, without NUL and lone surrogates.
 * @returns The stored id.
 * @throws TypeError for another tenant or id, and if the stored id has more than 255 characters.
 * @example
 * ```ts
 * tenantSessionId('acme', 'chat_123'); // '$tenant:4:acme:chat_123'
 * ```
 */
export function tenantSessionId(tenant: string, sessionId: string): string {
  checkTenant(tenant);
  checkIdText('A session id', sessionId);
  const storedId = `${tenantPrefix(tenant)}${sessionId}`;
  const length = countCharacters(storedId);
  if (length > MAX_SESSION_ID_LENGTH) {
    throw new TypeError(
      `A stored id must have at most ${MAX_SESSION_ID_LENGTH} characters; with its tenant, this session id has ` +
        `${length}. Use a shorter id or tenant.`,
    );
  }
  return storedId;
}

/**
 * Takes the stored id of a tenant's conversation apart: the inverse of {@link tenantSessionId}.
 *
 * @returns Nothing for the id of a session without a tenant.
 * @example
 * ```ts
 * parseTenantSessionId('$tenant:4:acme:chat_123'); // { tenant: 'acme', sessionId: 'chat_123' }
 * ```
 */
export function parseTenantSessionId(storedId: string): { tenant: string; sessionId: string } | undefined {
  if (!storedId.startsWith(TENANT_MARK)) return undefined;
  const [digits = '', rest = ''] = splitAt(storedId.slice(TENANT_MARK.length), ':');
  const characters = Array.from(rest);
  const tenant = characters.slice(0, Number(digits)).join('');
  const sessionId = characters.slice(Number(digits) + 1).join('');
  try {
    return tenantSessionId(tenant, sessionId) === storedId ? { tenant, sessionId } : undefined;
  } catch {
    return undefined; // begins like one, but no tenant and id are stored so
  }
}

/** What was given, of the id that a conversation or a run is stored under: its own id, and its tenant if it has one. */
export function givenIds(storedId: string): { readonly sessionId: string; readonly tenant?: string } {
  return parseTenantSessionId(storedId) ?? { sessionId: storedId };
}

/** Checks a tenant. @throws TypeError */
export function checkTenant(tenant: unknown): asserts tenant is string {
  checkIdText('A tenant', tenant);
  if (tenant.trim() === '') throw new TypeError('A tenant must not be blank.');
}

/**
 * What every stored id of a tenant begins with, and that of no other tenant: with its length before it, no tenant
 * can be the beginning of another one.
 */
export function tenantPrefix(tenant: string): string {
  return `${TENANT_MARK}${countCharacters(tenant)}:${tenant}:`;
}

function splitAt(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [] : [text.slice(0, at), text.slice(at + separator.length)];
}
