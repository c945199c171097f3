// What a page must not make of hostile texts, wherever they stand.
import assert from 'node:assert/strict';
import type { SessionStore } from '@stackone/sessions-core';
import { MemorySessionStore } from '@stackone/sessions-memory';
import type { Browser, Page } from 'playwright-core';
import type { RunsPage, ShownFinding, UsageShown } from '../src/wire.ts';
import { HOSTILE, user } from '../test/sample.ts';
import { startWaitingRun } from '../test/sample-runs.ts';
import { XSS } from '../test/xss-corpus.ts';
import { type OpenedPage, openStudio, throughAll } from './opened-page.ts';

/** All elements that the page makes. */
const OWN =
  'HTML HEAD META TITLE LINK SCRIPT BODY DIV NOSCRIPT HEADER MAIN FOOTER SECTION NAV H1 H2 H3 P SPAN A BUTTON FORM LABEL INPUT SELECT OPTION UL OL LI ARTICLE DETAILS SUMMARY PRE CODE KBD STRONG EM DEL BR HR BLOCKQUOTE TABLE THEAD TBODY TR TH TD DIALOG IMG CANVAS'.split(
    ' ',
  );

/** The files of a page that is not the built one. */
type Files = Readonly<Record<string, string>> | undefined;

/** A store whose texts are all hostile: items, ids, titles, metadata. */
export async function hostileStore(): Promise<SessionStore> {
  const store = new MemorySessionStore();
  for (const [at, text] of XSS.entries()) {
    const id = text.replaceAll('\0', '').slice(0, 200);
    await store.session(id).addItems([user(text)]);
    await store.sessions.update(id, { title: text, metadata: { [`key ${at} ${text}`.slice(0, 100)]: text } });
  }
  await store.session('hostile').addItems(HOSTILE);
  for (const [at, text] of XSS.slice(0, 40).entries())
    await startWaitingRun(store, {
      id: `run_${at}`,
      conversation: `bills ${at} ${text.replaceAll('\0', '').slice(0, 100)}`,
      note: text,
    });
  return store;
}

/** Fails where the page has anything that it does not make itself. */
export async function look(page: Page, what: string): Promise<void> {
  const seen = await page.evaluate((own) => {
    const elements = [...document.querySelectorAll('*')];
    return {
      hacked: 'hacked' in window || 'hacked' in {},
      others: elements.map(({ tagName }) => tagName).filter((name) => !own.includes(name)),
      scripts: elements.filter(({ tagName }) => tagName === 'SCRIPT').length,
      handlers: elements.flatMap((one) =>
        one
          .getAttributeNames()
          .filter((name) => /^on|^style$|^srcdoc$|^formaction$/.test(name))
          // what draws charts says there where they are
          .filter((name) => name !== 'style' || !one.closest('.uplot')),
      ),
      links: [...document.querySelectorAll('a')]
        .map((link) => link.href)
        .filter((href) => !/^(https?|mailto):/.test(href)),
      pictures: [...document.images]
        .map(({ src }) => src)
        .filter((src) => !src.startsWith('data:image/') && !src.startsWith(`${location.origin}/`)),
      titles: [...document.querySelectorAll('title')].map(({ textContent }) => textContent),
    };
  }, OWN);
  assert.deepEqual(
    seen,
    {
      hacked: false,
      others: [],
      scripts: 1,
      handlers: [],
      links: [],
      pictures: [],
      titles: ['Sessions studio'],
    },
    what,
  );
}

async function shown({ page, problems }: OpenedPage, what: string): Promise<void> {
  await page
    .locator(what)
    .first()
    .waitFor()
    .catch(() => assert.fail(`nothing is shown: ${problems.join(' ')}`));
}

const show = (page: Page, hash: string) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);

/** Looks at the list and at all views of a conversation. */
export async function lookAtHostile(browser: Browser, store: SessionStore, files?: Files): Promise<void> {
  await using opened = await openStudio(browser, store, { files });
  const { page, problems, elsewhere } = opened;
  // many rows at once
  await page.setViewportSize({ width: 1280, height: 6000 });
  await shown(opened, '.sessions a');
  const listed = await throughAll(page, () => look(page, 'the list'));
  assert.equal(listed.size, (await store.sessions.list({ limit: 1000 })).data.length);
  for (const view of ['', '/next', '/raw']) {
    await show(page, `#/c/hostile${view}`);
    await shown(opened, 'ol.turns > li');
    const seen = await throughAll(page, async () => {
      await page.evaluate(async () => {
        // what is folded is made when it is opened
        for (let closed = 1; closed > 0; ) {
          const folds = [...document.querySelectorAll('details')].filter(({ open }) => !open);
          closed = folds.length;
          for (const fold of folds) fold.open = true;
          await new Promise((resolve) => setTimeout(resolve));
        }
      });
      await look(page, view);
    });
    assert.equal(
      seen.size,
      view === '' ? HOSTILE.length - XSS.length : view === '/raw' ? HOSTILE.length : 100,
      view,
    );
    await page.locator('body').hover();
    await look(page, view);
  }
  await show(page, '#/runs');
  await page.getByText('run_0', { exact: false }).first().waitFor();
  await look(page, 'runs');
  await show(page, '#/c/hostile');
  await shown(opened, 'ol.turns > li');
  assert.match(await page.evaluate(() => location.hash), /hostile/);
  assert.deepEqual([problems, elsewhere], [[], []]);
}

