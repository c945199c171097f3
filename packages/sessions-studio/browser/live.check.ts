// What another process writes is shown as it comes. How soon is printed, and measured by `npm run studio:measure`: a busy machine says nothing.
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

onEveryEngine('turns of another process are shown', async (store, url) => {
  const times = await turnsOfAnother(browser, store, url, 5);
  console.log(`shown after ${median(times)} ms, at most ${Math.max(...times)} ms`);
  expect(times).toHaveLength(5);
  // by the same clock: what is seen was written
  expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
});
