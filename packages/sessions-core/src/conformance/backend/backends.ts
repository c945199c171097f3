import type { Awaitable } from '../../port/awaitable.js';
import type { SessionBackend } from '../../port/backend.js';
import { checked } from '../../port/checked-backend.js';
import { type Coverage, defineCases, type Suite, type TestRunner } from '../harness.js';
import type { BackendSubject } from './subject.js';
import { BACKEND_CONTRACTS } from './verbs.js';

/** What the suite of the port is told. */
export interface BackendSuiteOptions {
  /** Shown as the name of the suite. */
  name: string;
  /** Makes what a case is run against. A shared database is fine: every case uses ids of its own. */
  open: () => Awaitable<BackendSubject>;
  /** The manifest of the backend. */
  supports: SessionBackend['supports'];
}

/** What {@link backendConformance} takes. */
export interface BackendConformanceOptions extends BackendSuiteOptions, TestRunner {}

/**
 * The suite of the port, to be run without a test runner.
 *
 * @example
 * ```ts
 * const suite = backendSuite({ name: 'mine', open: () => ({ backend: new MyBackend() }), supports });
 * const { failed } = await checkConformance(suite, 30_000);
 * ```
 */
export function backendSuite({ name, open, supports }: BackendSuiteOptions): Suite<BackendSubject> {
  return {
    name,
    contracts: BACKEND_CONTRACTS,
    open: async () => {
      const subject = await open();
      // as a store does: an answer of another shape fails the case that gets it, and says what it should be
      return { backend: checked(subject.backend), close: () => subject.close?.() };
    },
    supports: { ...supports },
  };
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
  return defineCases(backendSuite(options), options);
}
