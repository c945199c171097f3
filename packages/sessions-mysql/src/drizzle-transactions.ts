import { SessionError } from '@stackone/sessions-core';
import { withTimeLimit } from '@stackone/sessions-core/backend';
import { type DrizzleMysqlDatabase, type DrizzleMysqlTransaction, isInTransaction } from './driver-types.js';
import { type Cluster, toCommitError, tooLate, toSessionError } from './errors.js';
import { type MysqlOwnTransactions, sendThrough } from './executor.js';
import { NOT_OPEN_MESSAGE } from './transactions.js';

/** Transactions of a Drizzle database, in which the application works with Drizzle. */
export class DrizzleTransactions implements MysqlOwnTransactions {
  readonly hasOneConnection: boolean;
  readonly #db: DrizzleMysqlDatabase;
  readonly #timeout: number;
  readonly #cluster: Cluster | undefined;

  /** @param timeout - How long a COMMIT is waited for, in ms; 0 is for ever. */
  constructor(db: DrizzleMysqlDatabase, hasOneConnection: boolean, timeout: number, cluster?: Cluster) {
    this.#db = db;
    this.hasOneConnection = hasOneConnection;
    this.#timeout = timeout;
    this.#cluster = cluster;
  }

  async transact<T>(work: (transaction: object) => Promise<T>): Promise<T> {
    const done = Promise.withResolvers<void>();
    let began = false;
    let failed: { readonly error: unknown } | undefined;
    const transaction = (this.#db as unknown as TransactingDatabase).transaction(async (inner) => {
      began = true;
      try {
        const result = await work(inner);
        if (!isInTransaction(await sendThrough(inner)('DO 0')))
          throw new SessionError('NOT_OPEN', NOT_OPEN_MESSAGE);
        return result;
      } catch (error) {
        failed = { error };
        throw error;
      } finally {
        done.resolve();
      }
    });
    try {
      await Promise.race([done.promise, transaction]);
      return await withTimeLimit(this.#timeout, transaction, tooLate);
    } catch (error) {
      // a ROLLBACK on a lost connection fails too
      if (failed) throw (failed as { readonly error: unknown }).error;
      throw began ? toCommitError(error, this.#cluster) : toSessionError(error);
    }
  }
}

/** A Drizzle database, as far as it is used here. */
interface TransactingDatabase {
  transaction<T>(work: (transaction: DrizzleMysqlTransaction) => Promise<T>): Promise<T>;
}
