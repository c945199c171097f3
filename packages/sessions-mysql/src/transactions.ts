import { SessionError } from '@stackone/sessions-core';
import { type Answer, isInTransaction, type Send } from './driver-types.js';
import { type Cluster, conflict, isWithoutId } from './errors.js';
import type { Line } from './line.js';

/** What the work of a transaction returns when it left everything as it was: then it is rolled back. */
export const NOTHING_CHANGED = Symbol('nothing changed');

/** What the work of a transaction returns for statements that end it: they may go out in one text with the commit. */
export class Ending<T> {
  readonly statements: readonly string[];
  readonly value: T;
  readonly check: (answers: readonly Answer[]) => void;

  /**
   * @param check - Looks at their answers, and throws where they changed nothing: so nothing was written, whether that is seen before
   * the commit or behind it.
   */
  constructor(
    statements: readonly string[],
    value: T,
    check: (answers: readonly Answer[]) => void = () => undefined,
  ) {
    this.statements = statements;
    this.value = value;
    this.check = check;
  }
}

/** What the work of a transaction returns. */
type Ended<T> = T | Ending<T> | typeof NOTHING_CHANGED;

/**
 * The work of a transaction.
 *
 * @param together - Sends several statements as one text, of which none runs behind one that fails; absent where that cannot be.
 */
export type Work<T> = (send: Send, together?: SendSeveral) => Promise<Ended<T>>;

/** Sends several statements as one text. */
export type SendSeveral = (...statements: readonly string[]) => Promise<readonly Answer[]>;

/** The statements that begin and end a transaction, or what stands for one. */
export interface Brackets {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
  readonly savepoint: string;
  readonly release: string;
  readonly rollbackToSavepoint: string;
}

/** For a transaction that is over. */
export const NOT_OPEN_MESSAGE =
  'No transaction is open here: it was not begun, it has ended, or the database rolled it back after a conflict.';

/**
 * Where a text can be several statements, the first one of the work goes out with the begin. Else each is a request: after one
 * that failed and ended the transaction, a proxy that does not know such texts might run the following ones, each by itself.
 */
export async function transaction<T>(
  line: Line,
  sql: Brackets,
  cluster: Cluster | undefined,
  work: Work<T>,
): Promise<T | undefined> {
  let hasBegun = false;
  const begin = () => {
    const statements = hasBegun ? [] : [sql.begin];
    hasBegun = true;
    return statements;
  };
  // a connection that is destroyed takes its transaction along
  const undo = async () => line.broken || !hasBegun || line.send(sql.rollback);
  const all = async (send: Send) => {
    // inside, as a proxy may have begun the transaction and then told an error
    if (!line.takesSeveral) for (const statement of begin()) await send(statement);
    const sendAll = (...statements: readonly string[]) => line.sendAll(...begin(), ...statements);
    return work(
      async (statement) => (await sendAll(statement)).at(-1) as Answer,
      line.takesSeveral
        ? async (...statements) => (await sendAll(...statements)).slice(-statements.length)
        : undefined,
    );
  };
  return bracketed(line, all, {
    keep: async ({ statements, check }) => {
      if (!hasBegun && statements.length === 0) return;
      if (line.takesSeveral) {
        const before = begin();
        const answers = await line.commit(cluster, ...before, ...statements, sql.commit);
        check(answers.slice(before.length, -1));
      } else {
        check(await line.sendAll(...statements));
        await line.commit(cluster, sql.commit);
      }
    },
    undo,
  });
}

/** A transaction for work of the application, which may end it, or swallow a conflict after which the server did. */
export async function ownTransaction<T>(
  line: Line,
  sql: Brackets,
  cluster: Cluster | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let result: T | undefined;
  await transaction<undefined>(line, sql, cluster, async (send) => {
    result = await work();
    if (!isInTransaction(await send('DO 0'))) throw new SessionError('NOT_OPEN', NOT_OPEN_MESSAGE);
    return undefined;
  });
  return result as T;
}

/** Runs `work`, and then keeps or undoes all it did. */
export async function bracketed<T>(
  line: Line,
  work: Work<T>,
  { keep, undo }: { keep: (ending: Ending<unknown>) => Promise<unknown>; undo: () => Promise<unknown> },
): Promise<T | undefined> {
  let result: Ended<T>;
  try {
    result = await work(line.send);
    if (result !== NOTHING_CHANGED) await keep(result instanceof Ending ? result : new Ending([], undefined));
  } catch (error) {
    const isOver = isWithoutId(error) && !line.broken && (await wasRolledBack(line));
    // undoing fails where the server has done it already and the savepoint is gone, or when it cannot be reached any
    // more and so does it; the first error says why
    await undo().catch(() => {
      line.broken = true;
    });
    throw isOver ? conflict(error) : error;
  }
  if (result === NOTHING_CHANGED) await undo();
  else return result instanceof Ending ? result.value : result;
  return undefined;
}

async function wasRolledBack(line: Line): Promise<boolean> {
  try {
    return !isInTransaction(await line.send('DO 0'));
  } catch {
    // then nobody can say, and the error stays as it is
    return false;
  }
}
