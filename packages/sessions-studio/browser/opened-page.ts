import type { SessionStore } from '@stackone/sessions-core';
import { findChromium } from '@stackone/test-servers/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type ServeOptions, serveStudio } from '../src/index.js';

/** A page of a studio in a browser, and all that went wrong in it. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors, and refusals of the policy of the page. */
  readonly problems: string[];
  /** What was asked of other hosts, or left to the browser to be opened. */
  readonly elsewhere: string[];
  readonly url: string;
}

export async function startBrowser(others: readonly string[] = []): Promise<Browser> {
  const { executablePath, args } = await findChromium();
  return chromium.launch({ executablePath, args: [...args, ...others] });
}

/** Opens a studio as the command line does. */
export async function openStudio(
  browser: Browser,
  store: SessionStore,
  options: ServeOptions & {
    readonly files?: Readonly<Record<string, string>> | undefined;
    readonly context?: BrowserContextOptions;
  } = {},
): Promise<OpenedPage> {
  const { files, context: seen, ...served } = options;
  const studio = await serveStudio(store, served);
  const context = await browser.newContext(seen);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  // what waits for a page with a fault waits in vain
  if (files) page.setDefaultTimeout(4000);
  const problems: string[] = [];
  const elsewhere: string[] = [];
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(studio.url).origin)) elsewhere.push(request.url());
  });
  if (files) {
    for (const [name, body] of Object.entries(files))
      await page.route(`**/${name}`, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body });
      });
  }
  await page.goto(studio.url);
  return {
    page,
    problems,
    elsewhere,
    url: studio.url,
    async [Symbol.asyncDispose]() {
      await context.close();
      await studio.close();
    },
  };
}

/**
 * Scrolls through the list of a page from its beginning to its end, so that each row was there.
 *
 * @param look - At each place.
 * @returns The texts of the rows that were seen, by their keys.
 */
export async function throughAll(
  page: Page,
  look: () => Promise<void> = async () => {},
): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>();
  /** By so many heights of the window. */
  const scroll = (by: number) =>
    page.evaluate(async (distance) => {
      const from = scrollY;
      scrollBy(0, distance * innerHeight);
      // where it moves on its rows are laid out, where it does not a page of rows may have been asked for
      const frames = scrollY === from ? 12 : 3;
      for (let frame = 0; frame < frames; frame++) await new Promise(requestAnimationFrame);
      return scrollY !== from;
    }, by);
  for (let still = 0; still < 4; ) still = (await scroll(-1e6)) ? 0 : still + 1;
  for (let still = 0; still < 4; ) {
    const found = await page.evaluate(() =>
      [...document.querySelectorAll('.sessions > li, .turns > li')].map((row) => [
        row.querySelector('[data-entry]')?.getAttribute('data-entry') ??
          row.querySelector('a')?.getAttribute('href') ??
          /row (\d+)/.exec(row.textContent)?.[1] ??
          '',
        row.textContent,
      ]),
    );
    for (const [key, text] of found) if (key) rows.set(key, text ?? '');
    await look();
    still = (await scroll(0.9)) ? 0 : still + 1;
  }
  return rows;
}
