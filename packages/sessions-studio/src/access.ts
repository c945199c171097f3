import type { ScopedStore, SessionStore } from '@stackone/sessions-core';
import type { Doctor } from '@stackone/sessions-core/doctor';

/** What a request may see and do. */
export interface StudioAccess {
  /** Only the conversations of this tenant; without it, those of no tenant. */
  readonly tenant?: string | undefined;
  /** Nothing may be changed, whatever the studio itself allows. */
  readonly readOnly?: boolean | undefined;
  /** Who it is: kept with what he decides about the calls of runs. */
  readonly name?: string | undefined;
}

/** Opens what looks at the database of a studio. */
export type OpenDoctor = () => Promise<Doctor>;

/** The conversations that a request may reach, and no others. */
export interface Reachable {
  readonly store: Pick<
    ScopedStore,
    'session' | 'sessions' | 'watch' | 'supports' | 'runs' | 'usage' | 'prune'
  >;
  readonly tenant: string | undefined;
  readonly readOnly: boolean;
  readonly name: string | undefined;
  /** Absent for a tenant: it looks at the tables of all. */
  readonly doctor: OpenDoctor | undefined;
}

/** What an answer of `authorize` gives access to; nothing where it refuses. */
export function reachableBy(
  answer: unknown,
  store: SessionStore,
  studioIsReadOnly: boolean,
  doctor: OpenDoctor | undefined,
): Reachable | undefined {
  if (answer !== true && (typeof answer !== 'object' || answer === null)) return undefined;
  const access: StudioAccess = answer === true ? {} : answer;
  const { tenant, readOnly = false, name } = access;
  // a tenant that is not known must not become all that belongs to none
  if ('tenant' in access && typeof tenant !== 'string') return undefined;
  return {
    store: tenant === undefined ? store : store.scoped(tenant),
    tenant,
    readOnly: studioIsReadOnly || readOnly,
    name,
    doctor: tenant === undefined ? doctor : undefined,
  };
}
