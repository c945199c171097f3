import { SessionError, StoreSession } from '@stackone/sessions-core';
import {
  checkOptions,
  checkSessionId,
  hostOf,
  isWholeNumber,
  type SessionHost,
} from '@stackone/sessions-core/backend';
import { OPEN_STORE_OPTION_CHECKS, type OpenStoreOptions } from './open-store.js';
import { leaseStore, type StoreLease } from './shared-stores.js';

/** The configuration of {@link DrizzleSession.fromUrl}. */
export type DrizzleSessionConfig = OpenStoreOptions & {
  /** How long the database stays open after its last session was closed, in ms. Default 1000. */
  linger?: number | undefined;
};

const CONFIG_CHECKS = { ...OPEN_STORE_OPTION_CHECKS, linger: isWholeNumber(0) };

/**
 * One conversation, straight from a URL. Sessions with the same URL and configuration share one store and so one
 * pool, however many there are.
 *
 * @example
 * ```ts
 * const session = await DrizzleSession.fromUrl('chat_123', 'sqlite:./sessions.db');
 * await run(agent, 'Where is my order?', { session });
 * await session.close();
 * ```
 */
export class DrizzleSession extends StoreSession implements AsyncDisposable {
  readonly #lease: SessionLease;

  /** Use {@link DrizzleSession.fromUrl}. */
  constructor(sessionId: string, lease: SessionLease) {
    if (!(lease instanceof SessionLease))
      throw new TypeError('Make sessions with await DrizzleSession.fromUrl().');
    super(sessionId, lease.host);
    this.#lease = lease;
  }

  /**
   * Opens the conversation with this id.
   *
   * @param url - Any URL that `openSessionStore` takes.
   * @throws TypeError for a bad id or an unknown option; SessionError as `openSessionStore` does.
   * @example
   * ```ts
   * await using session = await DrizzleSession.fromUrl('chat_123', 'sqlite:./sessions.db');
   * await run(agent, 'Where is my order?', { session });
   * ```
   */
  static async fromUrl(
    sessionId: string,
    url: string,
    config: DrizzleSessionConfig = {},
  ): Promise<DrizzleSession> {
    checkSessionId(sessionId);
    checkOptions('DrizzleSession', config, CONFIG_CHECKS);
    const { linger = 1000, ...options } = config;
    return leased(sessionId, await leaseStore(url, options, linger));
  }

  /**
   * Waits for the calls of this session and gives its share of the database back. It may be left out: an open
   * session keeps no process alive. Later calls of this session fail with `CLOSED`; other sessions go on.
   */
  close(): Promise<void> {
    return this.#lease.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function leased(sessionId: string, lease: StoreLease): DrizzleSession {
  return new DrizzleSession(sessionId, new SessionLease(lease));
}

/** The way of one session to the store it shares, until it is closed. */
class SessionLease {
  readonly host: SessionHost;
  readonly #lease: StoreLease;
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(lease: StoreLease) {
    const host = hostOf(lease.store);
    this.#lease = lease;
    this.host = {
      ...host,
      perform: (operation, prepare) => {
        if (this.#closing)
          return Promise.reject(new SessionError('CLOSED', 'The session is closed. Open a new one.'));
        return this.#track(host.perform(operation, prepare));
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#calls).then(() => this.#lease.release());
    return this.#closing;
  }

  #track<T>(call: Promise<T>): Promise<T> {
    const done = () => this.#calls.delete(call);
    this.#calls.add(call);
    call.then(done, done);
    return call;
  }
}
