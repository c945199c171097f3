// What is stored can be looked at from the command line.
import { describe, expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions } from '../run-sessions.js';
import { FIRST_TURN, SECOND_TURN, sampleFolder } from './sample-database.js';

const { url } = await sampleFolder();

/** What a command prints that succeeds and has nothing else to say. */
async function printed(...args: string[]): Promise<string> {
  const { stdout, ...rest } = await sessions(args);
  expect(rest).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const jsonLines = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('list', () => {
  test('shows ids, times and titles, the conversation that changed last first', async () => {
    const [head, ...rows] = (await printed('list', url)).split('\n');
    expect(head).toMatch(/^ID {8}CHANGED {15}TITLE$/);
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['other', expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)],
      ['chat_456', expect.any(String)],
      ['chat_123', expect.any(String), 'Orders'],
      [''],
    ]);
  });

  test('--json: a conversation on each line', async () => {
    const store = await openSessionStore(url);
    const infos = [];
    for await (const info of store.sessions.list({ by: 'id', order: 'asc' })) infos.push(info);
    await store.close();
    const lines = jsonLines(await printed('list', url, '--json', '--by', 'id', '--order', 'asc'));
    expect(lines).toEqual(JSON.parse(JSON.stringify(infos)));
  });

  test.each([
    [
      ['--prefix', 'chat_'],
      ['chat_456', 'chat_123'],
    ],
    [['--limit', '1'], ['other']],
    [
      ['--limit', '1', '--all'],
      ['other', 'chat_456', 'chat_123'],
    ],
    [['--metadata', 'topic=orders'], ['chat_123']],
    [['--metadata', 'level=2', '--metadata', 'topic=orders'], ['chat_123']],
    [['--metadata', 'level="2"'], []],
    [
      ['--changed-after', '2020-01-01'],
      ['other', 'chat_456', 'chat_123'],
    ],
    [['--changed-before', '2020-01-01'], []],
    [['--tenant', 'acme'], ['chat_1']],
    [
      ['--by', 'created', '--order', 'asc'],
      ['chat_123', 'chat_456', 'other'],
    ],
  ])('%j', async (args, ids) => {
    const lines = jsonLines(await printed('list', '--json', ...args, url));
    expect(lines.map(({ id }) => id)).toEqual(ids);
  });

  test('--count', async () => {
    expect(await printed('list', '--count', url)).toBe('3\n');
    expect(await printed('list', '--count', '--prefix', 'chat_', '--json', url)).toBe('{"count":2}\n');
  });
});

describe('show', () => {
  test('a conversation as people read it', async () => {
    const shown = await printed('show', 'chat_123', url);
    const time = /, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
    const [head, times, metadata, ...lines] = shown.replace(time, '').split('\n');
    expect([head, metadata]).toEqual(['Orders (chat_123)', 'metadata {"topic":"orders","level":2}']);
    expect(times).toMatch(/^made \S+Z, changed \S+Z$/);
    expect(lines.join('\n')).toBe(`
user
  Where is my order?

thinking
  I have to look.

tool find_order
  {"order":7}
  ->
  line 0
  line 1
  line 2
  line 3
  line 4
  line 5
  line 6
  line 7
  … 174 more characters: --full

assistant
  It was sent.

user
  Is it\\u{1b}[2J this one?
  [image, about 31 kB]

assistant
  Yes.
`);
  });

  test('--full, --last', async () => {
    expect(await printed('show', 'chat_123', '--full', url)).toContain('  line 29\n');
    const shown = await printed('show', 'chat_123', '--last', '1', url);
    expect(shown).toContain('Yes.');
    expect(shown).not.toContain('sent');
  });

  test('--json: the items as they are stored, each on a line', async () => {
    const lines = jsonLines(await printed('show', 'chat_123', '--json', url));
    expect(lines.map(({ item }) => item)).toEqual([...FIRST_TURN, ...SECOND_TURN]);
    for (const { id, createdAt, turn } of lines) {
      expect([id, turn]).toEqual([expect.any(String), expect.any(String)]);
      expect(createdAt).toMatch(/^\d{4}-.*Z$/);
    }
    const last = jsonLines(await printed('show', 'chat_123', '--json', '--last', '3', url));
    expect(last).toEqual(lines.slice(-3));
  });

  test('--tenant', async () => {
    expect(await printed('show', 'chat_1', '--tenant', 'acme', url)).toContain('I am of acme');
    expect(await sessions(['show', 'chat_1', url])).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('turns', () => {
  test('ids, times, numbers of items and what the user said', async () => {
    const [head, first, second] = (await printed('turns', 'chat_123', url)).split('\n');
    expect(head).toMatch(/^ID +TIME +ITEMS {2}TEXT$/);
    expect(first?.split(/ {2,}/).slice(2)).toEqual(['5', 'Where is my order?']);
    expect(second?.split(/ {2,}/).slice(2)).toEqual(['2', 'Is it\\u{1b}[2J this one?']);
  });

  test('--json, --last', async () => {
    expect(jsonLines(await printed('turns', 'chat_123', '--json', '--last', '1', url))).toEqual([
      { id: expect.any(String), createdAt: expect.any(String), items: 2, text: 'Is it\u001b[2J this one?' },
    ]);
  });
});

test.each(['show', 'turns'])('%s of a conversation that is not there: one line, and 3', async (command) => {
  const { code, stdout, stderr } = await sessions([command, 'chat_789', url]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/^error: There is no conversation with this id\.[^\n]*\n$/);
});

test('a conversation of many items is printed page by page, and a reader may want less of it', async () => {
  const many = await sampleFolder();
  const store = await openSessionStore(many.url);
  const text = 'x'.repeat(200);
  for (let turn = 0; turn < 5; turn++) {
    const items = Array.from({ length: 500 }, () => ({ role: 'user' as const, content: text }));
    await store.session('long').addItems(items);
  }
  await store.close();
  expect(jsonLines(await printed('show', 'long', '--json', many.url))).toHaveLength(2500);
  expect(jsonLines(await printed('show', 'long', '--json', '--last', '1234', many.url))).toHaveLength(1234);
  expect(jsonLines(await printed('turns', 'long', '--json', '--last', '250', many.url))).toHaveLength(250);
});
