// Runs the conformance suite of a store on the database of DATABASE_URL. Ends with 1 if a case fails.
import { describe, test } from 'node:test';
import { storeConformance } from '@stackone/sessions-core/conformance';
import { PostgresSessionStore } from '@stackone/sessions-postgres';

const open = () => PostgresSessionStore.fromUrl(process.env.DATABASE_URL, { max: 3 });

const { covered } = storeConformance({
  name: `process ${process.pid}`,
  describe,
  test,
  open: async () => ({ store: await open(), reopen: open }),
  supports: { durable: true, shared: true, edit: true, operations: true, transactions: true, reopen: true },
});
console.log(`covered ${covered.length}`);
