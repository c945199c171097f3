import type { Awaitable } from './awaitable.js';
import { SessionError } from './errors.js';

/**
 * Where a run is: `running` (somebody holds it, or did until a lease ended), `waiting` (for a decision of a person), or at its end.
 */
export type RunState = 'running' | 'waiting' | RunEnd;

/** How a run ended. */
export type RunEnd = 'done' | 'failed' | 'cancelled';

/** A run, without what is kept of its steps. */
export interface StoredRun {
  readonly runId: string;
  /** The conversation. */
  readonly sessionId: string;
  /** Its tenant; empty where it has none. */
  readonly tenant: string;
  readonly state: RunState;
  /** Whether it keeps others that begin so from its conversation; not where it has ended. */
  readonly alone: boolean;
  /** Which holder this is, from 1 on: it grows with each one. */
  readonly fence: number;
  /** How much longer it is held, in ms; zero or less where it is free. */
  readonly heldFor: number;
  /** In ms since 1970, by the clock of the database. */
  readonly createdAt: number;
  /** When it came to this state. */
  readonly changedAt: number;
  /** A text that only the store reads. */
  readonly content: string;
}

/** Which run is meant: its id, and that of its conversation, by which a database may spread its rows. */
export type RunName = Pick<StoredRun, 'runId' | 'sessionId'>;

/** What is kept of one step. */
export interface RunEntry {
  /** Names it within its run: a short text of letters, digits, `-`, `_` and `:`. */
  readonly key: string;
  readonly content: string;
}

/** A run that begins, and is held at once. */
export interface NewRun extends RunName, Pick<StoredRun, 'tenant' | 'content'> {
  /** Whether no other run that began so may be running or waiting in its conversation. */
  readonly alone: boolean;
  /** For how long it is held, in ms. */
  readonly lease: number;
  /** What it was in another store; nobody holds it here. Absent for one that begins. */
  readonly was?: RunBefore | undefined;
}

/** What a run that has not ended was in another store. */
export type RunBefore = Pick<StoredRun, 'state' | 'fence' | 'createdAt' | 'changedAt'>;

/**
 * What became of it: `created`; `found` (there is one with this id, which is `run`); `busy` (the conversation has another one, which
 * is `run`). Nothing changed but in the first case.
 */
export interface RunCreation {
  readonly outcome: 'created' | 'found' | 'busy';
  readonly run: StoredRun;
}

/** By what a run is held. It is held as long as nobody else took it and the lease has not ended, by the clock of the database. */
export interface RunHold extends RunName {
  readonly fence: number;
  /** From each write on it is held for so long, in ms. */
  readonly lease: number;
}

/** What becomes of a run. */
export interface RunSettlement extends RunName {
  /** `running` is for a run that waits: it is there to be taken then. That is said without a `fence`. */
  readonly state: RunState;
  /** The `fence` of who holds it. Where it is absent: whoever holds it, if it has not ended; the fence grows by one then. */
  readonly fence?: number | undefined;
  /** The new content, if it changes. */
  readonly content?: string | undefined;
}

/** Which runs are listed, in the order of their ids, in whichever order of texts the database has. */
export interface RunQuery {
  readonly state: RunState;
  /** Only those that nobody holds. */
  readonly free?: boolean | undefined;
  readonly sessionId?: string | undefined;
  /** Only those of this tenant; those of none if empty. */
  readonly tenant?: string | undefined;
  /** Only those behind this id. */
  readonly after?: string | undefined;
  /** How many at most, a positive integer. */
  readonly limit: number;
}

/**
 * The verbs on runs. A backend may lack them. Each statement that writes what a holder says also checks that it still holds the run:
 * who was stopped, and comes back when somebody else has taken it, changes nothing.
 */
export interface RunVerbs {
  /**
   * Begins a run.
   *
   * @throws SessionError `SESSION_ERASED` as `append` does.
   */
  create(run: NewRun): Awaitable<RunCreation>;
  /** A run with all that is kept of it; `undefined` where there is none. */
  read(
    runId: string,
  ): Awaitable<{ readonly run: StoredRun; readonly entries: readonly RunEntry[] } | undefined>;
  /** Takes a run that is waiting, or that nobody holds any more: its fence grows by one. `undefined` where it cannot be had. */
  take(run: RunName, lease: number): Awaitable<StoredRun | undefined>;
  /**
   * Keeps an entry, and holds the run for another lease; the latter alone without an entry. One that is there already stays as it is.
   *
   * @returns Whether the run was held. If not, nothing is kept.
   */
  write(hold: RunHold, entry?: RunEntry): Awaitable<boolean>;
  /**
   * Keeps an entry of somebody who holds nothing, if there is none of that key.
   *
   * @returns The entry that is there now; `undefined` where there is no such run.
   */
  add(run: RunName, entry: RunEntry): Awaitable<RunEntry | undefined>;
  /** Lets go of a run, to wait or at its end. @returns Whether it was done. */
  settle(settlement: RunSettlement): Awaitable<boolean>;
  list(query: RunQuery): Awaitable<readonly StoredRun[]>;
}

/** The columns of the table of runs, on every engine with tables. The row whose `entry` is empty is the run itself. */
export const RUN_COLUMNS = [
  'run_id',
  'entry',
  'session_id',
  'tenant',
  'state',
  'fence',
  'lease_until',
  'place',
  'created_at',
  'changed_at',
  'content',
] as const;

/**
 * What a backend throws where its table of runs is not there.
 *
 * @param statement - What makes it.
 * @example
 * ```ts
 * throw runsMissing('CREATE TABLE agent_sessions_runs (...)');
 * ```
 */
export function runsMissing(statement: string): SessionError {
  return new SessionError(
    'UNSUPPORTED',
    `The table for runs does not exist. Open the store with createTables: true, or run: ${statement}`,
  );
}
