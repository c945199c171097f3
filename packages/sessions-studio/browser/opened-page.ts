import type { SessionStore } from '@stackone/sessions-core';
import { findChromium } from '@stackone/test-servers/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';
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

export async function startBrowser(): Promise<Browser> {
  const { executablePath, args } = await findChromium();
  // this browser opens our own pages alone; its sandbox needs rights that root in a container lacks
  return chromium.launch({ executablePath, args: [...args, '--no-sandbox'] });
}

/** Opens a studio as the command line does. */
export async function openStudio(
  browser: Browser,
  store: SessionStore,
  options: ServeOptions & { readonly files?: Readonly<Record<string, string>> | undefined } = {},
): Promise<OpenedPage> {
  const { files, ...served } = options;
  const studio = await serveStudio(store, served);
  const context = await browser.newContext();
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
