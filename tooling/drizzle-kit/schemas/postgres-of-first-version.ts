import { sessionTables } from '@stackone/sessions-postgres/schema';

// what an application exported before there were more tables
export const { sessions, messages, operations } = sessionTables();
