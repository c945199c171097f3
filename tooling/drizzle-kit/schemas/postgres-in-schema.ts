import { sessionTables } from '@stackone/sessions-postgres/schema';
import { pgSchema } from 'drizzle-orm/pg-core';

// drizzle-kit makes a schema only where it is exported
export const chats = pgSchema('chats');
export const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } =
  sessionTables({
    schema: 'chats',
    sessions: 'chat',
    messages: 'chat_items',
  });
