/**
 * A mysql2 pool, of `mysql2` or of `mysql2/promise`, as far as this package uses one. Written out so that neither
 * the driver nor its types need be there to load and compile against this package.
 */
export interface MysqlPool {
  getConnection(...parameters: never[]): unknown;
}

/** One mysql2 connection, of `mysql2` or of `mysql2/promise`. */
export interface MysqlConnection {
  beginTransaction(...parameters: never[]): unknown;
  query(...parameters: never[]): unknown;
}

/** What `tx.client` is in a transaction of a store: a connection of `mysql2/promise`. */
export interface MysqlTransactionClient extends MysqlConnection {
  query(sql: string, values?: unknown): Promise<[result: unknown, fields: unknown]>;
  execute(sql: string, values?: unknown): Promise<[result: unknown, fields: unknown]>;
}

/** A Drizzle database on mysql2. */
export interface DrizzleMysqlDatabase {
  readonly $client: MysqlPool | MysqlConnection;
}

/** What Drizzle's `db.transaction(callback)` hands to its callback. */
export interface DrizzleMysqlTransaction {
  execute(query: string): PromiseLike<unknown>;
}

/** One field of a row, as mysql2 hands it to `typeCast`. */
interface Field {
  string(): string | null;
}

interface QuerySettings {
  readonly values: null;
  readonly namedPlaceholders: false;
  readonly typeCast: (field: Field) => string | null;
  readonly rowsAsArray: false;
  readonly nestTables: false;
  readonly disableEval?: true;
}

interface QueryOptions extends QuerySettings {
  readonly sql: string;
}

/** What mysql2 returns for a query at once. */
interface Query {
  /** Is called when the answer to a statement of its text begins to arrive. */
  on(event: 'fields', listener: () => void): unknown;
}

/** The connection behind a {@link PromiseConnection}. */
export interface CallbackConnection {
  query(options: QueryOptions, callback: (error: unknown, result: unknown) => void): Query;
}

/** The form of mysql2's API that everything here runs on: promises. */
export interface PromiseConnection {
  /** The connection behind, the same for every wrapper of it. */
  readonly connection: CallbackConnection;
  release(): void;
  destroy(): void;
}

/** As {@link PromiseConnection}. */
export interface PromisePool {
  getConnection(): Promise<PromiseConnection>;
  end(): Promise<void>;
}

export function isPool(client: unknown): client is MysqlPool {
  return typeof (client as Partial<MysqlPool> | undefined)?.getConnection === 'function';
}

export function isConnection(client: unknown): client is MysqlConnection {
  const { beginTransaction, query } = (client ?? {}) as Partial<MysqlConnection>;
  return typeof beginTransaction === 'function' && typeof query === 'function';
}

export function promisePool(pool: MysqlPool): PromisePool {
  return promised(pool) as PromisePool;
}

export function promiseConnection(connection: MysqlConnection): PromiseConnection {
  return promised(connection) as PromiseConnection;
}

/** mysql2's callback objects make their promise form themselves; the promise objects have no such method. */
function promised(client: object): unknown {
  return 'promise' in client && typeof client.promise === 'function' ? client.promise() : client;
}

/**
 * Closes a connection without a goodbye. mysql2's `destroy()` alone says one, and waits for the server's, which holds the
 * process if the server is silent.
 */
export function abandon(connection: PromiseConnection): void {
  connection.destroy();
  const { stream } = connection.connection as { stream?: { destroy?(): void } };
  stream?.destroy?.();
}

/** What the server answered to one statement. */
export interface Answer {
  /** All values as text. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
  readonly affectedRows: number;
  /** The server's status flags, where the statement returned no rows. */
  readonly status: number;
}

/** Sends statements as one text. See {@link queryTexts}. */
export type SendTogether = (
  statements: readonly string[],
  onAnswer: () => void,
) => Promise<readonly Answer[]>;

/** Sends one statement. */
export type Send = (sql: string) => Promise<Answer>;

const IN_TRANSACTION = 0x0001;
const AUTOCOMMIT = 0x0002;

/** Whether a transaction has begun. */
export function hasTransaction({ status }: Answer): boolean {
  return (status & IN_TRANSACTION) !== 0;
}

/** Whether the next statement will be part of a transaction. */
export function isInTransaction(answer: Answer): boolean {
  return hasTransaction(answer) || (answer.status & AUTOCOMMIT) === 0;
}

/**
 * Sends a statement over mysql2, whatever its connection was configured to make of rows. By a callback: for a promise
 * the driver takes a stack trace with each statement, which costs more than to send it. `values: null` says that it has
 * no placeholders: the driver would read all of its text for them.
 */
export function queryText({ connection }: PromiseConnection, sql: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    connection.query({ ...querySettings(), sql }, (error, result) => {
      if (error) reject(error);
      else resolve(toAnswer(result));
    });
  });
}

/**
 * Sends statements as one text, of which the server runs none behind one that fails. The connection has to take such texts.
 *
 * @param onAnswer - Is called for each statement that has succeeded.
 * @returns Their answers: fewer than there are statements, if the server was told to stop between two.
 */
export function queryTexts(
  { connection }: PromiseConnection,
  statements: readonly string[],
  onAnswer: () => void,
): Promise<readonly Answer[]> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    const sql = statements.join('; ');
    const query = connection.query({ ...querySettings(), sql }, (error, result) => {
      if (error) reject(error);
      else resolve((answers > 1 ? (result as unknown[]) : [result]).map(toAnswer));
    });
    query.on('fields', () => {
      answers += 1;
      onAnswer();
    });
  });
}

let settings: QuerySettings | undefined;

/** Of every statement, on whosever connection. */
function querySettings(): QuerySettings {
  settings ??= {
    values: null,
    namedPlaceholders: false,
    typeCast: asText,
    rowsAsArray: false,
    nestTables: false,
    // mysql2 makes a function for each kind of row, which reads 2,000 rows in two thirds of the time
    ...(!canMakeCode() && { disableEval: true as const }),
  };
  return settings;
}

/** Whether code may be made from text: not with `node --disallow-code-generation-from-strings`, and not on the edge. */
function canMakeCode(): boolean {
  try {
    new Function('');
    return true;
  } catch {
    return false;
  }
}

function asText(field: Field): string | null {
  return field.string();
}

/** The answer in what mysql2 returns for one statement. */
export function toAnswer(result: unknown): Answer {
  if (Array.isArray(result)) return { rows: result as Answer['rows'], affectedRows: 0, status: AUTOCOMMIT };
  const { affectedRows, serverStatus } = result as { affectedRows: number; serverStatus: number };
  return { rows: [], affectedRows, status: serverStatus };
}
