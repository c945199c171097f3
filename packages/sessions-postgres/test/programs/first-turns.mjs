// Opens a store and adds TURNS turns to one conversation at once.
import { PostgresSessionStore } from '@stackone/sessions-postgres';

const { DATABASE_URL, SESSION, NAME, TURNS } = process.env;
const store = await PostgresSessionStore.fromUrl(DATABASE_URL);
const turns = Array.from({ length: Number(TURNS) }, (_, number) =>
  store.session(SESSION).addItems(
    Array.from({ length: 4 }, (_, index) => ({
      type: 'message',
      role: 'user',
      content: `${NAME}.${number}-${index}`,
    })),
  ),
);
await Promise.all(turns);
await store.close();
