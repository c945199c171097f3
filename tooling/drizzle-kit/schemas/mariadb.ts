import { sessionTables } from '@stackone/sessions-mysql/schema';

export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } =
  sessionTables({
    server: 'mariadb',
  });
