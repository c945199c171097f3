import type { Contender } from '../contender.ts';
import { memoryByHand } from '../contenders/memory-by-hand.ts';
import { mysqlByHand } from '../contenders/mysql-by-hand.ts';
import { postgresByHand } from '../contenders/postgres-by-hand.ts';
import { sqliteByHand } from '../contenders/sqlite-by-hand.ts';
import type { EngineName } from './engine.ts';

const BY_HAND: Readonly<Record<EngineName, Contender>> = {
  memory: memoryByHand,
  sqlite: sqliteByHand,
  postgres: postgresByHand,
  mysql: mysqlByHand('mysql'),
  mariadb: mysqlByHand('mariadb'),
};

/** The line to beat on an engine. */
export const byHandOf = (engine: EngineName): Contender => BY_HAND[engine];
