// Promise: ESM, CommonJS and types.
import { moduleRunner } from '@stackone/test-environment';
import { expect, test } from 'vitest';

const runModule = moduleRunner(import.meta.dirname);

const PACKAGES = [
  'openai-agents-js-sessions',
  'sessions-core',
  'sessions-memory',
  'sessions-mysql',
  'sessions-postgres',
  'sessions-sqlite',
];

/** Each of them takes some ms to load. */
const SLOW = ['node:crypto', 'node:fs', 'node:fs/promises', 'node:http', 'node:net', 'node:tls', 'node:util'];

/** Every module that loading `@stackone/<name>` brings in. */
async function loadedModules(name: string, load: string): Promise<string[]> {
  const urls = await runModule(
    `import { createRequire, registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
    const require = createRequire(import.meta.url);
    ${load};
    console.log(JSON.stringify([...urls, ...process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'))]));`,
    `@stackone/${name}`,
  );
  return JSON.parse(urls);
}

/** The packages of the modules that are not Node's. */
async function loadedPackages(name: string, load: string): Promise<string[]> {
  const modules = (await loadedModules(name, load)).filter((url) => !url.startsWith('node:'));
  return [...new Set(modules.map((url) => /packages\/([^/]+)\/dist/.exec(url)?.[1] ?? url))].toSorted();
}

test.each(PACKAGES)('loading %s loads no driver, no Drizzle and no SDK', async (name) => {
  for (const load of ['await import(process.argv[1])', 'require(process.argv[1])']) {
    const loaded = await loadedPackages(name, load);
    expect(loaded).toContain(name);
    expect(loaded.filter((one) => !PACKAGES.includes(one))).toEqual([]);
  }
});

test.each(PACKAGES)('loading %s loads none of the modules of Node that take long', async (name) => {
  for (const load of ['await import(process.argv[1])', 'require(process.argv[1])']) {
    const loaded = await loadedModules(name, load);
    expect(loaded).toContain('node:events');
    expect(loaded.filter((url) => SLOW.includes(url))).toEqual([]);
  }
});

test('A15: a static import of a driver would show', async () => {
  const loaded = await loadedPackages('sessions-sqlite/schema', 'await import(process.argv[1])');
  expect(loaded.filter((one) => !PACKAGES.includes(one)).join()).toContain('drizzle-orm');
});
