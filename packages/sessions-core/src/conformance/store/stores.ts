import type { Awaitable } from '../../port/awaitable.js';
import type { SessionSupport } from '../../port/backend.js';
import { type Contract, type Coverage, defineCases, type Suite, type TestRunner } from '../harness.js';
import { SESSION_CONTRACTS, sessionFeatures } from '../session/sessions.js';
import { STORE_CALLS } from './calls.js';
import { STORE_CONVERSATIONS } from './conversations.js';
import { STORE_COPYING } from './copying.js';
import { STORE_ERASING } from './erasing.js';
import { LIFECYCLE } from './lifecycle.js';
import { CALL_LIMITS } from './limits.js';
import { MANIFEST } from './manifest.js';
import { STORE_METADATA } from './metadata.js';
import { OWN_TRANSACTIONS } from './own-transactions.js';
import { STORE_PRUNING } from './pruning.js';
import { DIAGNOSTICS, WARNINGS } from './reports.js';
import type { StoreParts, StoreSubject } from './subject.js';
import { TENANTS } from './tenants.js';
import { JOINED_TRANSACTIONS } from './transactions.js';
import { TURNS } from './turns.js';
import { STORE_USAGE } from './usage.js';
import { WATCHING } from './watching.js';

/** The manifest of the store, and which parts the subject has besides the store. */
export interface StoreFeatures extends SessionSupport {
  /** The store has `scoped(tenant)`, and its sessions take the option `tenant`, as every `SessionStore` has it. */
  readonly tenants?: boolean | undefined;
  /** The subject has `reopen`. */
  readonly reopen?: boolean | undefined;
  /** The subject has `insertRaw`. */
  readonly raw?: boolean | undefined;
  /** The subject has `outOfReach`. */
  readonly outOfReach?: boolean | undefined;
  /** Calls of its sessions take `signal` and `timeout` behind the run context, as those of every `SessionStore`. */
  readonly limits?: boolean | undefined;
  /** The subject has `inTransaction`. */
  readonly inTransaction?: boolean | undefined;
}

/** The contracts of a store, besides those of its sessions. */
export const STORE_CONTRACTS: readonly Contract<StoreSubject>[] = [
  LIFECYCLE,
  STORE_CALLS,
  CALL_LIMITS,
  MANIFEST,
  WARNINGS,
  DIAGNOSTICS,
  TENANTS,
  STORE_CONVERSATIONS,
  TURNS,
  WATCHING,
  STORE_METADATA,
  STORE_COPYING,
  STORE_USAGE,
  STORE_ERASING,
  STORE_PRUNING,
  JOINED_TRANSACTIONS,
  OWN_TRANSACTIONS,
];

/** What the suite of a store is told. */
export interface StoreSuiteOptions {
  /** Shown as the name of the suite. */
  name: string;
  /** Makes what a case is run against. A shared database is fine: every case uses ids of its own. */
  open: () => Awaitable<StoreParts>;
  /** The manifest that the store must have, and what the subject offers. */
  supports: StoreFeatures;
}

/** What {@link storeConformance} takes. */
export interface StoreConformanceOptions extends StoreSuiteOptions, TestRunner {}

/**
 * The suite of a store and its sessions, to be run without a test runner.
 *
 * @example
 * ```ts
 * const suite = storeSuite({ name: 'mine', open: () => ({ store: new MyStore() }), supports });
 * const { failed } = await checkConformance(suite, 30_000);
 * ```
 */
export function storeSuite({ name, open, supports }: StoreSuiteOptions): Suite<StoreSubject> {
  return {
    name,
    contracts: [...SESSION_CONTRACTS, ...STORE_CONTRACTS],
    open: async () => subjectOf(await open()),
    supports: { ...sessionFeatures(supports), ...supports },
  };
}

function subjectOf(parts: StoreParts): StoreSubject {
  return {
    store: parts.store,
    session: (sessionId) => parts.store.session(sessionId),
    ...(parts.reopen && { reopen: () => (parts.reopen as Required<StoreParts>['reopen'])() }),
    ...(parts.insertRaw && { insertRaw: parts.insertRaw.bind(parts) }),
    ...(parts.outOfReach && { outOfReach: parts.outOfReach.bind(parts) }),
    ...(parts.inTransaction && { inTransaction: parts.inTransaction.bind(parts) }),
    close: async () => {
      await parts.store.close();
      await parts.close?.();
    },
  };
}

/**
 * Defines the tests that every `SessionStore` has to pass: those of its sessions, and those of the store itself
 * (opening and closing, order of calls, manifest, warnings, diagnostics, tenants, transactions of the application).
 *
 * @returns What is covered, and what is not and why; the latter is printed too.
 * @example
 * ```ts
 * import { describe, test } from 'vitest';
 * const open = () => ({ store: new MyStore() });
 * storeConformance({ name: 'MyStore', describe, test, open, supports: MY_SUPPORT });
 * ```
 */
export function storeConformance(options: StoreConformanceOptions): Coverage {
  return defineCases(storeSuite(options), options);
}
