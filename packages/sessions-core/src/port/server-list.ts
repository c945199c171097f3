import { isSessionError, SessionError } from './errors.js';
import type { IdleEnding } from './reloaded-pools.js';

/** One server of several, with the connections to it. */
export interface ListedServer extends IdleEnding {
  /** As it stands in the URL, for messages. */
  readonly name: string;
}

/**
 * The servers of one URL, of which the store uses one: that which was taken last, as long as it can be had.
 *
 * @example
 * ```ts
 * const servers = new ServerList([first, second], 10);
 * const connection = await servers.take((server) => server.connect(), 'READ_ONLY');
 * await work(connection);
 * servers.giveBack();
 * ```
 */
export class ServerList<One extends ListedServer> {
  readonly all: readonly One[];
  #taken: One | undefined;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param max - How many connections may be in use, whatever they lead to. */
  constructor(all: readonly One[], max: number) {
    this.all = all;
    this.#free = max;
  }

  /**
   * Tries the servers in their order, beginning with the one that was taken last. One that cannot be reached is passed over, so is one
   * that is not of the wanted kind. When another one is taken, the idle connections to the one before are closed.
   *
   * Where too many connections are in use it waits for {@link giveBack}: here and not in a pool, whose server may be gone by then.
   *
   * @param connect - Resolves to `undefined` where the server is not of the wanted kind.
   * @param unwanted - What such a server is, for the message: a code, or some words.
   * @throws SessionError The first failure that is not `CONNECTION_FAILED`, as that of a wrong password. Where none can be had, an error
   * that names each server with its code: `READ_ONLY` if each one said so, else `CONNECTION_FAILED`.
   */
  async take<T>(connect: (server: One) => Promise<T | undefined>, unwanted: string): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#firstOf(connect, unwanted);
    } catch (error) {
      this.giveBack();
      throw error;
    }
  }

  /** For each connection that was taken, when it is not in use any more. */
  giveBack(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  async #firstOf<T>(connect: (server: One) => Promise<T | undefined>, unwanted: string): Promise<T> {
    const first = this.#taken;
    const order = first ? [first, ...this.all.filter((server) => server !== first)] : this.all;
    const passed: string[] = [];
    let cause: unknown;
    for (const server of order) {
      try {
        const connection = await connect(server);
        if (connection !== undefined) {
          this.#use(server);
          return connection;
        }
        passed.push(unwanted);
      } catch (error) {
        if (!isSessionError(error)) throw error;
        if (error.code !== 'CONNECTION_FAILED') throw named(error, server);
        passed.push(error.code);
        cause = error;
      }
    }
    const list = order.map(({ name }, at) => `${name} (${passed[at]})`).join(', ');
    const isReadOnly = passed.every((why) => why === 'READ_ONLY');
    throw new SessionError(
      isReadOnly ? 'READ_ONLY' : 'CONNECTION_FAILED',
      `The URL names no server that can be used now: ${list}. Nothing was written. Check that one of them is up, accepts ` +
        'connections from here, and is of the wanted kind: one that takes writes, unless the URL asks for another.',
      { cause },
    );
  }

  #use(server: One): void {
    const before = this.#taken;
    this.#taken = server;
    if (before && before !== server) before.endIdle();
  }
}

/** The same failure, with the server that it came from. */
function named({ code, message, cause }: SessionError, { name }: ListedServer): SessionError {
  return new SessionError(code, `${message} The server was ${name}.`, { cause });
}
