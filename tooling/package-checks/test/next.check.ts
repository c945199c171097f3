import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, type ThrowawayServer } from '@stackone/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MountedStudio } from '../../../examples/studio/test/mounted-studio.ts';
import { BundlerProjects, DRIVERS } from '../bundler-project.ts';
import { NEXT, NEXT_TYPES, NextServer, nextBuild } from '../next-project.ts';
import { ROOT } from '../packages.ts';
import { run } from '../programs.ts';

const projects = new BundlerProjects();
const sqlite = 'sqlite:./chats.db';
const STUDIO = join(ROOT, 'examples/studio');
let app: string;
/** Where its standalone server is. */
let away: string;
let server: ThrowawayServer;
let postgres: string;

beforeAll(async () => {
  server = await startPostgres();
  postgres = server.url(await server.createDatabase());
  const { 'better-sqlite3': sqlite, pg } = DRIVERS;
  app = (await projects.install('next-app', { 'better-sqlite3': sqlite, pg, ...NEXT, ...NEXT_TYPES })).root;
  // the sample of the studio as it is, but for its store
  for (const name of ['app', 'access.ts']) cpSync(join(STUDIO, name), join(app, name), { recursive: true });
  cpSync(join(app, 'next'), app, { recursive: true });
  await nextBuild(app);
  away = join(projects.folder, 'standalone');
  cpSync(join(app, '.next/standalone'), away, { recursive: true, verbatimSymlinks: true });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  projects.remove();
});

test('the standalone server finds its drivers, away from the project', async () => {
  expect(existsSync(join(away, 'node_modules/mysql2'))).toBe(false);
  await using standalone = await NextServer.start(away, 'server.js');
  for (const url of [sqlite, postgres]) {
    expect(await standalone.chat(url, 'Hello')).toEqual(['Hello']);
  }
  expect(await standalone.chat('mysql://localhost/app', 'Hello')).toMatchObject({ code: 'DRIVER_MISSING' });
});

test('the sample of the studio: its page, to each what is his, changes, and what another process says as it says it', async () => {
  const database = `sqlite:${join(away, 'studio.db')}`;
  const say = (tenant: string, text: string) =>
    run(process.execPath, ['say.mjs', database, tenant, `of_${tenant}`, text], app);
  await say('acme', 'Hello');
  await say('other', 'Hello');
  await using standalone = await NextServer.start(away, 'server.js');
  const { origin } = standalone;
  const studio = new MountedStudio(origin);
  // with the slash it redirects to the path without one
  for (const path of ['', '/']) {
    const page = await studio.get(path);
    expect([page.status, page.url]).toEqual([200, `${origin}/studio`]);
    expect(await page.text()).toContain('"./studio/studio.js"');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  }
  expect((await studio.get('/studio.js')).headers.get('content-type')).toContain('javascript');
  await studio.expectOwnConversations();
  await studio.expectRefusals();
  expect((await studio.post('title', { id: 'of_acme', title: 'Shoes' })).status).toBe(200);
  expect(await (await studio.get('/api/session?id=of_acme')).json()).toMatchObject({ title: 'Shoes' });

  await studio.expectToTell('id=of_acme', ['Hello', 'and now'], () => say('acme', 'and now'));
});

test('next dev: a module that is loaded again and again shares one pool', async () => {
  await using dev = await NextServer.start(app, ...NextServer.dev(app));
  const watch = new pg.Client({ connectionString: postgres });
  await watch.connect();
  const route = join(app, 'app/chat/route.js');
  const text = readFileSync(route, 'utf8');
  for (let load = 1; load <= 4; load++) {
    writeFileSync(route, `${text}\nexport const GET = () => Response.json(${load});\n`);
    while ((await dev.get('/chat')) !== load) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const url of [sqlite, postgres])
      expect(await dev.chat(url, `load ${load}`)).toContain(`load ${load}`);
  }
  const { rows } = await watch.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'openai-agents-sessions'",
  );
  await watch.end();
  expect(rows).toEqual([{ n: 1 }]);
});
