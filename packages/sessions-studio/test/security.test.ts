// Promise: A studio.
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { createStudio, type StudioOptions, serveStudio } from '../src/index.js';
import { sampleStore } from './sample.ts';
import { SECURITY } from './security.ts';
import { studioWithFault } from './studio-with-fault.ts';

test.each(SECURITY)('$name', async ({ run }) => {
  const store = await sampleStore();
  await run((options) => createStudio(store, options), store);
});

test.each<[options: unknown, named: string]>([
  [{}, 'authorize'],
  [{ authorize: true }, 'authorize'],
  [{ authorize: () => true, basePath: 'studio' }, 'basePath'],
  [{ authorize: () => true, readOnly: 'no' }, 'readOnly'],
  [{ authorize: () => true, hosts: 'localhost' }, 'hosts'],
  [{ authorize: () => true, doctor: 'yes' }, 'doctor'],
  [{ authorize: () => true, readonly: false }, 'readonly'],
])('options that are not right are refused: %o', async (options, named) => {
  const store = await sampleStore();
  expect(() => createStudio(store, options as StudioOptions)).toThrow(TypeError);
  expect(() => createStudio(store, options as StudioOptions)).toThrow(named);
});

/** Each protection taken out, and the case that notices. */
const FAULTS = [
  {
    fault: 'whoever asks is allowed',
    file: 'studio.ts',
    line: 'if (!reachable)\n',
    becomes:
      'if (!reachable) {\n context.set("reachable", { store, tenant: undefined, readOnly });\n return next();\n}\nif (!reachable)\n',
    fails: 'nobody sees data whom authorize does not let',
  },
  {
    fault: 'a tenant that is not known is none',
    file: 'access.ts',
    line: "if ('tenant' in access && typeof tenant !== 'string') return undefined;",
    becomes: '',
    fails: 'nobody sees data whom authorize does not let',
  },
  {
    fault: 'any name is known',
    file: 'protection.ts',
    line: 'if (!isNamed(host, [...LOOPBACK, ...hosts])) {',
    becomes: 'if (false) {',
    fails: 'a name that it does not know gets nothing: another one may have been bound to this address',
  },
  {
    fault: 'a name that only ends so is known',
    file: 'protection.ts',
    line: 'return names.includes(host) || names.includes(withoutPort);',
    becomes: 'return names.some((name) => withoutPort.includes(name));',
    fails: 'a name that it does not know gets nothing: another one may have been bound to this address',
  },
  {
    fault: 'any origin may ask',
    file: 'protection.ts',
    line: 'if (origin !== null && hostOf(origin) !== host)',
    becomes: 'if (false)',
    fails: 'pages of other origins get nothing',
  },
  {
    fault: 'other sites may make a browser ask',
    file: 'protection.ts',
    line: "if (site !== null && site !== 'same-origin' && site !== 'none')",
    becomes: 'if (false)',
    fails: 'requests that other sites make a browser send get nothing',
  },
  {
    fault: 'a form may change something',
    file: 'studio.ts',
    line: "if (reason !== undefined) return refused(context, 403, 'REFUSED', reason);\n    return",
    becomes: 'return',
    fails: 'a change comes from the page itself',
  },
  {
    fault: 'it can be changed',
    file: 'studio.ts',
    line: 'if (reachable.readOnly) return refused(',
    becomes: 'if (false) return refused(',
    fails: 'nothing is changed unless it was allowed',
  },
  {
    fault: 'who may only read may change',
    file: 'access.ts',
    line: 'readOnly: studioIsReadOnly || readOnly,',
    becomes: 'readOnly: studioIsReadOnly,',
    fails: 'nothing is changed unless it was allowed',
  },
  {
    fault: 'the default is to change',
    file: 'studio.ts',
    line: "const { authorize, basePath = '/', readOnly = true, hosts = [], doctor } = checked(options);",
    becomes: "const { authorize, basePath = '/', readOnly = false, hosts = [], doctor } = checked(options);",
    fails: 'nothing is changed unless it was allowed',
  },
  {
    fault: 'a tenant sees the whole store',
    file: 'access.ts',
    line: 'tenant === undefined ? store : store.scoped(tenant)',
    becomes: 'store',
    fails: 'tenants see what is theirs alone, and change it alone',
  },
  {
    fault: 'runs of tenants are shown to whom has none',
    file: 'operating.ts',
    line: 'page.data.filter((run) => run.tenant === tenant)',
    becomes: 'page.data',
    fails: 'runs, usage and the doctor of others are not shown, and nothing of theirs is decided',
  },
  {
    fault: 'what tenants used is shown to whom has none',
    file: 'operating.ts',
    line: '.filter((one) => one.tenant === tenant)',
    becomes: '',
    fails: 'runs, usage and the doctor of others are not shown, and nothing of theirs is decided',
  },
  {
    fault: 'tenants see what the doctor finds',
    file: 'access.ts',
    line: 'doctor: tenant === undefined ? doctor : undefined,',
    becomes: 'doctor,',
    fails: 'runs, usage and the doctor of others are not shown, and nothing of theirs is decided',
  },
  {
    fault: 'what goes on can be removed',
    file: 'operating.ts',
    line: 'if (!(before.getTime() <= Date.now() - DAY))',
    becomes: 'if (false)',
    fails: 'runs, usage and the doctor of others are not shown, and nothing of theirs is decided',
  },
  {
    fault: 'no policy',
    file: 'protection.ts',
    line: "'content-security-policy': POLICY,",
    becomes: '',
    fails: 'every answer says that only its own scripts run, in no frame, and that nobody keeps it',
  },
  {
    fault: 'scripts in the HTML run',
    file: 'protection.ts',
    line: '"script-src \'self\'",',
    becomes: "\"script-src 'self' 'unsafe-inline'\",",
    fails: 'every answer says that only its own scripts run, in no frame, and that nobody keeps it',
  },
  {
    fault: 'pictures of other hosts are loaded',
    file: 'protection.ts',
    line: '"img-src \'self\' data:",',
    becomes: '"img-src *",',
    fails: 'every answer says that only its own scripts run, in no frame, and that nobody keeps it',
  },
  {
    fault: 'what was thrown is told',
    file: 'studio.ts',
    line: "'The request failed. The log of the server may say why.'",
    becomes: 'error.message',
    fails: "what somebody's own code throws is not told",
  },
];

