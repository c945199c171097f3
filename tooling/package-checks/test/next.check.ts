import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, type ThrowawayServer } from '@stackone/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BundlerProjects, DRIVERS } from '../bundler-project.ts';
import { NEXT, NextServer, nextBuild } from '../next-project.ts';

const projects = new BundlerProjects();
const sqlite = 'sqlite:./chats.db';
let app: string;
let server: ThrowawayServer;
let postgres: string;

beforeAll(async () => {
  server = await startPostgres();
  postgres = server.url(await server.createDatabase());
  const { 'better-sqlite3': sqlite, pg } = DRIVERS;
  app = (await projects.install('next-app', { 'better-sqlite3': sqlite, pg, ...NEXT })).root;
  cpSync(join(app, 'next'), app, { recursive: true });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  projects.remove();
});

test('the standalone server finds its drivers, away from the project', async () => {
  await nextBuild(app);
  const away = join(projects.folder, 'standalone');
  cpSync(join(app, '.next/standalone'), away, { recursive: true, verbatimSymlinks: true });
  expect(existsSync(join(away, 'node_modules/mysql2'))).toBe(false);
  await using standalone = await NextServer.start(away, 'server.js');
  for (const url of [sqlite, postgres]) {
    expect(await standalone.chat(url, 'Hello')).toEqual(['Hello']);
  }
  expect(await standalone.chat('mysql://localhost/app', 'Hello')).toMatchObject({ code: 'DRIVER_MISSING' });
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
