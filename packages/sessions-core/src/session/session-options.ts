import type { RunContext } from '@openai/agents-core';
import type { OptionCheck } from '../port/options.js';
import type { SessionWindow } from '../window/window.js';

/**
 * Names the tenant that a run belongs to.
 *
 * @param runContext - What the run was given as `context` is its `context`.
 * @returns The tenant. Anything but a text that is not blank makes the call fail with `TENANT_MISSING`, and so does
 * an error. For one run it must always be the same.
 */
export type TenantOf<Context> = (runContext: RunContext<Context>) => string | null | undefined;

/** The options of `store.session(id, options)`. */
export interface SessionOptions<Context = unknown> {
  /**
   * Makes conversations of different tenants different ones, though they have the same id. The tenant is asked for
   * at every call: the SDK's runner hands its run context to the methods, and so must everybody else.
   */
  tenant?: TenantOf<Context> | undefined;
  /**
   * Bounds what `getItems()` without a limit returns, and so what the SDK's runner is handed. What else the session
   * does, `getItems(limit)` included, is about the whole conversation.
   */
  window?: SessionWindow | undefined;
}

/** The checks of {@link SessionOptions}. */
export const SESSION_OPTION_CHECKS: Readonly<Record<keyof SessionOptions, OptionCheck>> = {
  tenant: (value) => (typeof value === 'function' ? undefined : 'a function of the run context'),
  window: (value) => (typeof value === 'object' && value !== null ? undefined : 'an object'),
};
