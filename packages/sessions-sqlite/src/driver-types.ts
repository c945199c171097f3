/** A prepared statement, as far as this package uses one. */
export interface SqliteStatement {
  run(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
  /** Rows as arrays from now on. */
  raw(): SqliteStatement;
  safeIntegers(toggle: boolean): this;
  columns(): readonly { readonly name: string }[];
}

/**
 * What this package uses of a better-sqlite3 `Database`. Written out so that the driver's types need not be
 * installed to compile against this package.
 */
export interface SqliteDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** A Drizzle database on better-sqlite3. */
export interface DrizzleSqliteDatabase {
  readonly $client: SqliteDatabase;
}

/** What Drizzle's `db.transaction(callback)` hands to its callback, or the Drizzle database itself. */
export interface DrizzleSqliteTransaction {
  run(query: never): unknown;
  all(query: never): unknown;
}