describe('a protection that is taken out is noticed', () => {
  test.each(FAULTS)('$fault', async ({ fails, ...fault }) => {
    const { createStudio: create } = await studioWithFault(fault);
    const store = await sampleStore();
    const one = SECURITY.find(({ name }) => name === fails);
    assert.ok(one, `there is no case "${fails}"`);
    await expect(one.run((options) => create(store, options), store)).rejects.toMatchObject({
      name: 'AssertionError',
    });
  });
});

/** What is served on this machine alone, to whoever has its token. */
async function servesOneAlone(serve: typeof serveStudio): Promise<void> {
  const store = await sampleStore();
  const studio = await serve(store, { tenant: 'acme' });
  const another = await serve(store);
  try {
    const { hash, port, origin } = new URL(studio.url);
    const token = new URLSearchParams(hash.slice(1)).get('token') ?? '';
    assert.ok(token.length >= 43);
    assert.notEqual(token, new URLSearchParams(new URL(another.url).hash.slice(1)).get('token'));
    const ask = (authorization: string) => fetch(`${origin}/api/sessions`, { headers: { authorization } });
    for (const wrong of ['', 'Bearer ', `Bearer ${'x'.repeat(token.length)}`, `Bearer ${token}x`, token])
      assert.equal((await ask(wrong)).status, 401);
    const { data } = (await (await ask(`Bearer ${token}`)).json()) as { data: { id: string }[] };
    assert.deepEqual(
      data.map(({ id }) => id),
      ['of_acme'],
    );
    // all of 127/8 is this machine, but only one address of it is listened at
    assert.equal(
      await fetch(`http://127.0.0.2:${port}/`).then(
        () => 'heard',
        () => 'silent',
      ),
      'silent',
    );
    for (const path of ['/', '/studio.js', '/api/sessions']) {
      const answer = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
      assert.ok(!(await answer.text()).includes(token), `${path} tells the token`);
    }
  } finally {
    await Promise.all([studio.close(), another.close()]);
  }
}

test('a studio of the command is served on this machine alone, to who has its token', () =>
  servesOneAlone(serveStudio));

test.each([
  {
    fault: 'it listens everywhere',
    line: "server.once('error', reject).listen(port, LOOPBACK, resolve);",
    becomes: "server.once('error', reject).listen(port, '0.0.0.0', resolve);",
  },
  {
    fault: 'any token will do',
    line: 'return given.length === wanted.length && timingSafeEqual(given, wanted);',
    becomes: 'return given.length === wanted.length || timingSafeEqual(wanted, wanted);',
  },
  {
    fault: 'one token for all',
    line: "randomBytes(32).toString('base64url')",
    becomes: "Buffer.alloc(32, randomBytes.name).toString('base64url')",
  },
  {
    fault: 'the tenant is forgotten',
    line: '(tenant === undefined || { tenant })',
    becomes: 'true',
  },
])('what serves it without a protection is noticed: $fault', async ({ fault: _, ...planted }) => {
  const { serveStudio: serve } = await studioWithFault({ file: 'serve.ts', ...planted });
  await expect(servesOneAlone(serve)).rejects.toMatchObject({ name: 'AssertionError' });
});
