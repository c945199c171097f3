import type { ScopedStore, SessionStore } from '@stackone/sessions-core';

/** What a request may see and do. */
export interface StudioAccess {
  /** Only the conversations of this tenant; without it, those of no tenant. */
  readonly tenant?: string | undefined;
  /** Nothing may be changed, whatever the studio itself allows. */
  readonly readOnly?: boolean | undefined;
}

/** The conversations that a request may reach, and no others. */
export interface Reachable {
  readonly store: Pick<ScopedStore, 'session' | 'sessions' | 'watch' | 'supports'>;
  readonly tenant: string | undefined;
  readonly readOnly: boolean;
}

/** What an answer of `authorize` gives access to; nothing where it refuses. */
export function reachableBy(
  answer: unknown,
  store: SessionStore,
  studioIsReadOnly: boolean,
): Reachable | undefined {
  if (answer === true) return { store, tenant: undefined, readOnly: studioIsReadOnly };
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { tenant, readOnly = false } = answer as StudioAccess;
  // a tenant that is not known must not become all that belongs to none
  if ('tenant' in answer && typeof tenant !== 'string') return undefined;
  return {
    store: tenant === undefined ? store : store.scoped(tenant),
    tenant,
    readOnly: studioIsReadOnly || readOnly,
  };
}
