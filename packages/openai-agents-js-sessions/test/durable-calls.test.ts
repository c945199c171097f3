// Promise: Runs that survive.
import { Agent, run, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type DurableCall, durableCall, openSessionStore, SqliteSessionStore } from '../src/index.js';

const NO_INPUT = z.object({});

/** An agent with one tool, which is called once. */
function paying(execute: (call: DurableCall) => Promise<string> | string) {
  const pay = tool({
    name: 'pay',
    description: 'Pays',
    parameters: NO_INPUT,
    execute: (_input, _runContext, details) => execute(durableCall(details)),
    errorFunction: (_runContext, error) => `failed: ${(error as { code?: string }).code ?? String(error)}`,
  });
  const model = new ScriptedModel([[functionCall('pay', {}, { callId: 'c1' })], [assistantMessage('Done.')]]);
  return new Agent({ name: 'Clerk', model, tools: [pay] });
}

async function opened() {
  const store = await SqliteSessionStore.fromUrl('sqlite::memory:');
  await store.transaction(({ client }) => void client.prepare('CREATE TABLE payments (id TEXT)').run());
  const payments = () => store.transaction(({ client }) => client.prepare('SELECT id FROM payments').all());
  return { store, payments, start: { session: store.session('a'), runId: 'r' } };
}

/** A transaction of better-sqlite3. */
interface Inside {
  readonly client: { prepare(statement: string): { run(...parameters: unknown[]): unknown } };
}

function pay({ client }: Inside, { idempotencyKey }: DurableCall): void {
  client.prepare('INSERT INTO payments (id) VALUES (?)').run(idempotencyKey);
}

/** What the model was told of the tool. */
async function told(store: SqliteSessionStore): Promise<unknown> {
  const [, , result] = await store.session('a').getItems();
  return (result as { output?: { text?: string } }).output?.text;
}

test('a tool knows a key of its call, with the tenant of the run', async () => {
  const store = await openSessionStore('memory:');
  const seen: unknown[] = [];
  const agent = () =>
    paying(({ runId, callId, idempotencyKey }) => {
      seen.push({ runId, callId, idempotencyKey });
      return 'paid';
    });
  await store.runs.start(agent(), 'Pay.', { session: store.session('a'), runId: 'r' });
  const acme = store.scoped('acme');
  await acme.runs.start(agent(), 'Pay.', { session: acme.session('a'), runId: 'r' });
  expect(seen).toMatchObject([
    { runId: 'r', callId: 'c1', idempotencyKey: 'r:c1' },
    { runId: 'r', callId: 'c1', idempotencyKey: expect.stringMatching(/acme.*r:c1$/) },
  ]);
});

test('an effect and its record commit together, and the record holds whatever becomes of the tool', async () => {
  const { store, payments, start } = await opened();
  const agent = paying(async (call) => {
    await store.transaction((tx) => {
      pay(tx, call);
      return call.record(tx, 'paid');
    });
    throw new Error('the answer to the COMMIT was lost');
  });
  await store.runs.start(agent, 'Pay.', start);
  expect([await told(store), await payments()]).toEqual(['paid', [{ id: 'r:c1' }]]);
  await store.close();
});

test('an effect whose transaction rolls back is none, and nothing is recorded of it', async () => {
  const { store, payments, start } = await opened();
  const agent = paying((call) =>
    store.transaction(async (tx) => {
      pay(tx, call);
      await call.record(tx, 'paid');
      throw new Error('refused');
    }),
  );
  await store.runs.start(agent, 'Pay.', start);
  expect([await told(store), await payments()]).toEqual(['failed: Error: refused', []]);
  await store.close();
});

test('who lost the run has no effect', async () => {
  const { store, payments, start } = await opened();
  const agent = paying(async (call) => {
    await store.runs.cancel('r');
    return store.transaction((tx) => {
      pay(tx, call);
      return call.record(tx, 'paid');
    });
  });
  await expect(store.runs.start(agent, 'Pay.', start)).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
  expect(await payments()).toEqual([]);
  await store.close();
});

test('a record is of the store of the run, in a transaction; and of a run', async () => {
  const { store, start } = await opened();
  const other = await openSessionStore('memory:');
  const codes: unknown[] = [];
  const agent = paying(async (call) => {
    for (const outside of [store, other, store.scoped('acme')])
      codes.push(
        await Promise.resolve()
          .then(() => call.record(outside, 'paid'))
          .catch(({ code }) => code),
      );
    return 'paid';
  });
  await store.runs.start(agent, 'Pay.', start);
  expect(codes).toEqual(['UNSUPPORTED', 'UNSUPPORTED', 'UNSUPPORTED']);
  const result = await run(
    paying(() => 'paid'),
    'Pay.',
  );
  const outputs = result.newItems.flatMap((item) =>
    item.type === 'tool_call_output_item' ? [item.output] : [],
  );
  expect(outputs).toEqual(['failed: UNSUPPORTED']);
  await store.close();
});
