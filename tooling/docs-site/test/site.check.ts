// What `npm run docs` builds: it needs no network, no link is dead, and a browser shows it without asking another host.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@stackone/test-servers';
import { findChromium } from '@stackone/test-servers/chromium';
import { preview } from 'astro';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadLinks } from '../src/dead-links.ts';
import { markdownName, pages, urlOf } from '../src/pages.ts';
import { OUTPUT, SITE } from '../src/site.ts';

/** Pictures of the pages, for people who look at a run; not part of the repository. */
const PICTURES = join(SITE, '.pictures');

const read = (file: string) => readFileSync(join(OUTPUT, file), 'utf8');
const htmlFiles = () => globSync('**/*.html', { cwd: OUTPUT });

beforeAll(() => {
  const preload = join(import.meta.dirname, 'no-network.ts');
  // Vitest says in the environment that this is no production, and Astro would believe it
  const { NODE_ENV, MODE, DEV, PROD, SSR, BASE_URL, ...env } = process.env;
  const built = spawnSync(process.execPath, ['--import', preload, 'build.ts'], {
    cwd: SITE,
    env,
    encoding: 'utf8',
  });
  expect(built.stderr + built.stdout).toContain('The site is in');
  expect(built.status).toBe(0);
});

test('every page is there, as a page and as Markdown', () => {
  const missing = pages().filter(
    (page) =>
      !existsSync(join(OUTPUT, urlOf(page, ''), 'index.html')) ||
      !existsSync(join(OUTPUT, markdownName(page))),
  );
  expect(missing).toEqual([]);
});

test('no link is dead', () => {
  expect(deadLinks(OUTPUT)).toEqual([]);
});

test('the API reference has both doors of the core, the meta-package and every backend', () => {
  const entries = [
    'sessions-core/classes/sessionstore',
    'sessions-core/backend/interfaces/sessionbackend',
    'openai-agents-js-sessions/functions/opensessionstore',
    'sessions-memory/classes/memorysessionstore',
    'sessions-mysql/classes/mysqlsessionstore',
    'sessions-postgres/classes/postgressessionstore',
    'sessions-sqlite/classes/sqlitesessionstore',
    'sessions-studio/functions/createstudio',
  ];
  expect(entries.filter((entry) => !existsSync(join(OUTPUT, 'api/stackone', entry, 'index.html')))).toEqual(
    [],
  );
});

test('every class and function of the API reference has an example', () => {
  const api = join(SITE, 'src/content/docs/api');
  const without = globSync('**/{classes,functions}/*.md', { cwd: api }).filter(
    (file) => !/^#+ Examples?$/m.test(readFileSync(join(api, file), 'utf8')),
  );
  expect(without).toEqual([]);
});

test('llms.txt names every page, and llms-full.txt has them all', () => {
  const index = read('llms.txt');
  const all = read('llms-full.txt');
  expect(pages().filter((page) => !index.includes(`/${markdownName(page)})`))).toEqual([]);
  expect(pages().filter(({ title }) => !all.includes(`# ${title}\n`))).toEqual([]);
});

test('no file takes anything from another host', () => {
  const loading =
    /<(?:script|link|img|iframe|source|video|audio)\b[^>]*\s(?:src|href|srcset)="(?:https?:)?\/\/[^"]*"/g;
  const found = htmlFiles().flatMap((file) => read(file).match(loading) ?? []);
  const styles = globSync('**/*.css', { cwd: OUTPUT }).flatMap((file) => {
    return read(file).match(/(?:@import|url\()\s*["']?(?:https?:)?\/\/[^)"']*/g) ?? [];
  });
  expect([...new Set([...found, ...styles])]).toEqual([]);
});

describe('in Chromium', () => {
  let server: Awaited<ReturnType<typeof preview>>;
  let browser: Browser;
  let page: Page;
  let origin: string;
  const foreign: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    const port = await freePort();
    server = await preview({ root: SITE, logLevel: 'error', server: { host: '127.0.0.1', port } });
    origin = `http://127.0.0.1:${port}`;
    const { executablePath, args } = await findChromium();
    browser = await chromium.launch({ executablePath, args: ['--disable-gpu', ...args] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) foreign.push(url);
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('the start page: a title, the side bar with its groups, a sample, the search', async () => {
    await page.goto(`${origin}/`);
    await page.screenshot({ path: join(PICTURES, 'start.png') });
    expect(await page.locator('h1').textContent()).toBe('Documentation');
    const groups = page.locator('nav.sidebar .top-level > li > details > summary');
    expect((await groups.allTextContents()).map((label) => label.trim())).toEqual([
      'Build',
      'Run',
      'Packages',
      'More',
      'API',
    ]);
    expect(await page.locator('main pre[data-language="ts"]').first().textContent()).toContain(
      'openSessionStore',
    );
    expect(
      await page
        .getByRole('button', { name: /search/i })
        .first()
        .isVisible(),
    ).toBe(true);
  });

  test('an API page: what it does, its parameters, an example, what it throws', async () => {
    await page.goto(`${origin}/api/stackone/openai-agents-js-sessions/functions/opensessionstore/`);
    await page.screenshot({ path: join(PICTURES, 'api.png'), fullPage: true });
    expect(await page.locator('h1').textContent()).toContain('openSessionStore');
    const headings = await page.locator('main h2, main h3').allTextContents();
    for (const heading of ['Parameters', 'Returns', 'Throws', 'Example'])
      expect(headings.map((text) => text.trim())).toContain(heading);
    expect(await page.locator('main table').first().textContent()).toContain('url');
  });

  test('the search finds a page', async () => {
    await page.goto(`${origin}/`);
    await page
      .getByRole('button', { name: /search/i })
      .first()
      .click();
    await page.locator('dialog input').fill('reencrypt');
    const result = page.locator('dialog a', { hasText: 'Encryption' }).first();
    await result.waitFor();
    await page.screenshot({ path: join(PICTURES, 'search.png') });
    await result.click();
    await page.waitForURL(/encryption/);
  });

  test('every page of docs/ shows without an error', async () => {
    for (const one of pages()) await page.goto(origin + urlOf(one, '/'), { waitUntil: 'load' });
    expect(problems).toEqual([]);
  });

  test('no other host was asked', () => {
    expect(foreign).toEqual([]);
  });
});
