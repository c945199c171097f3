import type { PlantedFault } from './fault.js';

/** Faults of `toy-store.mjs` that have to do with tenants. */
export const TENANT_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'the tenant left out of the stored id',
    line: '`$tenant:${encodeURIComponent(tenant)}:${sessionId}`',
    becomes: 'sessionId',
    fails: 'one id of two tenants, and of none, is three conversations',
  },
  {
    fault: 'the tenant not escaped in the stored id',
    line: '`$tenant:${encodeURIComponent(tenant)}:${sessionId}`',
    becomes: '`$tenant:${tenant}:${sessionId}`',
    fails: 'tenants and ids are told apart wherever the one ends and the other begins',
  },
  {
    fault: 'the tenant of the first run kept',
    line: 'const tenant = args[at] && tenantOf(args[at]);',
    becomes: 'const tenant = (session.tenant ??= args[at] && tenantOf(args[at]));',
    fails: "a session that asks for its tenant opens the conversation of the run's tenant",
  },
  {
    fault: 'a run without a tenant falls back to no tenant',
    line: "if (!isTenant(tenant)) throw new SessionError('TENANT_MISSING', 'There is no tenant.');",
    becomes: 'if (!isTenant(tenant)) return new ToySession(sessionId, database)[method](...args);',
    fails: 'without a tenant every call fails with TENANT_MISSING, and nothing is written',
  },
  {
    fault: 'a session that the runner gives no run context',
    line: 'acceptsRunContext: true, ',
    becomes: '',
    fails: 'a session that asks for its tenant accepts run contexts, and no other session does',
  },
  {
    fault: 'a view of nobody',
    line: "if (!isTenant(tenant)) throw new TypeError('A tenant must be a text that is not blank.');",
    becomes: '',
    fails: 'a tenant that is blank is a TypeError of scoped()',
  },
  {
    fault: 'the stored id of a tenant opens his conversation',
    line: 'checkSessionId(sessionId);',
    becomes: "if (!String(sessionId).startsWith('$tenant:')) checkSessionId(sessionId);",
    fails: "an id that begins like the stored ids of tenants' conversations is a TypeError",
  },
];
