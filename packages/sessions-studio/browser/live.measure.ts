// How soon a turn of another process is shown, on each engine. `npm run studio:measure`; figures of a busy machine say nothing.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { median, turnsOfAnother } from './live.ts';
import { onEveryEngine } from './live-engines.ts';
import { startBrowser } from './opened-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

onEveryEngine('how soon turns of another process are shown', async (store, url, soon) => {
  const times = await turnsOfAnother(browser, store, url, 40);
  console.log(
    `${new URL(url).protocol} shown after ${median(times)} ms (median of 40), at most ${Math.max(...times)} ms`,
  );
  expect(Math.max(...times)).toBeLessThan(soon);
});
