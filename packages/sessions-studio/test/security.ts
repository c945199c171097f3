// What a studio refuses, as cases that can also be asked of a studio with a fault.
import assert from 'node:assert/strict';
import type { SessionStore } from '@stackone/sessions-core';
import type { Studio, StudioOptions } from '../src/index.js';
import { recordSampleUsage, startWaitingRun } from './sample-runs.ts';

/** Makes a studio over a sample of conversations. */
type Make = (options: StudioOptions) => Studio;

interface SecurityCase {
  readonly name: string;
  run(make: Make, store: SessionStore): Promise<void>;
}

const everybody = () => true;
const ORIGIN = 'http://localhost:1234';
const OWN = {
  'content-type': 'application/json',
  'x-sessions-studio': '1',
  origin: ORIGIN,
  host: 'localhost:1234',
};

const get = (studio: Studio, path: string, headers: Record<string, string> = {}) =>
  studio(new Request(`${ORIGIN}${path}`, { headers: { host: 'localhost:1234', ...headers } }));

const post = (studio: Studio, name: string, body: unknown, headers: Record<string, string> = OWN) =>
  studio(new Request(`${ORIGIN}/api/${name}`, { method: 'POST', body: JSON.stringify(body), headers }));

async function refuses(status: number, answer: Promise<Response>): Promise<void> {
  const response = await answer;
  assert.equal(response.status, status);
  assert.doesNotMatch(await response.text(), /chat_123|of_acme|of_other/);
}

async function allows(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  assert.equal(response.status, 200, await response.clone().text());
  return response;
}

const idsIn = async (answer: Promise<Response>) =>
  ((await (await allows(answer)).json()) as { data: { id: string }[] }).data.map(({ id }) => id);

