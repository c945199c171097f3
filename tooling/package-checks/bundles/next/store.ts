import { SqliteSessionStore } from '@stackone/sessions-sqlite';

/** The store of the sample of the studio, where another process can write too. */
export const store = new SqliteSessionStore({ url: 'sqlite:./studio.db' });
