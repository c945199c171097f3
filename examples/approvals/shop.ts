import { setTimeout as wait } from 'node:timers/promises';
import { Agent, tool } from '@openai/agents';
import { durableCall, PostgresSessionStore, SqliteSessionStore } from '@stackone/openai-agents-js-sessions';
import { z } from 'zod';
import { ScriptedClerk } from './scripted-clerk.ts';

/** Any number that nobody else takes: several processes may make the table at once. */
const SCHEMA_LOCK = 20_261_129;

// No key forbids a second payment of a call: that there is one is due to the record of the call alone.
const TABLE = 'CREATE TABLE IF NOT EXISTS shop_payments (call_key TEXT NOT NULL, invoice TEXT NOT NULL)';
const COUNT = "SELECT count(*) AS payments FROM shop_payments WHERE call_key LIKE $1 || ':%'";

/** How long a run stays with a process that was killed, in ms. A minute in production. */
export const LEASE = Number(process.env.LEASE_MS ?? 3000);

/** Between a payment and the end of its tool, in ms, so that there is time to kill the worker. */
const SLOW = Number(process.env.SLOW_MS ?? 0);

/** Opens the database: the conversations, the runs and the payments. `sqlite:<file>`, or what `pg` takes. */
export async function openShop(url: string) {
  return url.startsWith('sqlite:') ? openSqlite(url) : openPostgres(url);
}

async function openSqlite(url: string) {
  const store = await SqliteSessionStore.fromUrl(url);
  await store.transaction(({ client }) => void client.prepare(TABLE).run());
  const pay: Pay = (details, invoice) => {
    const call = durableCall(details);
    return store.transaction((tx) => {
      tx.client.prepare('INSERT INTO shop_payments VALUES (?, ?)').run(call.idempotencyKey, invoice);
      return call.record(tx, receipt(invoice)); // both commit, or neither
    });
  };
  const payments = (runId: string): Promise<number> =>
    store.transaction(({ client }) => {
      const [row] = client.prepare(COUNT.replace('$1', '?')).all(runId) as [{ payments: number }];
      return row.payments;
    });
  return { store, payments, clerk: clerk(pay) };
}

async function openPostgres(url: string) {
  const store = await PostgresSessionStore.fromUrl(url);
  await store.transaction(async ({ client }) => {
    await client.query(`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`);
    await client.query(TABLE);
  });
  const pay: Pay = (details, invoice) => {
    const call = durableCall(details);
    return store.transaction(async (tx) => {
      await tx.client.query('INSERT INTO shop_payments VALUES ($1, $2)', [call.idempotencyKey, invoice]);
      return call.record(tx, receipt(invoice)); // both commit, or neither
    });
  };
  const payments = (runId: string): Promise<number> =>
    store.transaction(async ({ client }) => {
      const { rows } = await client.query(COUNT, [runId]);
      return Number((rows[0] as { payments: string }).payments);
    });
  return { store, payments, clerk: clerk(pay) };
}

/** Pays once for each call of a run, whoever works on it how often. @param details - What the tool is handed. */
type Pay = (details: unknown, invoice: string) => Promise<string>;

const receipt = (invoice: string) => `Invoice ${invoice} was paid.`;

/** An agent that pays invoices when a person agrees. */
function clerk(pay: Pay): Agent {
  const tools = [
    tool({
      name: 'pay',
      description: 'Pays an invoice.',
      parameters: z.object({ invoice: z.string() }),
      needsApproval: true,
      async execute({ invoice }, _runContext, details) {
        const paid = await pay(details, invoice);
        if (SLOW > 0)
          console.log(`Process ${process.pid} has paid invoice ${invoice}: kill -9 ${process.pid}`);
        await wait(SLOW);
        return paid;
      },
    }),
  ];
  return new Agent({ name: 'Clerk', model: new ScriptedClerk(), tools });
}
