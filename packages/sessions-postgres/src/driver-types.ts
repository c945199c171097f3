/** What a client of the driver answers with, as far as this package uses it. */
export interface PostgresResult {
  readonly rows: readonly unknown[];
  /** The first word of the server's command tag. */
  readonly command?: string;
}

/**
 * A `pg` client inside a transaction of the application: `pool.connect()` after its `BEGIN`. Written out so that
 * the driver's types need not be installed to compile against this package.
 */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}

/** A client that a {@link PostgresPool} hands out. */
export interface PostgresPoolClient extends PostgresClient {
  release(destroy?: boolean): void;
}

/** What this package uses of a `pg` pool, and of pools of the same shape. */
export interface PostgresPool {
  readonly totalCount: number;
  connect(): Promise<PostgresPoolClient>;
  on(event: never, listener: never): unknown;
  off(event: never, listener: never): unknown;
}

/** What Drizzle's `db.transaction(callback)` hands to its callback, on any driver for PostgreSQL. */
export interface DrizzlePostgresTransaction {
  execute(query: never): PromiseLike<unknown>;
  transaction(work: never): Promise<unknown>;
}

/** A Drizzle database on any driver for PostgreSQL. */
export interface DrizzlePostgresDatabase {
  execute(query: never): PromiseLike<unknown>;
  transaction(work: never, config?: never): Promise<unknown>;
}
