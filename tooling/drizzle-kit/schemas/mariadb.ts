import { sessionTables } from '@stackone/sessions-mysql/schema';

export const { sessions, messages, operations, metadata, schemaVersion } = sessionTables({
  server: 'mariadb',
});
