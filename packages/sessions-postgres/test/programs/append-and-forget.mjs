// Adds turns without waiting for them, and ends without closing anything.
import { PostgresSessionStore } from '@stackone/sessions-postgres';

const { DATABASE_URL, SESSION, CA } = process.env;
const store = new PostgresSessionStore(
  { url: DATABASE_URL },
  { ...(CA && { ssl: { ca: CA } }), maxRetries: 0 },
);
for (let number = 0; number < 20; number++) {
  const added = store
    .session(`${SESSION}-${number % 5}`)
    .addItems([{ type: 'message', role: 'user', content: `${number}` }]);
  added.then(
    () => process.stdout.write('.'),
    (error) => process.stdout.write(`${error.code} `),
  );
}
