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
import { MountedStudio } from './mounted-studio.ts';

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
  let studio: MountedStudio;
  beforeAll(async () => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    studio = new MountedStudio(origin);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('shows the page, and to each the conversations of his company alone', async () => {
    for (const [path, script] of [
      ['', '"./studio/studio.js"'],
      ['/', '"./studio.js"'],
    ] as const) {
      const page = await studio.get(path);
      expect(page.url).toBe(`${origin}/studio${path}`);
      expect(await page.text()).toContain(script);
    }
    const script = await studio.get('/studio.js');
    expect(script.headers.get('content-security-policy')).toContain("script-src 'self'");
    await studio.expectOwnConversations();
  });

  test('refuses who is not known, other origins, and changes of who may only read', async () => {
    await studio.expectRefusals();
    expect(await store.scoped('acme').sessions.retrieve('of_acme')).not.toMatchObject({ title: 'x' });
  });

  test('changes what may be changed, and tells what comes as it comes', async () => {
    expect((await studio.post('title', { id: 'of_acme', title: 'Shoes' })).status).toBe(200);
    expect(await store.scoped('acme').sessions.retrieve('of_acme')).toMatchObject({ title: 'Shoes' });
    await store.scoped('acme').sessions.update('of_acme', { title: null });

    const last = (await store.scoped('acme').session('of_acme').history()).data.at(-1)?.id;
    await studio.expectToTell(`id=of_acme&after=${last}`, ['and now'], () =>
      store
        .scoped('acme')
        .session('of_acme')
        .addItems([{ role: 'user', content: 'and now' }]),
    );
  });
});
