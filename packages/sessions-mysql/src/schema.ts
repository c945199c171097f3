import type { TableNames } from '@stackone/sessions-core';
import { sql } from 'drizzle-orm';
import {
  bigint,
  customType,
  foreignKey,
  index,
  int,
  mysqlSchema,
  mysqlTable,
  primaryKey,
  timestamp,
  uniqueIndex,
  varchar,
} from 'drizzle-orm/mysql-core';
import { type MysqlServer, SCHEMA_VERSION, sessionIdType, TEXT_TYPE } from './ddl.js';
import { mysqlNames } from './statements.js';

/** What {@link sessionTables} takes. */
export interface SessionTablesOptions extends TableNames {
  /** The database, as in the store's `schema` option; that of the connection if absent. */
  schema?: string | undefined;
  /** Which server drizzle-kit makes the tables on: the collation of ids has another name there. Default `mysql`. */
  server?: MysqlServer | undefined;
}

/**
 * The tables of a {@link MysqlSessionStore} for Drizzle: for your own queries, and for migrations by `drizzle-kit generate`
 * with stores opened with `createTables: false`. Not for `drizzle-kit push`: it does not read collations, takes the
 * columns that have one for changed, and offers to empty the tables. See docs/migrations.md.
 *
 * @param options - Custom table names, as in the store's options.
 * @example
 * ```ts
 * export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } = sessionTables();
 * const newest = await db.select().from(messages).orderBy(desc(messages.id)).limit(10);
 * ```
 */
export function sessionTables({ schema, server = 'mysql', ...tables }: SessionTablesOptions = {}) {
  const names = mysqlNames(tables, schema);
  const table = (schema === undefined ? mysqlTable : mysqlSchema(schema).table) as typeof mysqlTable;
  const exactText = customType<{ data: string }>({ dataType: () => sessionIdType(server) });
  const longText = customType<{ data: string }>({ dataType: () => TEXT_TYPE });
  const sessions = table(
    names.sessions,
    {
      sessionId: exactText('session_id').primaryKey(),
      createdAt: time('created_at'),
      updatedAt: time('updated_at'),
    },
    (columns) => [index(names.changedIndex).on(columns.updatedAt, columns.sessionId)],
  );
  const messages = table(
    names.messages,
    {
      id: bigint('id', { mode: 'bigint' }).autoincrement().primaryKey(),
      sessionId: exactText('session_id').notNull(),
      messageData: longText('message_data').notNull(),
      createdAt: time('created_at'),
    },
    (columns) => [
      foreignKey({
        name: names.messagesKey,
        columns: [columns.sessionId],
        foreignColumns: [sessions.sessionId],
      }).onDelete('cascade'),
      index(names.timeIndex).on(columns.sessionId, columns.createdAt),
      index(names.idIndex).on(columns.sessionId, columns.id),
    ],
  );
  const operations = table(
    names.operations,
    {
      sessionId: exactText('session_id').notNull(),
      operationId: exactText('operation_id').notNull(),
      digest: varchar('digest', { length: 255 }).notNull(),
      createdAt: time('created_at'),
    },
    (columns) => [
      primaryKey({ columns: [columns.sessionId, columns.operationId] }),
      foreignKey({
        name: names.operationsKey,
        columns: [columns.sessionId],
        foreignColumns: [sessions.sessionId],
      }).onDelete('cascade'),
    ],
  );
  const metadata = table(names.metadata, {
    sessionId: exactText('session_id').primaryKey(),
    description: longText('description').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
  });
  const whole = (name: string) => bigint(name, { mode: 'number' }).notNull();
  const usage = table(
    names.usage,
    {
      sessionId: exactText('session_id').notNull(),
      response: exactText('response').notNull(),
      tenant: exactText('tenant').notNull(),
      turn: bigint('turn', { mode: 'bigint' }),
      model: exactText('model').notNull(),
      recordedAt: whole('recorded_at'),
      requests: whole('requests'),
      inputTokens: whole('input_tokens'),
      outputTokens: whole('output_tokens'),
      totalTokens: whole('total_tokens'),
      cachedTokens: whole('cached_tokens'),
      reasoningTokens: whole('reasoning_tokens'),
    },
    (columns) => [
      primaryKey({ columns: [columns.sessionId, columns.response] }),
      index(names.usageTimeIndex).on(columns.recordedAt),
    ],
  );
  const runs = table(
    names.runs,
    {
      runId: exactText('run_id').notNull(),
      entry: exactText('entry').notNull(),
      sessionId: exactText('session_id').notNull(),
      tenant: exactText('tenant').notNull(),
      state: exactText('state').notNull(),
      fence: whole('fence'),
      leaseUntil: whole('lease_until'),
      place: exactText('place'),
      createdAt: whole('created_at'),
      changedAt: whole('changed_at'),
      content: longText('content').notNull(),
    },
    (columns) => [
      primaryKey({ columns: [columns.runId, columns.entry] }),
      uniqueIndex(names.runsPlaceIndex).on(columns.place),
      index(names.runsSessionIndex).on(columns.sessionId, columns.state),
      index(names.runsStateIndex).on(columns.state, columns.runId),
    ],
  );
  const digest = customType<{ data: string }>({
    dataType: () => 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin',
  });
  const erasures = table(names.erasures, {
    digest: digest('digest').primaryKey(),
    endsAt: bigint('ends_at', { mode: 'number' }).notNull(),
  });
  const schemaVersion = table(names.schemaVersion, {
    version: int('version').primaryKey().default(SCHEMA_VERSION),
  });
  return { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion };
}

function time(name: string) {
  return timestamp(name, { fsp: 6 }).notNull().default(sql`CURRENT_TIMESTAMP(6)`);
}
