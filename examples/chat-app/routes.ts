import { serveStatic } from '@hono/node-server/serve-static';
import { isSessionError } from '@stackone/sessions-core';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import type { Chat } from './chat.ts';
import { ChatError } from './chat-error.ts';
import type { Who } from './conversations.ts';

const TEXT = z.string().trim().min(1).max(20_000);
const BODIES = {
  title: z.object({ title: z.string().trim().min(1).max(200) }),
  message: z.object({ text: TEXT }),
  edit: z.object({ turn: z.string(), seen: z.string(), text: TEXT }),
  regenerate: z.object({ seen: z.string() }),
  decision: z.object({ approval: z.string(), approved: z.array(z.string()).max(100) }),
};

/** The application over HTTP: JSON, server-sent events for answers, and a page to try it. */
export function routes(chat: Chat): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof ChatError) return c.json({ code: error.code, message: error.message }, error.status);
    if (error instanceof HTTPException) return error.getResponse();
    if (isSessionError(error) && error.code === 'NOT_FOUND')
      return c.json({ code: 'bad-request', message: 'There is nothing at this place.' }, 400);
    console.error(error.stack);
    return c.json({ code: 'failed', message: 'That did not work. Try again.' }, 500);
  });
  app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"] } }));
  app.use('/api/*', bodyLimit({ maxSize: 200_000 }));

  app.get('/api/conversations', async (c) =>
    c.json(await chat.list(whoOf(c), c.req.query('after') || undefined)),
  );
  app.post('/api/conversations', async (c) => c.json({ id: await chat.create(whoOf(c)) }, 201));
  app.get('/api/conversations/:id', async (c) => c.json(await chat.view(whoOf(c), c.req.param('id'))));
  app.get('/api/conversations/:id/messages', async (c) =>
    c.json(await chat.messages(whoOf(c), c.req.param('id'), c.req.query('before') || undefined)),
  );
  app.patch('/api/conversations/:id', async (c) => {
    const { title } = await bodyOf(c, BODIES.title);
    await chat.rename(whoOf(c), c.req.param('id'), title);
    return c.body(null, 204);
  });
  app.delete('/api/conversations/:id', async (c) => {
    await chat.remove(whoOf(c), c.req.param('id'));
    return c.body(null, 204);
  });
  app.delete('/api/me', async (c) => {
    await chat.removeUser(whoOf(c));
    return c.body(null, 204);
  });

  app.post('/api/conversations/:id/messages', async (c) => {
    const { text } = await bodyOf(c, BODIES.message);
    return events(c, await chat.send(whoOf(c), c.req.param('id'), text));
  });
  app.post('/api/conversations/:id/edit', async (c) => {
    const edit = await bodyOf(c, BODIES.edit);
    return events(c, await chat.edit(whoOf(c), c.req.param('id'), edit));
  });
  app.post('/api/conversations/:id/regenerate', async (c) => {
    const seen = await bodyOf(c, BODIES.regenerate);
    return events(c, await chat.regenerate(whoOf(c), c.req.param('id'), seen));
  });
  app.post('/api/conversations/:id/decision', async (c) => {
    const decision = await bodyOf(c, BODIES.decision);
    return events(c, await chat.decide(whoOf(c), c.req.param('id'), decision));
  });

  app.use(serveStatic({ root: `${import.meta.dirname}/page` }));
  return app;
}

/** Who asks. Put your login here: anybody who can send these headers can name any user. */
function whoOf(c: Context): Who {
  const [tenant, user] = [c.req.header('x-tenant'), c.req.header('x-user')];
  const isName = (name: string | undefined): name is string => /^[\w.@-]{1,100}$/.test(name ?? '');
  if (isName(tenant) && isName(user)) return { tenant, user };
  throw new ChatError(400, 'bad-request', 'The headers x-tenant and x-user have to name who asks.');
}

async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const { success, data } = schema.safeParse(await c.req.json().catch(() => undefined));
  if (success) return data;
  throw new ChatError(400, 'bad-request', 'The body of the request is not what it should be.');
}

function events(c: Context, readable: ReadableStream<Uint8Array>): Response {
  return c.body(readable, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // a proxy must not gather the words
  });
}
