import { isSessionError } from '@stackone/sessions-core';
import { type AppendBatch, driverErrorOf } from '@stackone/sessions-core/backend';
import type { MysqlExecutor } from './executor.js';
import { fitTogether, type Insert } from './inserts.js';
import { areDistinct, DUPLICATE, operationsOf } from './operations.js';
import { type MysqlStatements, OUT_OF_RANGE } from './statements.js';

/** What an append in one text works with. */
export interface AtOnceParts {
  readonly executor: MysqlExecutor;
  readonly sql: MysqlStatements;
  /** Whether conversations that were erased are refused. */
  readonly refusesErased: boolean;
  /** The largest statement that the server takes, in bytes. */
  readonly maxPacket: number;
}

/**
 * An append in one text, or two, where that can be.
 *
 * @param sessionIds - Those of the batches, in the order in which they are locked.
 * @param inserts - The rows of all batches.
 * @returns What sends it. That returns `false` where an answer matters: an operation was recorded before, or a conversation was
 * erased; then nothing was written.
 */
export function appendAtOnce(
  { executor: { atOnce }, sql, refusesErased, maxPacket }: AtOnceParts,
  batches: readonly AppendBatch[],
  sessionIds: readonly string[],
  inserts: readonly Insert[],
): (() => Promise<boolean>) | undefined {
  const operations = operationsOf(batches);
  const isPlain = inserts.every(({ continued }) => continued === undefined);
  // to forget old ones takes an answer
  const forgets = operations.some(({ forgetOlderThan }) => forgetOlderThan !== undefined);
  if (!atOnce || !isPlain || forgets || !areDistinct(operations)) return undefined;
  const statements = [
    sql.lock(sessionIds),
    ...(refusesErased ? [sql.failIfErased(sessionIds)] : []),
    ...(operations.length > 0 ? [sql.insertOperations(operations)] : []),
    ...inserts.flatMap((insert) => insert.statements),
  ];
  if (!fitTogether(statements, maxPacket)) return undefined;
  const repeatable = batches.length === operations.length;
  return async () => {
    try {
      await atOnce(statements, repeatable);
      return true;
    } catch (error) {
      const isKnown = isSessionError(error) && error.code !== 'OUTCOME_UNKNOWN';
      if (isKnown && MATTERING.includes(driverErrorOf(error.cause).errno)) return false;
      throw error;
    }
  };
}

/** What the text fails with where its answers matter. */
const MATTERING: readonly unknown[] = [DUPLICATE, OUT_OF_RANGE];
