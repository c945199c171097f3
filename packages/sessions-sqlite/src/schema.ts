import type { TableNames } from '@stackone/sessions-core';
import { sql } from 'drizzle-orm';
import {
  foreignKey,
  index,
  integer,
  numeric,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import { SCHEMA_VERSION } from './ddl.js';
import { sqliteNames } from './statements.js';

/**
 * The tables of a {@link SqliteSessionStore} for Drizzle: for your own queries, and for migrations by drizzle-kit
 * with stores opened with `createTables: false`.
 *
 * @param tables - Custom table names, as in the store's `tables` option.
 * @example
 * ```ts
 * export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } = sessionTables();
 * const newest = db.select().from(messages).orderBy(desc(messages.id)).limit(10).all();
 * ```
 */
export function sessionTables(tables?: TableNames) {
  const names = sqliteNames(tables);
  const sessions = sqliteTable(
    names.sessions,
    {
      sessionId: text('session_id').primaryKey(),
      createdAt: timestamp('created_at'),
      updatedAt: timestamp('updated_at'),
    },
    (table) => [index(names.changedIndex).on(table.updatedAt, table.sessionId)],
  );
  const messages = sqliteTable(
    names.messages,
    {
      id: integer('id').primaryKey({ autoIncrement: true }),
      sessionId: text('session_id').notNull(),
      messageData: text('message_data').notNull(),
      createdAt: timestamp('created_at'),
    },
    (table) => [
      foreignKey({ columns: [table.sessionId], foreignColumns: [sessions.sessionId] }).onDelete('cascade'),
      index(names.timeIndex).on(table.sessionId, table.createdAt),
      index(names.idIndex).on(table.sessionId, table.id),
    ],
  );
  const operations = sqliteTable(
    names.operations,
    {
      sessionId: text('session_id').notNull(),
      operationId: text('operation_id').notNull(),
      digest: text('digest').notNull(),
      createdAt: timestamp('created_at'),
    },
    (table) => [primaryKey({ columns: [table.sessionId, table.operationId] })],
  );
  const metadata = sqliteTable(names.metadata, {
    sessionId: text('session_id').primaryKey(),
    description: text('description').notNull(),
    version: integer('version').notNull(),
  });
  const usage = sqliteTable(
    names.usage,
    {
      sessionId: text('session_id').notNull(),
      response: text('response').notNull(),
      tenant: text('tenant').notNull(),
      turn: integer('turn'),
      model: text('model').notNull(),
      recordedAt: integer('recorded_at').notNull(),
      requests: integer('requests').notNull(),
      inputTokens: integer('input_tokens').notNull(),
      outputTokens: integer('output_tokens').notNull(),
      totalTokens: integer('total_tokens').notNull(),
      cachedTokens: integer('cached_tokens').notNull(),
      reasoningTokens: integer('reasoning_tokens').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.sessionId, table.response] }),
      index(names.usageTimeIndex).on(table.recordedAt),
    ],
  );
  const runs = sqliteTable(
    names.runs,
    {
      runId: text('run_id').notNull(),
      entry: text('entry').notNull(),
      sessionId: text('session_id').notNull(),
      tenant: text('tenant').notNull(),
      state: text('state').notNull(),
      fence: integer('fence').notNull(),
      leaseUntil: integer('lease_until').notNull(),
      place: text('place'),
      createdAt: integer('created_at').notNull(),
      changedAt: integer('changed_at').notNull(),
      content: text('content').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.runId, table.entry] }),
      uniqueIndex(names.runsPlaceIndex).on(table.place),
      index(names.runsSessionIndex).on(table.sessionId, table.state),
      index(names.runsStateIndex).on(table.state, table.runId),
    ],
  );
  const erasures = sqliteTable(names.erasures, {
    digest: text('digest').primaryKey(),
    endsAt: integer('ends_at').notNull(),
  });
  const schemaVersion = sqliteTable(names.schemaVersion, {
    version: integer('version').primaryKey().default(SCHEMA_VERSION),
  });
  return { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion };
}

/** UTC as `YYYY-MM-DD HH:MM:SS`. NUMERIC, as SQLite reads the type TIMESTAMP of the tables the Python SDK makes. */
function timestamp(name: string) {
  return numeric(name).notNull().default(sql`(CURRENT_TIMESTAMP)`);
}
