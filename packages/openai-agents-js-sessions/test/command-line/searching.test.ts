// What is stored can be looked for and counted from the command line.
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions, sessionsInTerminal } from '../run-sessions.js';
import { sampleFolder } from './sample-database.js';

const { url } = await sampleFolder();

const jsonLines = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** Which conversations have a text, and who said it. */
async function found(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await sessions(['grep', '--json', ...args, url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return jsonLines(stdout).map(({ id, who }) => `${id}: ${who}`);
}

test.each([
  [['order'], ['chat_123: user', 'chat_123: function_call', 'chat_123: function_call_result']],
  [['line 29'], ['chat_123: function_call_result']],
  [['{"order":7}'], ['chat_123: function_call']],
  [['have to look'], ['chat_123: reasoning']],
  [
    ['hello', '--ignore-case'],
    ['other: user', 'other: assistant'],
  ],
  [['hello', '-i', '--limit', '1'], ['other: user']],
  [
    ['Hello', '--id', 'other'],
    ['other: user', 'other: assistant'],
  ],
  [['acme', '--tenant', 'acme'], ['chat_1: user']],
])('grep %j', async (args, matches) => {
  expect(await found(...args)).toEqual(matches);
});

test('grep for people: the conversation, the time, who, and what stands around it', async () => {
  const { code, stdout, stderr } = await sessions(['grep', 'this one', url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^chat_123 {2}\d{4}-\S+Z {2}user: Is it\\u\{1b\}\[2J this one\?\n$/);
  const coloured = await sessionsInTerminal(['grep', 'one', url]);
  expect(coloured.stdout).toContain('\u001b[1m\u001b[31mone\u001b[');
});

test('the match itself is whole, where upper and lower case have different lengths', async () => {
  const turkish = await sampleFolder();
  const store = await openSessionStore(turkish.url);
  await store.session('turkish').addItems([{ role: 'user', content: `${'İ'.repeat(100)} Izmir (a.b)` }]);
  await store.close();
  const { stdout } = await sessions(['grep', '-i', 'izmir (A.B)', '--json', turkish.url]);
  expect(jsonLines(stdout)).toMatchObject([{ excerpt: `${'İ'.repeat(59)} Izmir (a.b)` }]);
});

test.each([
  [['grep', 'nowhere'], 'error: The text is in no item.\n'],
  [['grep', 'acme'], 'error: The text is in no item.\n'],
  [['grep', 'Hello', '--id', 'nobody'], 'error: There is no conversation with this id.'],
])('%j: 3', async (args, message) => {
  const { code, stdout, stderr } = await sessions([...args, url]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain(message);
});

test('an empty text makes no sense', async () => {
  expect(await sessions(['grep', '', url])).toMatchObject({ code: 2, stdout: '' });
});

test('stats: totals, the longest conversations and a bar for each day', async () => {
  const { code, stdout, stderr } = await sessions(['stats', url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [conversations, items, bytes, times, tokens, empty, head, first, ...rest] = stdout.split('\n');
  expect([conversations, items, empty]).toEqual([
    'conversations 4, of 1 tenant and of none',
    'items         13',
    '',
  ]);
  expect(bytes).toMatch(/^bytes {9}4\d,\d{3}$/);
  expect(times).toMatch(/^from, to {6}\S+Z, \S+Z$/);
  expect(tokens).toBe('tokens        0 in, 0 out, of 0 requests');
  expect(head).toMatch(/^ITEMS {2}BYTES {2}CHANGED {15}ID$/);
  expect(first?.split(/ {2,}/)).toEqual(['7', expect.any(String), expect.any(String), 'chat_123']);
  expect(rest.join('\n')).toMatch(/ {2}chat_1 \(acme\)\n/);
  expect(rest.join('\n')).toMatch(/\n\nitems by day\n\d{4}-\d\d-\d\d {2}█+ \d+\n$/s);
});

test('stats --json, of a tenant', async () => {
  const { stdout } = await sessions([
    'stats',
    '--tenant',
    'acme',
    '--top',
    '1',
    '--days',
    '1',
    '--json',
    url,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    sessions: 1,
    tenants: 1,
    items: 2,
    bytes: expect.any(Number),
    oldest: expect.any(String),
    newest: expect.any(String),
    longest: [
      { id: 'chat_1', tenant: 'acme', items: 2, bytes: expect.any(Number), updatedAt: expect.any(String) },
    ],
    days: [{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), items: 2 }],
    usage: expect.objectContaining({ requests: 0, inputTokens: 0 }),
  });
});

test('stats of nothing', async () => {
  const { folder } = await sampleFolder();
  const empty = `sqlite:${folder}/empty.db`;
  await (await openSessionStore(empty)).close();
  const { code, stdout } = await sessions(['stats', empty]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: 'conversations 0\nitems         0\nbytes         0\ntokens        0 in, 0 out, of 0 requests\n',
  });
});
