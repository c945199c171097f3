import { NO_CONVERSATION } from '../ids/session-id.js';
import { isSessionError, SessionError } from '../port/errors.js';
import { checkOptions, isWholeNumber } from '../port/options.js';
import { withTimeLimit } from '../port/time-limit.js';
import { now } from '../port/timers.js';
import type { SessionHost } from '../session/session-host.js';

/** What `store.health` takes. */
export interface HealthOptions {
  /** How long the database may take to answer, in ms. Default 5000. */
  timeout?: number | undefined;
}

/** What `store.health` tells. */
export interface StoreHealth {
  /** Whether the store is open, or could be opened, and its tables can be read. */
  readonly ok: boolean;
  /** How long that took, in ms. */
  readonly ms: number;
  /** Why it is not ok. */
  readonly error?: SessionError;
}

/** No other call has this id: a question waits for none. */
const OWN_TURN = '\0health';

/**
 * Asks the database for a conversation that is not there. One question at a time: who asks meanwhile waits for the same answer, until
 * somebody has waited for too long.
 */
export class Health {
  readonly #perform: SessionHost['perform'];
  #question: Promise<unknown> | undefined;

  constructor(perform: SessionHost['perform']) {
    this.#perform = perform;
  }

  async ask(options: HealthOptions): Promise<StoreHealth> {
    checkOptions('health', options, { timeout: isWholeNumber(1) });
    const { timeout = 5000 } = options;
    const began = now();
    this.#question ??= this.#read();
    const question = this.#question;
    try {
      await withTimeLimit(timeout, question, () => tooLate(timeout));
      return { ok: true, ms: now() - began };
    } catch (error) {
      if (!isSessionError(error)) throw error;
      return { ok: false, ms: now() - began, error };
    } finally {
      if (this.#question === question) this.#question = undefined;
    }
  }

  #read(): Promise<unknown> {
    return this.#perform('health', () => ({
      storedId: OWN_TURN,
      work: (backend) => backend.read(NO_CONVERSATION, 1),
    }));
  }
}

function tooLate(timeout: number): SessionError {
  return new SessionError(
    'CONNECTION_FAILED',
    `The database did not answer within ${timeout} ms. Look at the network, the server, and whether all connections of the pool are taken.`,
  );
}
