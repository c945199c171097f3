// What a page must not make of hostile texts, wherever they stand.
import assert from 'node:assert/strict';
import type { SessionStore } from '@stackone/sessions-core';
import { MemorySessionStore } from '@stackone/sessions-memory';
import type { Browser } from 'playwright-core';
import { HOSTILE, user } from '../test/sample.ts';
import { startWaitingRun } from '../test/sample-runs.ts';
import { XSS } from '../test/xss-corpus.ts';
import { openStudio, throughAll } from './opened-page.ts';

/** All elements that the page makes. */
const OWN =
  'HTML HEAD META TITLE LINK SCRIPT BODY DIV NOSCRIPT HEADER MAIN FOOTER SECTION NAV H1 H2 P SPAN A BUTTON FORM LABEL INPUT SELECT OPTION UL OL LI ARTICLE DETAILS SUMMARY PRE CODE KBD STRONG EM DEL BR HR BLOCKQUOTE TABLE THEAD TBODY TR TH TD DIALOG'.split(
    ' ',
  );

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

/** Looks at all views of it. */
export async function lookAtHostile(
  browser: Browser,
  store: SessionStore,
  files?: Readonly<Record<string, string>>,
): Promise<void> {
  await using opened = await openStudio(browser, store, { files });
  const { page, problems, elsewhere } = opened;
  // many rows at once
  await page.setViewportSize({ width: 1280, height: 6000 });
  const shown = (rows: string) =>
    page
      .locator(rows)
      .first()
      .waitFor()
      .catch(() => assert.fail(`nothing is shown: ${problems.join(' ')}`));
  const look = async (what: string) => {
    const seen = await page.evaluate((own) => {
      const elements = [...document.querySelectorAll('*')];
      return {
        hacked: 'hacked' in window || 'hacked' in {},
        others: elements.map(({ tagName }) => tagName).filter((name) => !own.includes(name)),
        scripts: elements.filter(({ tagName }) => tagName === 'SCRIPT').length,
        handlers: elements.flatMap((one) =>
          one.getAttributeNames().filter((name) => /^on|^style$|^srcdoc$|^formaction$/.test(name)),
        ),
        links: [...document.querySelectorAll('a')]
          .map((link) => link.href)
          .filter((href) => !/^(https?|mailto):/.test(href)),
        titles: [...document.querySelectorAll('title')].map(({ textContent }) => textContent),
      };
    }, OWN);
    assert.deepEqual(
      seen,
      { hacked: false, others: [], scripts: 1, handlers: [], links: [], titles: ['Sessions studio'] },
      what,
    );
  };
  await shown('.sessions a');
  const listed = await throughAll(page, () => look('the list'));
  assert.equal(listed.size, (await store.sessions.list({ limit: 1000 })).data.length);
  for (const view of ['', '/next', '/raw']) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/c/hostile${view}`);
    await shown('ol.turns > li');
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
      await look(view);
    });
    assert.equal(
      seen.size,
      view === '' ? HOSTILE.length - XSS.length : view === '/raw' ? HOSTILE.length : 100,
      view,
    );
    await page.locator('body').hover();
    await look(view);
  }
  await page.evaluate(() => {
    location.hash = '#/runs';
  });
  await page.getByText('run_0', { exact: false }).first().waitFor();
  await look('runs');
  await page.evaluate(() => {
    location.hash = '#/c/hostile';
  });
  await shown('ol.turns > li');
  const id = await page.evaluate(() => location.hash);
  assert.match(id, /hostile/);
  assert.deepEqual([problems, elsewhere], [[], []]);
}
