import { type ListedServer, type ServerList, withTimeLimit } from '@stackone/sessions-core/backend';
import { type Answer, type CallbackConnection, type PromiseConnection, queryText } from './driver-types.js';
import { notReady, tooLate, toSessionError } from './errors.js';
import type { StorePool } from './pools.js';

/** Those that are not there on every server are left out of the answer, where a SELECT of them would fail. */
const READ_ONLY_QUESTION =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on')";
/** To a node of Galera, which refuses everything while it does not see the most of the others, and lets clients in all the same. */
const READY_QUESTION = "SHOW GLOBAL STATUS WHERE Variable_name = 'wsrep_ready'";

/**
 * Connections to whichever of several servers takes writes. Each server has pools of its own, so that its connections have its address,
 * its time to connect and its name to compare a certificate with.
 */
export class ServerChoice<One extends ListedServer> implements StorePool {
  readonly #servers: ServerList<One>;
  readonly #poolOf: (server: One) => StorePool;
  readonly #connectTimeout: number;
  /** Where each connection came from. Those that are in it lead to a server that took writes when they were made. */
  readonly #from = new WeakMap<CallbackConnection, StorePool>();

  /**
   * @param poolOf - The pool of a server that is meant here: there may be several with one list.
   * @param connectTimeout - How long a new connection may take to say whether its server takes writes, in ms.
   */
  constructor(servers: ServerList<One>, poolOf: (server: One) => StorePool, connectTimeout: number) {
    this.#servers = servers;
    this.#poolOf = poolOf;
    this.#connectTimeout = connectTimeout;
  }

  take(): Promise<PromiseConnection> {
    return this.#servers.take(async (server) => {
      const pool = this.#poolOf(server);
      const connection = await pool.take();
      if (this.#from.has(connection.connection)) return connection;
      let takesWrites = false;
      try {
        takesWrites = await this.#takesWrites(connection);
      } finally {
        if (!takesWrites) pool.give(connection, true);
      }
      if (!takesWrites) return undefined;
      this.#from.set(connection.connection, pool);
      return connection;
    }, 'READ_ONLY');
  }

  answeredLately(connection: PromiseConnection): boolean {
    return this.#from.get(connection.connection)?.answeredLately?.(connection) ?? false;
  }

  give(connection: PromiseConnection, broken: boolean): void {
    this.#from.get(connection.connection)?.give(connection, broken);
    this.#servers.giveBack();
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.all.map((server) => this.#poolOf(server).close()));
  }

  async #takesWrites(connection: PromiseConnection): Promise<boolean> {
    try {
      const rows = await this.#ask(connection, READ_ONLY_QUESTION);
      const isOfGalera = rows.some(
        ({ Variable_name, Value }) => Variable_name === 'wsrep_on' && Value === 'ON',
      );
      if (isOfGalera && (await this.#ask(connection, READY_QUESTION)).some(({ Value }) => Value !== 'ON'))
        throw notReady();
      return rows.every(({ Variable_name, Value }) => Variable_name === 'wsrep_on' || Value === 'OFF');
    } catch (error) {
      throw toSessionError(error);
    }
  }

  async #ask(connection: PromiseConnection, question: string): Promise<Answer['rows']> {
    return (await withTimeLimit(this.#connectTimeout, queryText(connection, question), tooLate)).rows;
  }
}
