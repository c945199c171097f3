import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PostgresSessionStore } from '../src/index.js';

/** Calls that wait for others' transactions on the same conversation. */
export class Contention {
  /** Makes the transactions that are waited for. */
  readonly contender: pg.Client;
  /** A store that waits for nobody. */
  readonly others: PostgresSessionStore;
  readonly #url: string;
  readonly #watcher: pg.Client;

  constructor(url: string) {
    this.#url = url;
    this.others = new PostgresSessionStore({ url });
    this.contender = new pg.Client({ connectionString: url });
    this.#watcher = new pg.Client({ connectionString: url });
  }

  async begin(): Promise<void> {
    await Promise.all([this.contender.connect(), this.#watcher.connect(), this.others.open()]);
  }

  async end(): Promise<void> {
    await this.others.close();
    await Promise.all([this.contender.end(), this.#watcher.end()]);
  }

  /**
   * Makes a call while others write the same conversation: each of its statements that takes the session's lock first waits
   * for a transaction of theirs, as long as there are any.
   *
   * @param transactions - What they do, with {@link contender}. Those that were done are removed from the list.
   * @param call - Gets a store, and the pool that it is on.
   * @param plant - Makes another statement of each that takes the lock.
   */
  async callBehind<T>(
    transactions: (() => Promise<unknown>)[],
    call: (store: PostgresSessionStore, pool: pg.Pool) => Promise<T>,
    plant: (sql: string) => string = (sql) => sql,
  ): Promise<T> {
    const name = `behind-${randomUUID()}`;
    const behind = async (send: () => Promise<unknown>): Promise<unknown> => {
      const write = transactions.shift();
      if (!write) return send();
      await this.contender.query('BEGIN');
      await write();
      const answer = send();
      await this.#untilWaiting(name);
      await this.contender.query('COMMIT');
      return answer;
    };
    class ContendedClient extends pg.Client {
      // the driver declares this method in many forms, of which the store uses the one that returns a promise
      override query(...[sql, ...others]: unknown[]): never {
        const locks = typeof sql === 'string' && sql.includes('FOR UPDATE');
        const send = () => Reflect.apply(super.query, this, [locks ? plant(sql) : sql, ...others]);
        return (locks ? behind(send) : send()) as never;
      }
    }
    const pool = new pg.Pool({
      connectionString: this.#url,
      application_name: name,
      Client: ContendedClient,
    });
    const store = await PostgresSessionStore.fromPool(pool);
    try {
      return await call(store, pool);
    } finally {
      await pool.end();
    }
  }

  async #untilWaiting(application: string): Promise<void> {
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    while ((await this.#watcher.query(waiting, [application])).rowCount === 0);
  }
}
