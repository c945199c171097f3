import type { TableNames } from '@stackone/sessions-core';
import { sql } from 'drizzle-orm';
import {
  bigint,
  foreignKey,
  index,
  integer,
  pgSchema,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  varchar,
} from 'drizzle-orm/pg-core';
import { SCHEMA_VERSION } from './ddl.js';
import { postgresNames } from './statements.js';

/**
 * The tables of a {@link PostgresSessionStore} for Drizzle: for your own queries, and for migrations by
 * drizzle-kit with stores opened with `createTables: false`. Ids are `bigint`; times are texts without a zone, as
 * the database holds them.
 *
 * @param options - Custom table names and schema, as in the store's options.
 * @example
 * ```ts
 * export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } = sessionTables();
 * const newest = await db.select().from(messages).orderBy(desc(messages.id)).limit(10);
 * ```
 */
export function sessionTables(options: TableNames & { schema?: string | undefined } = {}) {
  const names = postgresNames(options, options.schema);
  const table: typeof pgTable =
    names.schema === undefined || names.schema === 'public'
      ? pgTable
      : (pgSchema(names.schema).table as unknown as typeof pgTable);
  const sessions = table(
    names.sessions,
    {
      sessionId: varchar('session_id').primaryKey(),
      createdAt: time('created_at'),
      updatedAt: time('updated_at'),
    },
    (columns) => [index(names.changedIndex).on(columns.updatedAt, columns.sessionId)],
  );
  const messages = table(
    names.messages,
    {
      id: bigint('id', { mode: 'bigint' }).generatedByDefaultAsIdentity().primaryKey(),
      sessionId: varchar('session_id').notNull(),
      messageData: text('message_data').notNull(),
      createdAt: time('created_at'),
    },
    (columns) => [
      foreignKey({
        name: `${names.messages}_session_id_fkey`,
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
      sessionId: varchar('session_id').notNull(),
      operationId: varchar('operation_id').notNull(),
      digest: text('digest').notNull(),
      calls: integer('calls').notNull().default(1),
      createdAt: time('created_at'),
    },
    (columns) => [
      primaryKey({ name: `${names.operations}_pkey`, columns: [columns.sessionId, columns.operationId] }),
      foreignKey({
        name: `${names.operations}_session_id_fkey`,
        columns: [columns.sessionId],
        foreignColumns: [sessions.sessionId],
      }).onDelete('cascade'),
    ],
  );
  const metadata = table(names.metadata, {
    sessionId: varchar('session_id').primaryKey(),
    description: text('description').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
  });
  const whole = (name: string) => bigint(name, { mode: 'number' }).notNull();
  const usage = table(
    names.usage,
    {
      sessionId: varchar('session_id').notNull(),
      response: varchar('response').notNull(),
      tenant: varchar('tenant').notNull(),
      turn: bigint('turn', { mode: 'bigint' }),
      model: varchar('model').notNull(),
      recordedAt: whole('recorded_at'),
      requests: whole('requests'),
      inputTokens: whole('input_tokens'),
      outputTokens: whole('output_tokens'),
      totalTokens: whole('total_tokens'),
      cachedTokens: whole('cached_tokens'),
      reasoningTokens: whole('reasoning_tokens'),
    },
    (columns) => [
      primaryKey({ name: `${names.usage}_pkey`, columns: [columns.sessionId, columns.response] }),
      index(names.usageTimeIndex).on(columns.recordedAt),
    ],
  );
  const runs = table(
    names.runs,
    {
      runId: varchar('run_id').notNull(),
      entry: varchar('entry').notNull(),
      sessionId: varchar('session_id').notNull(),
      tenant: varchar('tenant').notNull(),
      state: varchar('state').notNull(),
      fence: whole('fence'),
      leaseUntil: whole('lease_until'),
      place: varchar('place'),
      createdAt: whole('created_at'),
      changedAt: whole('changed_at'),
      content: text('content').notNull(),
    },
    (columns) => [
      primaryKey({ name: `${names.runs}_pkey`, columns: [columns.runId, columns.entry] }),
      uniqueIndex(names.runsPlaceIndex).on(columns.place),
      index(names.runsSessionIndex).on(columns.sessionId, columns.state),
      index(names.runsStateIndex).on(columns.state, columns.runId),
    ],
  );
  const erasures = table(names.erasures, {
    digest: varchar('digest').primaryKey(),
    endsAt: bigint('ends_at', { mode: 'number' }).notNull(),
  });
  const schemaVersion = table(names.schemaVersion, {
    version: integer('version').primaryKey().default(SCHEMA_VERSION),
  });
  return { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion };
}

function time(name: string) {
  return timestamp(name, { mode: 'string' }).notNull().default(sql`CURRENT_TIMESTAMP`);
}
