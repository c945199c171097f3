import { MemorySessionStore } from '@stackone/sessions-memory';

/** The store of the application: a database where yours is. */
export const store = new MemorySessionStore();
