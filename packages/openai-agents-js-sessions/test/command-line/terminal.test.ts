// In a terminal the program asks, fits into the window and is coloured; Ctrl+C ends it.
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessionsInTerminal } from '../run-sessions.js';
import { sampleFolder } from './sample-database.js';

const ESCAPE = '\u001b[';

async function ids(url: string): Promise<string[]> {
  await using store = await openSessionStore(url);
  const page = await store.sessions.list({ by: 'id', order: 'asc' });
  return page.data.map(({ id }) => id);
}

test.each([
  ['y', 0, ['chat_456', 'other'], 'deleted chat_123: 7 items'],
  ['n', 4, ['chat_123', 'chat_456', 'other'], 'error: Nothing was done.'],
  ['\r', 4, ['chat_123', 'chat_456', 'other'], 'error: Nothing was done.'],
  ['\u0003', 130, ['chat_123', 'chat_456', 'other'], 'Interrupted.'],
])('delete asks first: %j', async (typed, code, left, message) => {
  const { url } = await sampleFolder();
  const ending = await sessionsInTerminal(['delete', 'chat_123', '--url', url], {
    keys: [['Delete the conversation Orders, with all items?', typed]],
  });
  expect(ending.code).toBe(code);
  expect(ending.stdout).toContain(message);
  expect(await ids(url)).toEqual(left);
});

test('--yes asks nothing', async () => {
  const { url } = await sampleFolder();
  const ending = await sessionsInTerminal(['rewind', 'chat_123', '--yes', url]);
  expect(ending).toMatchObject({ code: 0, stdout: expect.not.stringContaining('Remove') });
});

test('a list fits into a narrow window', async () => {
  const { url } = await sampleFolder();
  const store = await openSessionStore(url);
  await store.sessions.update('chat_123', { title: '注文 '.repeat(30) });
  await store.sessions.rename('other', `other_${'x'.repeat(40)}`);
  await store.close();
  const { code, stdout } = await sessionsInTerminal(['list', url], { columns: 40 });
  expect(code).toBe(0);
  const { default: truncatedWidth } = await import('fast-string-truncated-width');
  const lines = stdout.split(/\r?\n/).filter((line) => line !== '');
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(truncatedWidth(line).width).toBeLessThanOrEqual(40);
  expect(stdout).toContain('…');
});

test('turns fit into a narrow window', async () => {
  const { url } = await sampleFolder();
  const { code, stdout } = await sessionsInTerminal(['turns', 'chat_123', url], { columns: 40 });
  expect(code).toBe(0);
  const { default: truncatedWidth } = await import('fast-string-truncated-width');
  const lines = stdout.split(/\r?\n/).filter((line) => line !== '');
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(truncatedWidth(line).width).toBeLessThanOrEqual(40);
});

test('more than is shown is told of, to people alone', async () => {
  const { url } = await sampleFolder();
  const list = (...args: string[]) => sessionsInTerminal(['list', '--limit', '1', ...args, url]);
  expect((await list()).stdout).toContain('There are more: --limit 10, or --all.');
  expect((await list('--quiet')).stdout).not.toContain('There are more');
  expect((await list('--json')).stdout).not.toContain('There are more');
});

test('colours, unless NO_COLOR is set', async () => {
  const { url } = await sampleFolder();
  const shown = await sessionsInTerminal(['show', 'chat_123', url]);
  expect(shown.stdout).toContain(`${ESCAPE}1m${ESCAPE}32muser`);
  const plain = await sessionsInTerminal(['show', 'chat_123', url], { environment: { NO_COLOR: '1' } });
  expect(plain.stdout).toContain('user, ');
  expect(plain.stdout).not.toContain(ESCAPE);
});

test('what was said gives the terminal no orders', async () => {
  const { url } = await sampleFolder();
  const { stdout } = await sessionsInTerminal(['show', 'chat_123', url]);
  expect(stdout).toContain('\\u{1b}[2J');
  expect(stdout).not.toContain(`${ESCAPE}2J`);
  const json = await sessionsInTerminal(['show', 'chat_123', '--json', url]);
  expect(json.stdout).not.toContain(ESCAPE);
});

test('show goes through $PAGER', async () => {
  const { url } = await sampleFolder();
  const environment = { PAGER: 'sed s/^/paged:/' };
  const paged = await sessionsInTerminal(['show', 'chat_123', url], { environment });
  expect(paged).toMatchObject({ code: 0, stdout: expect.stringContaining('paged:  It was sent.') });
  const stopped = await sessionsInTerminal(['show', 'chat_123', url], { environment: { PAGER: 'true' } });
  expect(stopped).toMatchObject({ code: 0, stdout: '' });
  for (const option of ['--no-pager', '--json']) {
    const { stdout } = await sessionsInTerminal(['show', 'chat_123', option, url], { environment });
    expect(stdout).not.toContain('paged:');
  }
});
