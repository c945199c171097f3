import { SqliteSessionStore } from '@stackone/sessions-sqlite';

export const open = () => new SqliteSessionStore({ url: 'sqlite::memory:' }).on('warning', () => {});
