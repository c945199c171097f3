import type { Awaitable } from '../../port/awaitable.js';
import type { SessionBackend } from '../../port/backend.js';

/** What the suite of the port is run against; made anew for each case. */
export interface BackendSubject {
  readonly backend: SessionBackend;
  /** Called after the case. */
  close?(): Awaitable<unknown>;
}
