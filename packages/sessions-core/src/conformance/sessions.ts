import type { Awaitable } from '../awaitable.js';
import { CLEARING } from './clearing.js';
import { CONCURRENCY, DURABILITY } from './concurrency.js';
import { CORRUPT_ROWS } from './corrupt-rows.js';
import {
  type Contract,
  type Coverage,
  defineCases,
  type SessionSubject,
  type TestRunner,
} from './harness.js';
import { IDENTITY } from './identity.js';
import { POPPING } from './popping.js';
import { READING } from './reading.js';
import { VALUES } from './values.js';
import { WRITING } from './writing.js';

/** The contracts of the SDK's five session methods. */
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
];

/** What a subject can be asked beyond what every session must do. The suite reports what it therefore left out. */
export interface SessionFeatures {
  /** The subject has `reopen`. */
  reopen?: boolean;
  /** The subject has `insertRaw`. */
  raw?: boolean;
  /** Ids that some database could not keep are refused with a `TypeError`. */
  checksIds?: boolean;
  /** `Uint8Array`, `Date`, `Map`, `undefined` and the like come back exactly. */
  anyValue?: boolean;
  /** What cannot be kept is refused with a `SessionError` that has the path. */
  namesPaths?: boolean;
}

/** What {@link sessionConformance} takes. */
export interface SessionConformanceOptions extends TestRunner {
  /** Shown as the name of the suite. */
  name: string;
  /** Makes what a case is run against. A shared database is fine: every case uses ids of its own. */
  open: () => Awaitable<SessionSubject>;
  /** What the subject offers. A store of this project offers all but, perhaps, `reopen` and `raw`. */
  supports?: SessionFeatures;
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
  return defineCases(options.name, SESSION_CONTRACTS, options, options.open, { ...options.supports });
}