const TIME = '2026-03-12T10:00:00.000Z';
const DAY = TIME.slice(0, 10);

/** Answers of the server with a hostile text in every field that is a text. */
const ANSWERS = {
  runs: {
    data: XSS.map((text) => ({
      id: text,
      sessionId: text,
      agent: text,
      state: text,
      createdAt: TIME,
      changedAt: TIME,
      calls: [text, JSON.stringify({ [text]: [text, { [text]: text }] })].map((given, at) => ({
        callId: `${at}${text}`,
        tool: text,
        arguments: given,
        agent: text,
        ...(at === 1 && { decision: text as 'approved' }),
      })),
    })),
    nextCursor: XSS.join(),
  } satisfies RunsPage,
  usage: {
    used: XSS.map((model) => ({
      day: DAY,
      model,
      requests: 1,
      inputTokens: 1,
      outputTokens: 1,
      cachedTokens: 1,
    })),
    growth: [{ day: DAY, conversations: 1 }],
    conversations: 1,
  } satisfies UsageShown,
  doctor: {
    data: XSS.map((text) => ({
      code: text as ShownFinding['code'],
      level: 'wrong' as const,
      message: text,
      advice: text,
    })),
  },
  prune: { before: TIME, conversations: XSS.join() },
} as const;

/** Looks at the screens of the whole store: with hostile answers, with hostile addresses, and with refusals that tell hostile texts. */
export async function lookAtScreens(browser: Browser, files?: Files): Promise<void> {
  const store = new MemorySessionStore();
  await using opened = await openStudio(browser, store, {
    files,
    readOnly: false,
    tenant: XSS[2],
    doctor: () => Promise.reject(new Error('not asked')),
  });
  const { page, problems, elsewhere } = opened;
  const hostile = XSS.join(' ');
  await page.route('**/api/about*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), doctor: true, tenant: hostile } });
  });
  for (const [name, json] of Object.entries(ANSWERS))
    await page.route(`**/api/${name}?*`, (route) => route.fulfill({ json }));
  await page.reload();
  await shown(opened, '.badge.first');

  await show(page, '#/runs');
  await shown(opened, 'main li');
  assert.equal(await page.locator('main li').count(), XSS.length);
  await look(page, 'runs');
  for (const name of ['Approve', 'Reject', 'Cancel the run']) {
    await page.getByRole('button', { name }).first().click();
    await shown(opened, 'dialog');
    await look(page, name);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  }
  await show(page, '#/usage');
  await shown(opened, 'canvas');
  assert.equal(await page.locator('.sums tbody tr').count(), XSS.length);
  await look(page, 'usage');
  await show(page, '#/doctor');
  await shown(opened, 'main li');
  assert.equal(await page.locator('main li').count(), XSS.length);
  await look(page, 'doctor');
  await show(page, '#/prune');
  await page.getByRole('button', { name: 'Count them' }).click();
  await page.getByText('conversations did not change').waitFor();
  await look(page, 'prune');

  await page.unrouteAll();
  const addresses = XSS.flatMap((text) => {
    const one = encodeURIComponent(text.slice(0, 200));
    return [
      `#/?search=${one}&order=${one}&days=${one}&after=${one}`,
      `#/usage?days=${one}`,
      `#/${text.slice(0, 200)}`,
    ];
  });
  for (const address of [...addresses, `#/runs?after=${encodeURIComponent(hostile.slice(0, 2000))}`]) {
    await show(page, address);
    await look(page, address);
  }
  // the browser tells of requests that were refused
  assert.deepEqual([problems.filter((one) => !one.includes('status of 400')), elsewhere], [[], []]);

  const message = `${hostile} of the server`;
  await page.route('**/api/*', (route) =>
    route.fulfill({ status: 500, json: { error: { code: hostile, message } } }),
  );
  for (const hash of ['#/', '#/runs', '#/usage', '#/doctor', '#/c/none']) {
    await show(page, hash);
    await page.getByRole('alert').getByText('of the server').first().waitFor();
    await look(page, hash);
  }
}
