// A call that is ended inside a transaction of the application sends nothing behind the ROLLBACK.
import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { turn, turnNames } from './messages.js';

describeEngine('postgres:18', ({ url }) => {
  test('a call that waits for a lock when its time is over', async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const db = drizzle({ client: pool });
    await using holder = await PostgresSessionStore.fromUrl(url);
    await using store = await PostgresSessionStore.fromDrizzle(db);
    const id = randomUUID();
    await store.session(id).addItems(turn('a'));
    let rolledBack: Promise<unknown> | undefined;
    await holder.transaction(async (held) => {
      await held.session(id).addItems(turn('b'));
      const { promise: told, resolve: tell } = Promise.withResolvers<void>();
      rolledBack = db
        .transaction(async (tx) => {
          const session = store.with(tx).session(id);
          // the statements of the one follow each other, the other waits for it
          const calls = await Promise.allSettled([
            session.replaceHistoryWithCompaction(turn('c'), undefined, { timeout: 500 }),
            session.addItems(turn('d'), undefined, { timeout: 500 }),
          ]);
          tell();
          throw calls.map((call) => call.status === 'rejected' && call.reason);
        })
        .catch((error: unknown) => error);
      await told;
    });
    const ended = { code: 'OUTCOME_UNKNOWN', stage: 'statement' };
    expect(await rolledBack).toMatchObject([ended, ended]);
    // whatever would still be sent is sent meanwhile
    for (let trip = 0; trip < 20; trip++) await pool.query('SELECT 1');
    await pool.end();
    expect(turnNames(await holder.session(id).getItems())).toEqual(['a', 'b']);
  });
});