export const SECURITY: readonly SecurityCase[] = [
  {
    name: 'nobody sees data whom authorize does not let',
    async run(make) {
      for (const refused of [false, undefined, null, 0, 1, '', 'yes', { tenant: undefined }, { tenant: 7 }]) {
        const studio = make({ authorize: () => refused as boolean, readOnly: false });
        for (const path of [
          'about',
          'sessions',
          'session?id=chat_123',
          'entries?id=chat_123',
          'next?id=chat_123',
          'watch?id=chat_123',
          'changes',
          'runs',
          'usage',
          'doctor',
          'prune?days=1',
        ])
          await refuses(401, get(studio, `/api/${path}`));
        await refuses(401, post(studio, 'delete', { id: 'chat_123' }));
      }
    },
  },
  {
    name: 'a name that it does not know gets nothing: another one may have been bound to this address',
    async run(make) {
      const studio = make({ authorize: everybody, hosts: ['admin.example.com', 'one.example.com:8080'] });
      for (const host of [
        'evil.example',
        'localhost.evil.example',
        'admin.example.com.evil.example',
        'one.example.com:81',
        '127.0.0.2',
      ])
        for (const path of ['/', '/studio.js', '/api/sessions'])
          await refuses(403, get(studio, path, { host }));
      for (const host of [
        'localhost',
        '127.0.0.1:99',
        '[::1]:7',
        'admin.example.com',
        'admin.example.com:444',
        'one.example.com:8080',
      ])
        await allows(get(studio, '/api/sessions', { host }));
      await refuses(403, make({ authorize: everybody })(new Request('https://evil.example/api/sessions')));
    },
  },
  {
    name: 'pages of other origins get nothing',
    async run(make) {
      const studio = make({ authorize: everybody, readOnly: false });
      for (const origin of ['https://evil.example', 'null', 'http://localhost:4321', 'http://127.0.0.1:1234'])
        await refuses(403, get(studio, '/api/sessions', { origin }));
      await allows(get(studio, '/api/sessions', { origin: ORIGIN }));
    },
  },
  {
    name: 'requests that other sites make a browser send get nothing',
    async run(make) {
      const studio = make({ authorize: everybody });
      for (const site of ['cross-site', 'same-site'])
        await refuses(403, get(studio, '/api/sessions', { 'sec-fetch-site': site }));
      for (const site of ['same-origin', 'none'])
        await allows(get(studio, '/api/sessions', { 'sec-fetch-site': site }));
    },
  },
  {
    name: 'a change comes from the page itself',
    async run(make, store) {
      const studio = make({ authorize: everybody, readOnly: false });
      const { origin: _, ...withoutOrigin } = OWN;
      const { 'x-sessions-studio': __, ...withoutHeader } = OWN;
      for (const headers of [withoutOrigin, withoutHeader, { ...OWN, 'content-type': 'text/plain' }])
        await refuses(403, post(studio, 'delete', { id: 'other_1' }, headers));
      assert.ok(await store.sessions.retrieve('other_1'));
      await allows(post(studio, 'delete', { id: 'other_1' }));
      assert.equal(await store.sessions.retrieve('other_1'), undefined);
    },
  },
  {
    name: 'nothing is changed unless it was allowed',
    async run(make, store) {
      const turn = (await store.session('chat_123').turns()).data[0]?.id;
      const call = { callId: 'call_1', approve: true };
      const changes = [
        ['title', { title: 'x' }],
        ['fork', { newId: 'y' }],
        ['rewind', { turn }],
        ['delete', {}],
        ['decide', { id: 'run_1', ...call }],
        ['cancel', { id: 'run_1' }],
        ['prune', { before: '2000-01-01T00:00:00.000Z' }],
      ] as const;
      await startWaitingRun(store);
      const studios = [
        make({ authorize: everybody }),
        make({ authorize: everybody, readOnly: true }),
        make({ authorize: () => ({ readOnly: true }), readOnly: false }),
      ];
      const before = await store.session('chat_123').getItems();
      for (const studio of studios) {
        for (const [name, body] of changes)
          assert.equal((await post(studio, name, { id: 'chat_123', ...body })).status, 403);
      }
      assert.deepEqual(await store.session('chat_123').getItems(), before);
      assert.equal((await store.sessions.retrieve('chat_123'))?.title, 'Orders');
      assert.equal(await store.sessions.retrieve('y'), undefined);
      const { state, pending } = await store.runs.retrieve('run_1');
      assert.deepEqual([state, pending[0]?.decision], ['waiting', undefined]);
    },
  },
  {
    name: 'tenants see what is theirs alone, and change it alone',
    async run(make, store) {
      const studio = make({ authorize: () => ({ tenant: 'acme' }), readOnly: false });
      assert.deepEqual(await idsIn(get(studio, '/api/sessions')), ['of_acme']);
      for (const id of ['chat_123', 'of_other', '$tenant:5:other:of_other', '../other/of_other']) {
        await refuses(404, get(studio, `/api/session?id=${encodeURIComponent(id)}`));
        for (const name of ['entries', 'next']) {
          const answer = await get(studio, `/api/${name}?id=${encodeURIComponent(id)}&tenant=other`);
          assert.doesNotMatch(await answer.text(), /another|order/);
        }
        for (const [name, body] of Object.entries({
          delete: {},
          title: { title: 'x' },
          fork: { newId: `${id}2` },
        }))
          await post(studio, name, { id, ...body });
      }
      assert.equal((await store.session('chat_123').getItems()).length, 7);
      assert.equal((await store.scoped('other').session('of_other').getItems()).length, 1);
      const none = make({ authorize: everybody });
      assert.ok((await idsIn(get(none, '/api/sessions?search=$tenant'))).length === 0);
    },
  },
  {
    name: 'runs, usage and the doctor of others are not shown, and nothing of theirs is decided',
    async run(make, store) {
      for (const name of ['acme', 'other']) {
        await startWaitingRun(store.scoped(name), { id: `run_${name}` });
        await recordSampleUsage(store.scoped(name));
      }
      let looks = 0;
      const doctor = () => {
        looks++;
        return Promise.reject(new Error('looked'));
      };
      const told = async (studio: Studio, path: string) => (await allows(get(studio, `/api/${path}`))).text();
      for (const answer of [{ tenant: 'acme' }, true] as const) {
        const studio = make({ authorize: () => answer, readOnly: false, doctor });
        const runs = await told(studio, 'runs');
        assert.doesNotMatch(runs, /run_other/);
        assert.equal(/run_acme/.test(runs), answer !== true);
        const { used } = JSON.parse(await told(studio, 'usage')) as { used: { requests: number }[] };
        assert.deepEqual(
          used.map(({ requests }) => requests),
          answer === true ? [] : [1, 1],
        );
        for (const id of ['run_other', '$tenant:5:other:run_other', '../other/run_other'])
          for (const [name, body] of Object.entries({
            cancel: {},
            decide: { callId: 'call_1', approve: true },
          }))
            assert.ok([400, 404].includes((await post(studio, name, { id, ...body })).status));
        const before = new Date(Date.now() - 2 * 86_400_000).toISOString();
        await allows(post(studio, 'prune', { before }));
        await refuses(400, post(studio, 'prune', { before: new Date().toISOString() }));
      }
      const { state, pending } = await store.scoped('other').runs.retrieve('run_other');
      assert.deepEqual([state, pending[0]?.decision], ['waiting', undefined]);
      assert.equal((await store.scoped('other').session('of_other').getItems()).length, 1);
      const tenants = make({ authorize: () => ({ tenant: 'acme' }), doctor });
      await refuses(404, get(tenants, '/api/doctor'));
      assert.equal(looks, 0);
    },
  },
  {
    name: 'every answer says that only its own scripts run, in no frame, and that nobody keeps it',
    async run(make) {
      const studio = make({ authorize: everybody });
      const refusing = make({ authorize: () => false });
      for (const answer of [
        get(studio, '/'),
        get(studio, '/studio.js'),
        get(studio, '/api/sessions'),
        get(refusing, '/api/sessions'),
        get(studio, '/nothing'),
        get(studio, '/', { host: 'evil.example' }),
      ]) {
        const { headers } = await answer;
        const policy = headers.get('content-security-policy') ?? '';
        assert.match(policy, /default-src 'none'/);
        assert.match(policy, /script-src 'self'(;|$)/);
        assert.match(policy, /frame-ancestors 'none'/);
        assert.match(policy, /require-trusted-types-for 'script'/);
        assert.match(policy, /img-src 'self' data:(;|$)/);
        assert.doesNotMatch(policy.replace("img-src 'self' data:", ''), /unsafe|https?:|\*|data:/);
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.equal(headers.get('referrer-policy'), 'no-referrer');
        assert.equal(headers.get('cache-control'), 'no-store');
      }
    },
  },
  {
    name: 'the page has no script, style or handler in its HTML, and asks no other host',
    async run(make) {
      const studio = make({ authorize: everybody });
      const html = await (await get(studio, '/')).text();
      assert.match(html, /<script type="module"[^>]* src="\.\/studio\.js"><\/script>/);
      assert.doesNotMatch(html, /<style|\son\w+=|style=|https?:/);
      const code = await (await get(studio, '/studio.js')).text();
      assert.doesNotMatch(code, /\beval\(|new Function\(/);
    },
  },
  {
    name: "what somebody's own code throws is not told",
    async run(make) {
      const studio = make({
        authorize: () => {
          throw new Error('postgres://user:secret@host/chat_123');
        },
      });
      const answer = await get(studio, '/api/sessions');
      assert.equal(answer.status, 500);
      assert.doesNotMatch(await answer.text(), /secret|host/);
    },
  },
];
