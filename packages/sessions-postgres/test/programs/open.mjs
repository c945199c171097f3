// Opens a store on an empty database, at START (ms since the epoch).
import { PostgresSessionStore } from '@stackone/sessions-postgres';

const store = new PostgresSessionStore({ url: process.env.DATABASE_URL });
await new Promise((resolve) => setTimeout(resolve, Math.max(1, Number(process.env.START) - Date.now())));
await store.open();
await store.close();
