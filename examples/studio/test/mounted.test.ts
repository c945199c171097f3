// The same requests to the studio in each server: its page, its data, its changes, and what it refuses.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GET, POST } from '../app/studio/[[...path]]/route.ts';
import { app as expressApp } from '../express.ts';
import { app as honoApp } from '../hono.ts';
import { store } from '../store.ts';

/** What Next does with a route of this kind. */
const next = (request: Request) =>
  ({ GET, POST })[request.method as 'GET' | 'POST']?.(request) ?? new Response(null, { status: 405 });

const SERVERS: Readonly<Record<string, RequestListener>> = {
  Hono: getRequestListener(honoApp.fetch),
  Express: expressApp,
  Next: getRequestListener(next),
};

beforeAll(async () => {
  for (const tenant of ['acme', 'other'])
    await store
      .scoped(tenant)
      .session(`of_${tenant}`)
      .addItems([{ role: 'user', content: `I am of ${tenant}` }]);
});

describe.each(Object.entries(SERVERS))('%s', (_name, listener) => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const get = (path: string, cookie = 'user=ada', headers = {}) =>
    fetch(`${origin}/studio${path}`, { headers: { cookie, ...headers } });
  const post = (name: string, body: object, cookie = 'user=ada', from = origin) =>
    fetch(`${origin}/studio/api/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { cookie, origin: from, 'content-type': 'application/json', 'x-sessions-studio': '1' },
    });

  test('shows the page, and to each the conversations of his company alone', async () => {
    for (const [path, script] of [
      ['', '"./studio/studio.js"'],
      ['/', '"./studio.js"'],
    ] as const) {
      const page = await get(path);
      expect(page.url).toBe(`${origin}/studio${path}`);
      expect(await page.text()).toContain(script);
    }
    expect((await get('/studio.js')).headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const [cookie, id] of [
      ['user=ada', 'of_acme'],
      ['user=bob', 'of_other'],
    ] as const) {
      const { data } = (await (await get('/api/sessions', cookie)).json()) as { data: { id: string }[] };
      expect(data.map((one) => one.id)).toEqual([id]);
    }
    expect((await get('/api/session?id=of_other')).status).toBe(404);
  });

  test('refuses who is not known, other origins, and changes of who may only read', async () => {
    expect((await get('/api/sessions', 'user=eve')).status).toBe(401);
    expect((await get('/api/sessions', 'user=ada', { origin: 'https://evil.example' })).status).toBe(403);
    expect(
      (await post('title', { id: 'of_acme', title: 'x' }, 'user=ada', 'https://evil.example')).status,
    ).toBe(403);
    expect((await post('title', { id: 'of_other', title: 'x' }, 'user=bob')).status).toBe(403);
    expect(await store.scoped('acme').sessions.retrieve('of_acme')).not.toMatchObject({ title: 'x' });
  });

  test('changes what may be changed, and tells what comes as it comes', async () => {
    expect((await post('title', { id: 'of_acme', title: 'Shoes' })).status).toBe(200);
    expect(await store.scoped('acme').sessions.retrieve('of_acme')).toMatchObject({ title: 'Shoes' });
    await store.scoped('acme').sessions.update('of_acme', { title: null });

    const last = (await store.scoped('acme').session('of_acme').history()).data.at(-1)?.id;
    const { body } = await get(`/api/watch?id=of_acme&after=${last}`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    await store
      .scoped('acme')
      .session('of_acme')
      .addItems([{ role: 'user', content: 'and now' }]);
    let text = '';
    while (!text.includes('and now')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
  });
});
