import type { RunContext } from '@openai/agents-core';
import { checkIdText, checkSessionId } from '../ids/session-id.js';
import { tenantSessionId } from '../ids/tenant-id.js';
import { SessionError } from '../port/errors.js';
import type { TenantOf } from './session-options.js';

/**
 * How a session finds the id its conversation is stored under, at each call.
 *
 * @param scope - The tenant of the store it belongs to, if the store is limited to one.
 * @param tenantOf - The tenant of a run, if the session asks for it.
 * @throws TypeError for an id that cannot be stored, and for two sources of the tenant.
 */
export function storedIdOf(
  sessionId: string,
  scope: string | undefined,
  tenantOf: TenantOf<never> | undefined,
): (runContext: RunContext<unknown> | undefined) => string {
  if (scope !== undefined) {
    if (tenantOf)
      throw new TypeError('A session of a scoped store has its tenant: leave the option "tenant" out.');
    const storedId = tenantSessionId(scope, sessionId);
    return () => storedId;
  }
  if (!tenantOf) {
    checkSessionId(sessionId);
    return () => sessionId;
  }
  checkIdText('A session id', sessionId);
  return (runContext) => tenantSessionId(tenantIn(runContext, tenantOf), sessionId);
}

function tenantIn(runContext: RunContext<unknown> | undefined, tenantOf: TenantOf<never>): string {
  if (typeof runContext !== 'object' || runContext === null) {
    throw tenantMissing(
      'this call has no run context. Outside of a run, pass one: session.getItems(undefined, runContext)',
    );
  }
  let tenant: unknown;
  try {
    tenant = tenantOf(runContext as RunContext<never>);
  } catch (cause) {
    throw tenantMissing('the function "tenant" failed with the run context it was given', cause);
  }
  if (typeof tenant === 'string' && tenant.trim() !== '') return tenant;
  if (tenant instanceof Promise) tenant.catch(ignore);
  throw tenantMissing('the function "tenant" found none in the run context: it must return a text');
}

function tenantMissing(why: string, cause?: unknown): SessionError {
  return new SessionError('TENANT_MISSING', `The tenant of the conversation is not known: ${why}.`, {
    cause,
  });
}

function ignore(): void {
  // the call fails with TENANT_MISSING; a rejection beside it would end the process
}
