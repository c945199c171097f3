// What the page costs with 10^6 conversations and one of 10^5 items. `npm run studio:measure`; figures of a busy machine say nothing.
import type { SessionStore } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveStudio } from '../src/index.js';
import { largePostgresStore } from './large-postgres-store.ts';
import { LONG, largeStore } from './large-store.ts';
import { type Figures, measured } from './measuring.ts';
import { startBrowser } from './opened-page.ts';

const CONVERSATIONS = Number(process.env.STUDIO_CONVERSATIONS ?? 1_000_000);
const ITEMS = Number(process.env.STUDIO_ITEMS ?? 100_000);
const SECONDS = Number(process.env.STUDIO_SECONDS ?? 15);

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

function judge(view: string, figures: Figures): void {
  const { firstView, longestTask, longestByClock, scrolled, memory } = figures;
  console.log(
    `${view}: first view after ${firstView.toFixed(0)} ms; longest task in ${scrolled} pixels of scrolling ` +
      `${longestTask.toFixed(1)} ms (${longestByClock.toFixed(1)} by the clock); ${memory.toFixed(0)} MB`,
  );
  expect.soft(firstView).toBeLessThan(1000);
  expect.soft(longestTask).toBeLessThan(50);
  expect.soft(longestByClock).toBeLessThan(50);
  expect.soft(memory).toBeLessThan(150);
}

async function looks(store: SessionStore): Promise<void> {
  const list = await serveStudio(store);
  judge('the list', await measured(browser, list.url, { direction: 1, seconds: SECONDS }));
  await list.close();
  const conversation = await serveStudio(store, { open: LONG });
  judge('the conversation', await measured(browser, conversation.url, { direction: -1, seconds: SECONDS }));
  await conversation.close();
}

test(`${CONVERSATIONS} conversations, and one of ${ITEMS} items, in a SQLite file`, async () => {
  await using store = await largeStore(CONVERSATIONS, ITEMS);
  await looks(store);
});

describeEngine('postgres', (context) => {
  test(`${CONVERSATIONS} conversations, and one of ${ITEMS} items, on PostgreSQL`, async () => {
    await using store = await largePostgresStore(context.server, context.url, CONVERSATIONS, ITEMS);
    await looks(store);
  });
});
