import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { setTracingDisabled } from '@openai/agents';
import { isSessionError } from '@stackone/openai-agents-js-sessions';
import { Hono } from 'hono';
import { z } from 'zod';
import { LEASE, openShop } from './shop.ts';

const REQUEST = z.object({ id: z.string().min(1).max(100), text: z.string().trim().min(1).max(2000) });
const DECISION = z.object({
  callId: z.string(),
  approve: z.boolean(),
  by: z.string().trim().min(1).max(100),
});

/** What it means over HTTP that somebody else was first. */
const CONFLICTS: readonly string[] = ['RUN_ACTIVE', 'RUN_DECIDED', 'OPERATION_CONFLICT'];

setTracingDisabled(true);
const { store, clerk, payments } = await openShop(process.env.DATABASE_URL ?? 'sqlite:approvals.db');
const app = new Hono();

app.onError((error, c) => {
  if (error instanceof z.ZodError || error instanceof SyntaxError)
    return c.json({ code: 'BAD_REQUEST', message: 'The body of the request is not what it should be.' }, 400);
  if (isSessionError(error)) {
    const { code, message } = error;
    if (code === 'NOT_FOUND') return c.json({ code, message }, 404);
    if (CONFLICTS.includes(code)) return c.json({ code, message }, 409);
  }
  console.error(error);
  return c.json({ code: 'FAILED', message: 'That did not work. Try again.' }, 500);
});

app.get('/', (c) => c.html(readFileSync(join(import.meta.dirname, 'page.html'), 'utf8')));

// Begins a run. Each has a conversation of its own here. The same request again joins it.
app.post('/api/runs', async (c) => {
  const { id, text } = REQUEST.parse(await c.req.json());
  await store.runs.start(clerk, text, { session: store.session(id), runId: id, lease: LEASE });
  return c.json(await store.runs.retrieve(id));
});

app.get('/api/runs/:id', async (c) => {
  const id = c.req.param('id');
  const run = await store.runs.retrieve(id);
  const { pending = [] } = await store.session(id).history({ pending: true });
  const items = await store.session(id).getItems();
  return c.json({
    ...run,
    asked: pending.flatMap(({ input }) => input),
    items,
    payments: await payments(id),
  });
});

// What waits for a person, over all conversations.
app.get('/api/pending', async (c) => c.json((await store.runs.pending()).data));

// Put your login here: "by" is who is logged in.
app.post('/api/runs/:id/decision', async (c) => {
  const decision = DECISION.parse(await c.req.json());
  return c.json(await store.runs.decide(c.req.param('id'), [decision]));
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`Page: http://localhost:${port} (process ${process.pid})`);
});

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await new Promise((resolve) => {
    server.close(resolve);
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
  await store.close();
}
// `on`, not `once`: the SDK ends the process at once when no listener but its own is left
process.on('SIGTERM', end);
process.on('SIGINT', end);
