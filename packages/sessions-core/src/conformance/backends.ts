import type { Awaitable } from '../awaitable.js';
import type { SessionBackend } from '../backend.js';
import { BACKEND_CONTRACTS, type BackendSubject } from './backend-verbs.js';
import { type Coverage, defineCases, type TestRunner } from './harness.js';

/** What {@link backendConformance} takes. */
export interface BackendConformanceOptions extends TestRunner {
  /** Shown as the name of the suite. */
  name: string;
  /** Makes what a case is run against. A shared database is fine: every case uses ids of its own. */
  open: () => Awaitable<BackendSubject>;
  /** The manifest of the backend. */
  supports: SessionBackend['supports'];
}

/**
 * Defines the tests that every {@link SessionBackend} has to pass. Run `sessionConformance` over it as well: most
 * promises are tested there, through a store.
 *
 * @returns What is covered, and what is not and why; the latter is printed too.
 * @example
 * ```ts
 * const open = () => ({ backend: new MyBackend() });
 * backendConformance({ name: 'MyBackend', describe, test, open, supports: MY_SUPPORT });
 * ```
 */
export function backendConformance(options: BackendConformanceOptions): Coverage {
  return defineCases(options.name, BACKEND_CONTRACTS, options, options.open, { ...options.supports });
}
