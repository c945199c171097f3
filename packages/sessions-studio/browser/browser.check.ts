// The page in a real browser: every view, its keys, what comes while it is looked at, and what must never happen.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MemorySessionStore } from '@stackone/sessions-memory';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUILT_PAGE } from '../src/built-page.js';
import { assistant, sampleStore, user } from '../test/sample.ts';
import { violations } from './accessibility.ts';
import { openStudio, startBrowser, throughAll } from './opened-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const show = (page: Page, hash: string) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);

test('the list: search, order, keys, and what changes while it is looked at', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store);
  const { page, problems, elsewhere } = opened;
  const first = page.locator('.sessions a').first();
  await expect.poll(() => first.textContent()).toContain('Orders');
  expect(page.url()).not.toContain('token');
  expect(await page.locator('.sessions a').count()).toBeLessThan(50);
  const all = await throughAll(page);
  expect(all.size).toBe(61);
  expect([...all.values()].join('\n')).not.toContain('of_acme');
  await page.evaluate(() => scrollTo(0, 0));

  await store.session('news').addItems([user('Hi')]);
  await expect.poll(() => first.textContent()).toContain('news');

  await page.keyboard.press('/');
  await page.keyboard.type('chat_');
  await expect.poll(() => page.locator('.sessions a').count()).toBe(1);
  expect(page.url()).toContain('search=chat_');
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('heading', { name: 'Orders' }).isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('heading', { name: 'Conversations' }).isVisible()).toBe(true);
  expect([problems, elsewhere]).toEqual([[], []]);
});

test('a conversation: Markdown, calls with their results, notes, and items as they come', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store, { open: 'chat_123' });
  const { page, problems, elsewhere } = opened;
  await expect.poll(() => page.getByRole('heading', { name: 'Orders' }).isVisible()).toBe(true);
  expect(await page.locator('.turn').count()).toBe(2);
  expect(await page.locator('.markdown strong').textContent()).toBe('was');
  expect(await page.getByRole('link', { name: 'the page' }).getAttribute('rel')).toContain('noopener');
  expect(await page.locator('.markdown table td').first().textContent()).toBe('7');
  expect(await page.locator('.markdown pre code').textContent()).toContain('id: 7');

  const tool = page.locator('details.fold', { hasText: 'find_order' });
  expect(await tool.count()).toBe(1);
  expect(await tool.getByText('order:').isVisible()).toBe(false);
  await page.keyboard.press('f');
  await expect.poll(() => tool.getByText('order:').isVisible()).toBe(true);
  expect(await tool.locator('pre').textContent()).toContain('more characters');

  await store.session('chat_123').addItems([user('Thank you.'), assistant('You are welcome.')]);
  await expect.poll(() => page.locator('.turn').count()).toBe(3);

  await page.keyboard.press('r');
  await expect.poll(() => page.getByRole('button', { name: 'Read all of it' }).count()).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Read all of it' }).first().click();
  await expect.poll(() => page.locator('pre').nth(3).textContent()).toContain('sent '.repeat(6000).trim());
  await page.getByRole('button', { name: 'Copy as JSON' }).first().click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(copied)).toEqual({ role: 'user', content: 'Where is my order?' });
  expect([problems, elsewhere]).toEqual([[], []]);
});

test('a long conversation: what is near is in the page, what is read stays in its place, the end is followed', async () => {
  const store = new MemorySessionStore();
  const texts = Array.from({ length: 2600 }, (_, at) => `text ${at} ${'long '.repeat(at % 60)}`.trim());
  await store
    .session('long')
    .addItems(texts.map((text, at) => (at % 2 === 0 ? user(text) : assistant(text))));
  await using opened = await openStudio(browser, store, { open: 'long' });
  const { page, problems } = opened;
  const isSeen = (text: string) => page.getByText(text, { exact: true }).isVisible();
  await expect.poll(() => isSeen(texts.at(-1) ?? '')).toBe(true);
  await store.session('long').addItems([user('one more')]);
  await expect.poll(() => page.getByText('one more').isVisible()).toBe(true);
  // it is at its end, and stays there
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollHeight - innerHeight - scrollY))
    .toBeLessThan(120);

  const numbers = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('.turns .plain, .turns .markdown')].map(({ textContent }) =>
        Number(/text (\d+)/.exec(textContent)?.[1]),
      ),
    );
  // as far as it holds at once, and further
  for (let first = Number.POSITIVE_INFINITY; first > 0; first = (await numbers())[0] ?? first)
    await page.evaluate(() => scrollTo(0, 0));
  for (const to of [1, 20, 10_000, 30_000, 60_000]) {
    await page.evaluate((top) => scrollTo(0, top), to);
    await page.waitForTimeout(200);
    const shown = await numbers();
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.length).toBeLessThan(60);
    expect(shown).toEqual(shown.map((_, at) => (shown[0] ?? 0) + at));
  }
  // what comes meanwhile is there when somebody comes back to the end
  await store.session('long').addItems([user('the very last')]);
  await page.waitForTimeout(1000);
  expect(await page.getByText('the very last').count()).toBe(0);
  await expect
    .poll(async () => {
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      return page.getByText('the very last').count();
    })
    .toBe(1);
  expect(problems).toEqual([]);
});

