import type { Awaitable } from '../../port/awaitable.js';
import type { SessionSupport } from '../../port/backend.js';
import {
  type Contract,
  type Coverage,
  defineCases,
  type SessionSubject,
  type Suite,
  type TestRunner,
} from '../harness.js';
import { CAPABILITIES } from './capabilities.js';
import { CLEARING } from './clearing.js';
import { COMPACTION } from './compaction.js';
import { CONCURRENCY, DURABILITY } from './concurrency.js';
import { CORRUPT_ROWS } from './corrupt-rows.js';
import { HISTORY_MUTATIONS } from './history-mutations.js';
import { HISTORY_TRANSACTIONS } from './history-transactions.js';
import { IDENTITY } from './identity.js';
import { OPERATION_IDS } from './operation-ids.js';
import { POPPING } from './popping.js';
import { READING } from './reading.js';
import { VALUES } from './values.js';
import { WRITING } from './writing.js';

/** The contracts of the SDK's session methods: the five that every session has, and the optional ones. */
export const SESSION_CONTRACTS: readonly Contract<SessionSubject>[] = [
  READING,
  WRITING,
  POPPING,
  CLEARING,
  IDENTITY,
  VALUES,
  CONCURRENCY,
  CORRUPT_ROWS,
  DURABILITY,
  CAPABILITIES,
  HISTORY_TRANSACTIONS,
  HISTORY_MUTATIONS,
  COMPACTION,
  OPERATION_IDS,
];

/** What a subject can be asked beyond what every session must do. The suite reports what it therefore left out. */
export interface SessionFeatures {
  /** The subject has `reopen`. */
  reopen?: boolean | undefined;
  /** The subject has `insertRaw`. */
  raw?: boolean | undefined;
  /** Ids that some database could not keep are refused with a `TypeError`. */
  checksIds?: boolean | undefined;
  /** `Uint8Array`, `Date`, `Map`, `undefined` and the like come back exactly. */
  anyValue?: boolean | undefined;
  /** What cannot be kept is refused with a `SessionError` that has the path. */
  namesPaths?: boolean | undefined;
  /** Sessions have `applyHistoryTransaction`. */
  historyTransactions?: boolean | undefined;
  /** Sessions have `applyHistoryMutations`. */
  historyMutations?: boolean | undefined;
  /** Sessions have `replaceHistoryWithCompaction`. */
  compaction?: boolean | undefined;
  /** `addItems(items, runContext, { operationId })` stores a repeated call once. */
  operationIds?: boolean | undefined;
}

/**
 * What the sessions of a `SessionStore` offer, by the manifest of the store.
 *
 * @example
 * ```ts
 * sessionConformance({ name: 'MyStore', describe, test, open, supports: sessionFeatures(MY_SUPPORT) });
 * ```
 */
export function sessionFeatures({
  edit,
  operations,
}: Pick<SessionSupport, 'edit' | 'operations'>): SessionFeatures {
  return {
    checksIds: true,
    anyValue: true,
    namesPaths: true,
    historyTransactions: edit && operations,
    historyMutations: edit,
    compaction: edit,
    operationIds: operations,
  };
}

/** What the suite of the session methods is told. */
export interface SessionSuiteOptions {
  /** Shown as the name of the suite. */
  name: string;
  /** Makes what a case is run against. A shared database is fine: every case uses ids of its own. */
  open: () => Awaitable<SessionSubject>;
  /** What the subject offers; of a `SessionStore`: {@link sessionFeatures} and, perhaps, `reopen` and `raw`. */
  supports?: SessionFeatures | undefined;
}

/** What {@link sessionConformance} takes. */
export interface SessionConformanceOptions extends SessionSuiteOptions, TestRunner {}

/**
 * The suite of the session methods, to be run without a test runner.
 *
 * @example
 * ```ts
 * const suite = sessionSuite({ name: 'mine', open: () => ({ session: (id) => new MySession(id) }) });
 * const { failed } = await checkConformance(suite, 30_000);
 * ```
 */
export function sessionSuite({ name, open, supports }: SessionSuiteOptions): Suite<SessionSubject> {
  return { name, contracts: SESSION_CONTRACTS, open, supports: { ...supports } };
}

/**
 * Defines the tests that every implementation of the SDK's `Session` has to pass.
 *
 * @returns What is covered, and what is not and why; the latter is printed too.
 * @example
 * ```ts
 * import { describe, test } from 'vitest';
 * sessionConformance({ name: 'MySession', describe, test, open: () => ({ session: (id) => new MySession(id) }) });
 * ```
 */
export function sessionConformance(options: SessionConformanceOptions): Coverage {
  return defineCases(sessionSuite(options), options);
}
