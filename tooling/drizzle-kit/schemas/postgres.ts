import { sessionTables } from '@stackone/sessions-postgres/schema';

export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } =
  sessionTables();