test('what another process adds is shown', async () => {
  const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
  await using store = await SqliteSessionStore.fromUrl(url);
  await using other = await SqliteSessionStore.fromUrl(url);
  await store.session('chat').addItems([user('one')]);
  await using opened = await openStudio(browser, store, { open: 'chat' });
  await expect.poll(() => opened.page.getByText('one').count()).toBe(1);
  await other.session('chat').addItems([user('two')]);
  await expect.poll(() => opened.page.getByText('two').count()).toBe(1);
});

test('the next run: what is handed over, and what is left out and why', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store, { open: 'chat_123' });
  const { page } = opened;
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  await page.keyboard.press('n');
  await expect.poll(() => page.getByRole('status').textContent()).toContain('all items');
  await page.getByLabel('Turns').fill('1');
  await expect.poll(() => page.getByRole('status').textContent()).toContain('handed 2 items');
  const handed = await store.session('chat_123', { window: { turns: 1 } }).getItems();
  expect(handed).toHaveLength(2);
  expect(await page.locator('.fate.handed').count()).toBe(2);
  expect(await page.locator('.fate.older').count()).toBe(5);
  expect(await page.locator('.why').first().textContent()).toContain('older than the window');
  await page.getByLabel('Turns').fill('');
  await page.getByLabel('Characters of old tool results').fill('100');
  await expect.poll(() => page.locator('.fate.shortened').count()).toBe(1);
});

test('changes: a title, a copy, a turn back, a deletion, each after a question', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store, { open: 'chat_123', readOnly: false });
  const { page, problems } = opened;
  await page.getByRole('button', { name: 'Title' }).click();
  await page.getByRole('dialog').getByLabel('Title').fill('Shoes');
  expect(await violations(page)).toBe('');
  await page.getByRole('button', { name: 'Set it' }).click();
  await expect.poll(() => page.getByRole('heading', { name: 'Shoes' }).isVisible()).toBe(true);
  expect((await store.sessions.retrieve('chat_123'))?.title).toBe('Shoes');

  await page.getByRole('button', { name: 'Turn back to before this' }).last().click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await store.session('chat_123').getItems()).toHaveLength(7);
  await page.getByRole('button', { name: 'Turn back to before this' }).last().click();
  await page.getByRole('button', { name: 'Remove them' }).click();
  await expect.poll(async () => (await store.session('chat_123').getItems()).length).toBe(5);

  await page.getByRole('button', { name: 'Fork' }).click();
  await page.getByRole('dialog').getByLabel('Id of the copy').fill('other_1');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('with the new id');
  await page.getByRole('dialog').getByLabel('Id of the copy').fill('a / copy?#%');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect.poll(() => page.url()).toContain(encodeURIComponent('a / copy?#%'));
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await expect.poll(() => store.sessions.retrieve('a / copy?#%')).toBe(undefined);
  expect(await store.sessions.retrieve('chat_123')).toBeDefined();
  // the browser tells of the copy that was refused
  expect(problems.filter((problem) => !problem.includes('409'))).toEqual([]);
});

test('a studio that may only read offers no change, and one without its token shows nothing', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store, { open: 'chat_123' });
  const { page, url } = opened;
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  for (const name of ['Title', 'Fork', 'Delete', 'Turn back to before this'])
    expect(await page.getByRole('button', { name }).count()).toBe(0);
  const other = await browser.newPage();
  await other.goto(url.split('#')[0] ?? '');
  await expect.poll(() => other.getByRole('alert').textContent()).toContain('not allowed');
  expect(await other.content()).not.toMatch(/chat_123|Orders/);
  await other.close();
});

test('nothing that is found by a check of accessibility, light and dark, wide and narrow', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store, { open: 'chat_123', readOnly: false });
  const { page } = opened;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 700 });
      for (const hash of ['#/', '#/c/chat_123', '#/c/chat_123/next', '#/c/chat_123/raw']) {
        await show(page, hash);
        await page.locator('[data-step]').first().waitFor();
        if (hash.endsWith('next')) await page.getByLabel('Turns').fill('1');
        await page.keyboard.press('f');
        expect(await violations(page), `${hash} ${colorScheme} ${width}`).toBe('');
        const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        expect(overflows, `${hash} is wider than ${width}`).toBe(false);
      }
    }
  }
});

test('the check of accessibility finds what it should', async () => {
  await using opened = await openStudio(browser, await sampleStore());
  await opened.page.locator('[data-step]').first().waitFor();
  await opened.page.evaluate(() => document.documentElement.removeAttribute('lang'));
  expect(await violations(opened.page)).toContain('html-has-lang');
});

test('the page is small', () => {
  const sizes = Object.values(BUILT_PAGE).map((text) => gzipSync(text).length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(80_000);
});
