import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, onTestFinished, test } from 'vitest';
import { Client, startChat } from './client.ts';

const PAGE = join(import.meta.dirname, '../page');

test('the page is served, asks no other host, and finds its elements', async () => {
  const chat = await startChat({ DATABASE_URL: `sqlite:${join(temporaryFolder(), 'chat.db')}` });
  onTestFinished(() => chat.kill('SIGKILL'));
  const files = ['', ...globSync('*', { cwd: PAGE })];
  expect(files).toHaveLength(5);
  for (const file of files) {
    const response = await fetch(`${chat.url}/${file}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toBe("default-src 'self'");
    expect(await response.text()).not.toMatch(/https?:|\/\/[a-z]/i);
  }
  const html = readFileSync(join(PAGE, 'index.html'), 'utf8');
  const wanted = readFileSync(join(PAGE, 'page.js'), 'utf8').matchAll(/\bat\('(\w+)'\)/g);
  const ids = new Set(Array.from(wanted, ([, id]) => `id="${id}"`));
  expect(ids.size).toBeGreaterThan(10);
  for (const id of ids) expect(html).toContain(id);
});

test('without a key a stand-in answers, and asks for a refund', async () => {
  const chat = await startChat({ DATABASE_URL: `sqlite:${join(temporaryFolder(), 'chat.db')}` });
  onTestFinished(() => chat.kill('SIGKILL'));
  const client = new Client(chat, 'acme', 'ada');
  const id = await client.create();
  const first = await (await client.ask(id, 'messages', { text: 'My name is Ada.' })).whole();
  expect(first).toEqual({ text: expect.stringContaining('“My name is Ada.”'), end: { type: 'done' } });
  const second = await (await client.ask(id, 'messages', { text: 'And?' })).whole();
  expect(second.text).toContain('Before that: “My name is Ada.”');
  const third = await (await client.ask(id, 'messages', { text: 'Please refund order 4711.' })).whole();
  expect(third).toEqual({ text: '', end: { type: 'approval' } });
  const { approval } = await client.view(id);
  const approved = approval?.calls.map(({ callId }) => callId);
  const decided = await (await client.ask(id, 'decision', { approval: approval?.id, approved })).whole();
  expect(decided).toEqual({ text: 'The money for order 4711 was given back.', end: { type: 'done' } });
});
