// Works through postgres.js on a connection that is cut before one statement after another: it writes "cut" and waits
// for a line while it does nothing else, so that it learns of the cut when it sends the statement. Prints what came of
// each call, and of the next one.
import { randomUUID } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { PostgresSessionStore } from '@stackone/sessions-postgres';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

const hello = [{ type: 'message', role: 'user', content: 'Hello' }];
const told = [];
const note = (kind) => (error) => told.push(`${kind}: ${error.message}`);
process.on('uncaughtException', note('uncaught exception'));
process.on('unhandledRejection', note('unhandled rejection'));

/** Waits for a byte without running anything else. */
function hold() {
  writeSync(1, 'cut\n');
  for (;;) {
    try {
      return readSync(0, Buffer.alloc(1));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

const calls = {
  addItems: (session) => session.addItems(hello),
  getItems: (session) => session.getItems(),
  clearSession: (session) => session.clearSession(),
  replaceHistoryWithCompaction: (session) => session.replaceHistoryWithCompaction(hello),
  fork: (_session, store) => store.sessions.fork('chat', randomUUID()),
};

for (const [name, call] of Object.entries(calls)) {
  for (let nth = 1, cut = true; cut; nth++) {
    cut = false;
    let left = 0;
    const client = postgres(process.env.DATABASE_URL, { max: 1, fetch_types: false, connect_timeout: 5 });
    const logQuery = () => {
      if (left === 0 || --left > 0) return;
      cut = true;
      hold();
    };
    const db = drizzle({ client, logger: { logQuery } });
    const store = await PostgresSessionStore.fromDrizzle(db, { maxRetries: 0 });
    const session = store.session('chat');
    await session.addItems(hello);
    left = nth;
    const outcome = await call(session, store).then(
      () => 'done',
      ({ code }) => code,
    );
    left = 0;
    const next = await Promise.race([
      session.getItems().then(
        () => 'works',
        ({ code }) => code,
      ),
      wait(60_000, 'hangs', { ref: false }),
    ]);
    if (cut) told.push(`${name} ${nth}: ${outcome}, then ${next}`);
    await client.end({ timeout: 1 });
  }
}
console.log(JSON.stringify(told));
process.exit();
