// Every screen on the data of every engine: what it shows, what it changes, and what a check of accessibility finds.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { SessionStore } from '@stackone/sessions-core';
import type { Doctor } from '@stackone/sessions-core/doctor';
import { MemorySessionStore } from '@stackone/sessions-memory';
import { MysqlSessionStore } from '@stackone/sessions-mysql';
import { openDoctor as openMysqlDoctor } from '@stackone/sessions-mysql/doctor';
import { PostgresSessionStore } from '@stackone/sessions-postgres';
import { openDoctor as openPostgresDoctor } from '@stackone/sessions-postgres/doctor';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { openDoctor as openSqliteDoctor } from '@stackone/sessions-sqlite/doctor';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import Database from 'better-sqlite3';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleStore, user } from '../test/sample.ts';
import { recordSampleUsage, resumeRun, startWaitingRun } from '../test/sample-runs.ts';
import { violations } from './accessibility.ts';
import { openStudio, startBrowser } from './opened-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

/** Goes through all screens as who may change. */
async function everyScreen(store: SessionStore, doctor?: () => Promise<Doctor>): Promise<void> {
  await sampleStore(store);
  await startWaitingRun(store);
  await startWaitingRun(store, { id: 'run_2', conversation: 'other bills', tools: ['pay'] });
  await startWaitingRun(store.scoped('acme'), { id: 'run_acme' });
  await recordSampleUsage(store);
  await using opened = await openStudio(browser, store, { readOnly: false, doctor });
  const { page, problems, elsewhere } = opened;
  const look = async (hash: string, seen: string) => {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await page.getByText(seen).first().waitFor();
    expect(await violations(page), hash).toBe('');
  };
  await look('#/', 'Conversations');
  await look('#/?search=chat', 'Orders');
  await look('#/c/chat_123', 'It was sent');
  await look('#/c/chat_123/next', 'handed all items');
  await look('#/c/chat_123/raw', 'Read all of it');

  await look('#/runs', 'run_1');
  expect(await page.locator('main').textContent()).not.toContain('run_acme');
  await page.getByRole('button', { name: 'Approve' }).first().click();
  expect(await violations(page)).toBe('');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await page.getByText('pay: approved').waitFor();
  await page.getByRole('button', { name: 'Reject' }).first().click();
  await page.getByLabel('What the model is told').fill('Too much.');
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  // all is decided: it waits for nobody any more, and goes on as it was decided
  await expect.poll(() => page.getByText('run_1').count()).toBe(0);
  await resumeRun(store, 'run_1');
  const items = JSON.stringify(await store.session('bills').getItems());
  expect(items).toContain('paid');
  expect(items).toContain('Too much.');
  await page.locator('li', { hasText: 'run_2' }).getByRole('button', { name: 'Cancel the run' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
  await expect.poll(async () => (await store.runs.retrieve('run_2')).state).toBe('cancelled');
  await expect.poll(() => page.getByText('run_2').count()).toBe(0);

  await look('#/usage', 'gpt-5-mini');
  expect(await page.locator('.chart canvas').count()).toBe(2);
  const rows = await page.locator('table.sums tbody tr').allTextContents();
  expect(rows.filter((row) => row.includes('gpt'))).toEqual([
    expect.stringMatching(/gpt-5.*1.?000.*100/),
    expect.stringMatching(/gpt-5-mini.*1.?001.*100/),
  ]);
  if (doctor) {
    await look('#/doctor', 'TABLES');
    const levels = await levelsOf(doctor);
    const count = (level: string) => levels.filter((one) => one === level).length;
    expect(await page.getByRole('status').textContent()).toBe(
      `${count('wrong')} wrong, ${count('improvable')} could be better, ${count('good')} good.`,
    );
    expect(await page.locator('main li').count()).toBe(levels.length);
  } else expect(await page.getByRole('link', { name: 'Doctor' }).count()).toBe(0);

  await look('#/prune', 'Remove what is old');
  await page.getByRole('button', { name: 'Count them' }).click();
  await page.getByText('0 conversations did not change').waitFor();
  expect(await page.getByRole('button', { name: 'Remove them' }).count()).toBe(0);
  expect([problems, elsewhere]).toEqual([[], []]);
}

async function levelsOf(open: () => Promise<Doctor>): Promise<string[]> {
  const doctor = await open();
  const levels: string[] = [];
  for await (const { level } of doctor.examine()) levels.push(level);
  await doctor.close();
  return levels;
}

test('in memory', () => everyScreen(new MemorySessionStore()));

test('SQLite', async () => {
  const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
  await using store = await SqliteSessionStore.fromUrl(url);
  await everyScreen(store, () => openSqliteDoctor(url));
});

describeEngine('postgres', ({ url }) => {
  test('PostgreSQL', async () => {
    await using store = await PostgresSessionStore.fromUrl(url);
    await everyScreen(store, () => openPostgresDoctor(url));
  });
});

describeEngine(['mysql', 'mariadb'], ({ url }) => {
  test('MySQL and MariaDB', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await everyScreen(store, () => openMysqlDoctor(url));
  });
});

test('what is old is removed after it was counted, and only where changes are allowed', async () => {
  const file = join(temporaryFolder(), 'sessions.db');
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${file}`);
  for (const id of ['old', 'new']) await store.session(id).addItems([user('Hi')]);
  const database = new Database(file);
  database.exec(
    "UPDATE agent_sessions SET updated_at = datetime('now', '-100 days') WHERE session_id = 'old'",
  );
  database.close();
  await using reading = await openStudio(browser, store);
  await reading.page.locator('.sessions a', { hasText: 'old' }).waitFor();
  expect(await reading.page.getByRole('link', { name: 'Remove what is old' }).count()).toBe(0);
  await reading.page.goto(`${reading.url.split('#')[0]}#/prune`);
  await expect.poll(() => reading.page.getByRole('alert').textContent()).toContain('does not show');

  await using opened = await openStudio(browser, store, { readOnly: false });
  const { page, problems } = opened;
  await page.getByRole('link', { name: 'Remove what is old' }).click();
  const ask = async () => {
    await page.getByRole('button', { name: 'Count them' }).click();
    await page.getByText('1 conversations did not change').waitFor();
    await page.getByRole('button', { name: 'Remove them…' }).click();
  };
  await ask();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await store.sessions.count()).toBe(2);
  await ask();
  expect(await violations(page)).toBe('');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove them' }).click();
  await page.getByText('1 conversations were removed.').waitFor();
  expect((await store.sessions.list()).data.map(({ id }) => id)).toEqual(['new']);
  expect(problems).toEqual([]);
});

