import type { StudioAccess } from '@stackone/sessions-studio';

/** Whom your application knows by a cookie. Yours asks its own sessions here. */
const USERS: Readonly<Record<string, StudioAccess>> = {
  'user=ada': { tenant: 'acme', name: 'ada' },
  'user=bob': { tenant: 'other', name: 'bob', readOnly: true },
};

/** Who sees what: everybody the conversations of his own company, and nobody else any. */
export function authorize(request: Request): StudioAccess | undefined {
  return USERS[request.headers.get('cookie') ?? ''];
}
