import { sessionTables } from '@stackone/sessions-postgres/schema';

export const { sessions, messages, operations, metadata, schemaVersion } = sessionTables();