test('a conversation is taken along as JSON, as a request and as a fixture, whole', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store, { open: 'chat_123' });
  const { page, url } = opened;
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  const copied = async (name: string) => {
    const button = page.getByRole('button', { name, exact: true });
    await button.click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await button.waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const items = await store.session('chat_123').getItems();
  expect(JSON.parse(await copied('Copy what is shown as JSON'))).toEqual(items);

  const fixture = join(temporaryFolder(), 'fixture.ts');
  writeFileSync(fixture, await copied('as a test fixture'));
  expect((await import(pathToFileURL(fixture).href)).items).toEqual(items);

  const curl = await copied('as curl');
  const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token') ?? '';
  expect(curl).not.toContain(token);
  const { stdout } = await promisify(execFile)('bash', ['-c', curl], {
    env: { ...process.env, STUDIO_TOKEN: token },
  });
  expect((JSON.parse(stdout) as { data: unknown[] }).data).toHaveLength(items.length);
});

test('keys and addresses lead to each screen', async () => {
  const store = await sampleStore();
  await using opened = await openStudio(browser, store);
  const { page } = opened;
  await page.locator('[data-step]').first().waitFor();
  const heading = (name: string) => page.getByRole('heading', { name, level: 2 }).waitFor();
  for (const [key, name] of [
    ['w', 'Runs that wait'],
    ['u', 'Usage and growth'],
  ] as const) {
    await page.keyboard.press(key);
    await heading(name);
    const address = page.url();
    await page.keyboard.press('Escape');
    await heading('Conversations');
    await page.goto(address);
    await heading(name);
    await page.keyboard.press('Escape');
  }
  await page.goto(`${opened.url.split('#')[0]}#/usage?days=7`);
  await heading('Usage and growth');
  expect(await page.getByLabel('Days').inputValue()).toBe('7');
});
