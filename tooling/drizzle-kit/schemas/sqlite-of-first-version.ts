import { sessionTables } from '@stackone/sessions-sqlite/schema';

// what an application exported before there were more tables
export const { sessions, messages, operations } = sessionTables();
