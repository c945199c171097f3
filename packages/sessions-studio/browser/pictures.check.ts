// Every screen on the conversations of a shop, compared with the picture of it that is stored: `npm run studio:pictures` makes them anew.
import { readFileSync } from 'node:fs';
import type { SessionStore } from '@stackone/sessions-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { violations } from './accessibility.ts';
import { difference, storePicture } from './compared-picture.ts';
import { type OpenedPage, openStudio, startBrowser } from './opened-page.ts';
import { SHOP_NOW, shopDoctor, shopStore } from './shop.ts';
import { PARCEL } from './shop-conversations.ts';

const isMaking = import.meta.env?.MODE === 'pictures';

let browser: Browser;
let store: SessionStore;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  browser = await startBrowser([
    '--font-render-hinting=none',
    '--disable-lcd-text',
    '--force-color-profile=srgb',
  ]);
  store = await shopStore((time) => vi.setSystemTime(time));
});
afterAll(() => browser?.close());

const CONVERSATION = `#/c/${PARCEL}`;
const top = (page: Page) => page.evaluate(() => scrollTo(0, 0));

/** A picture: where it is, what is done there, and what is there then. */
interface Scene {
  readonly name: string;
  readonly hash: string;
  readonly seen: string;
  readonly act?: (page: Page) => Promise<unknown>;
  readonly dark?: true;
  readonly narrow?: true;
}

const SCENES: readonly Scene[] = [
  { name: 'conversations', hash: '#/', seen: 'Gift card' },
  { name: 'conversations-narrow', hash: '#/', seen: 'Gift card', narrow: true },
  { name: 'conversation', hash: CONVERSATION, seen: 'on its way', act: top },
  { name: 'conversation-dark', hash: CONVERSATION, seen: 'on its way', dark: true },
  { name: 'conversation-narrow', hash: CONVERSATION, seen: 'on its way', narrow: true },
  {
    name: 'next-run',
    hash: `${CONVERSATION}/next`,
    seen: 'all items',
    act: async (page) => {
      await page.getByLabel('Turns').fill('2');
      await page.getByText('older than the window').first().waitFor();
      await top(page);
    },
  },
  { name: 'raw-rows', hash: `${CONVERSATION}/raw`, seen: 'on its way', act: top },
  { name: 'runs', hash: '#/runs', seen: 'run_82' },
  { name: 'usage', hash: '#/usage', seen: 'gpt-5-mini' },
  { name: 'usage-dark', hash: '#/usage', seen: 'gpt-5-mini', dark: true },
  { name: 'doctor', hash: '#/doctor', seen: 'DURABILITY' },
  {
    name: 'prune',
    hash: '#/prune',
    seen: 'Count them',
    act: async (page) => {
      await page.getByLabel('Not changed for days').fill('7');
      await page.getByRole('button', { name: 'Count them' }).click();
      await page.getByRole('button', { name: 'Remove them' }).click();
    },
  },
];

/** Shows a scene. */
async function opened({ hash, seen, act, dark, narrow }: Scene): Promise<OpenedPage> {
  const shown = await openStudio(browser, store, {
    readOnly: false,
    doctor: shopDoctor,
    context: {
      viewport: narrow ? { width: 360, height: 720 } : { width: 1120, height: 760 },
      colorScheme: dark ? 'dark' : 'light',
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    },
  });
  const { page } = shown;
  await page.clock.setFixedTime(SHOP_NOW);
  await useFonts(page);
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.getByText(seen).first().waitFor();
  await act?.(page);
  return shown;
}

/** The page as it is when it has come to rest: rows are laid out anew as they are measured. */
async function atRest(page: Page): Promise<Buffer> {
  for (let picture = await page.screenshot(), tries = 0; tries < 50; tries++) {
    await page.waitForTimeout(100);
    const again = await page.screenshot();
    if (again.equals(picture)) return again;
    picture = again;
  }
  throw new Error('the page does not come to rest');
}

/** The same letters on every machine. The page itself loads none: it has those of the system. */
async function useFonts(page: Page): Promise<void> {
  const bytes = (file: string) => readFileSync(new URL(file)).toString('base64');
  const fonts = {
    'Sample Sans': bytes(
      import.meta.resolve('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'),
    ),
    'Sample Mono': bytes(
      import.meta.resolve('@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2'),
    ),
  };
  await page.evaluate(async (given) => {
    for (const [family, base64] of Object.entries(given)) {
      const content = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      document.fonts.add(await new FontFace(family, content, { weight: '100 900' }).load());
    }
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      ':root { --sans: "Sample Sans"; --mono: "Sample Mono"; } * { caret-color: transparent !important; }',
    );
    document.adoptedStyleSheets.push(sheet);
  }, fonts);
}

test.each(SCENES)('$name', async (scene) => {
  await using shown = await opened(scene);
  const { page, problems, elsewhere } = shown;
  if (isMaking) return storePicture(scene.name, await atRest(page));
  const same = (await difference(scene.name, await page.screenshot())) === undefined;
  if (!same) expect(await difference(scene.name, await atRest(page))).toBe(undefined);
  expect(await violations(page)).toBe('');
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect([problems, elsewhere]).toEqual([[], []]);
});

if (!isMaking) {
  test('a button that is gone, a colour and a word are noticed, and it is shown where', async () => {
    const scene = SCENES.find(({ name }) => name === 'runs');
    if (!scene) throw new Error('no such scene');
    await using shown = await opened(scene);
    const { page } = shown;
    let before = await atRest(page);
    const changes: Readonly<Record<string, () => void>> = {
      button: () => document.querySelector('main .danger')?.remove(),
      colour: () => document.querySelector('main .main')?.classList.remove('main'),
      word: () => document.querySelector('h2')?.replaceChildren('Runs that rest'),
    };
    for (const [name, change] of Object.entries(changes)) {
      await page.evaluate(change);
      const wrong = await atRest(page);
      const said = await difference(`planted-${name}`, wrong, before);
      expect(said).toMatch(/[1-9]\d* pixels differ/);
      const [, file = ''] = /see (.*\.difference\.png)/.exec(said ?? '') ?? [];
      expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
      before = wrong;
    }
  });
}
