// Runs the conformance suite of the session methods on the database of DATABASE_URL. Ends with 1 if a case fails.
import { describe, test } from 'node:test';
import { sessionConformance } from '@stackone/sessions-core/conformance';
import { PostgresSessionStore } from '@stackone/sessions-postgres';

const open = () => PostgresSessionStore.fromUrl(process.env.DATABASE_URL, { max: 3 });

const { covered } = sessionConformance({
  name: `process ${process.pid}`,
  describe,
  test,
  open: async () => {
    const store = await open();
    return { session: (id) => store.session(id), reopen: open, close: () => store.close() };
  },
  supports: { checksIds: true, anyValue: true, namesPaths: true, reopen: true },
});
console.log(`covered ${covered.length}`);
