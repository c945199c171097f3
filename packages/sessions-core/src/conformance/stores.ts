import type { RunContext, Session } from '@openai/agents-core';
import type { Awaitable } from '../awaitable.js';
import type { SessionSupport } from '../backend.js';
import type { SessionWarning } from '../warnings.js';
import {
  type Contract,
  type Coverage,
  defineCases,
  type SessionSubject,
  type Suite,
  type TestRunner,
} from './harness.js';
import { SESSION_CONTRACTS, sessionFeatures } from './sessions.js';
import { STORE_CALLS } from './store-calls.js';
import { LIFECYCLE } from './store-lifecycle.js';
import { MANIFEST } from './store-manifest.js';
import { DIAGNOSTICS, WARNINGS } from './store-reports.js';
import { TENANTS } from './store-tenants.js';
import { JOINED_TRANSACTIONS } from './store-transactions.js';

/** What the suite asks of a store: the public side of `SessionStore`. */
export interface ConformingStore extends AsyncDisposable {
  readonly supports: SessionSupport;
  session(
    sessionId: string,
    options?: { tenant?: (runContext: RunContext<unknown>) => string | undefined },
  ): Session;
  /** Absent where the store has no tenants. */
  scoped?(tenant: string): { session(sessionId: string): Session };
  with(transaction: unknown): { session(sessionId: string): Session };
  on(event: 'warning', listener: (warning: SessionWarning) => void): unknown;
  off(event: 'warning', listener: (warning: SessionWarning) => void): unknown;
  open(): Promise<unknown>;
  close(): Promise<void>;
}

/** What {@link storeConformance} is run against; made anew for each case. */
export interface StoreParts {
  /** A store of its own, which need not be open. The suite closes it. */
  readonly store: ConformingStore;
  /** The same conversations again, over another connection, as another process sees them. For `reopen`. */
  reopen?(): Awaitable<ConformingStore>;
  /** Writes a row with any text to a conversation that has rows, behind the store's back. For `raw`. */
  insertRaw?(sessionId: string, text: string): Awaitable<unknown>;
  /** A store whose database cannot be opened, for some reason that `mend` ends. For `outOfReach`. */
  outOfReach?(): Awaitable<{ readonly store: ConformingStore; mend(): Awaitable<unknown> }>;
  /**
   * Begins a transaction as an application does, waits for `work` (which gets what `store.with()` takes and makes one
   * call), and ends it. For `inTransaction`.
   */
  inTransaction?(work: (transaction: unknown) => Promise<unknown>, end: TransactionEnd): Awaitable<unknown>;
  /** Called after the case, when the store is closed. */
  close?(): Awaitable<unknown>;
}

/** How the application ends its transaction. */
export type TransactionEnd = 'commit' | 'rollback';

/** What a case of the store suite gets: the parts, and the store's sessions. */
export type StoreSubject = StoreParts & SessionSubject;

/** The manifest of the store, and which parts the subject has besides the store. */
export interface StoreFeatures extends SessionSupport {
  /** The store has `scoped(tenant)`, and its sessions take the option `tenant`, as every `SessionStore` has it. */
  readonly tenants?: boolean;
  /** The subject has `reopen`. */
  readonly reopen?: boolean;
  /** The subject has `insertRaw`. */
  readonly raw?: boolean;
  /** The subject has `outOfReach`. */
  readonly outOfReach?: boolean;
  /** The subject has `inTransaction`. */
  readonly inTransaction?: boolean;
}

/** The contracts of a store, besides those of its sessions. */
export const STORE_CONTRACTS: readonly Contract<StoreSubject>[] = [
  LIFECYCLE,
  STORE_CALLS,
  MANIFEST,
  WARNINGS,
  DIAGNOSTICS,
  TENANTS,
  JOINED_TRANSACTIONS,
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

/** The suite of a store and its sessions, to be run without a test runner. */
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
