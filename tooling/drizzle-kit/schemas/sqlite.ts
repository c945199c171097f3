import { sessionTables } from '@stackone/sessions-sqlite/schema';

export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } =
  sessionTables();
