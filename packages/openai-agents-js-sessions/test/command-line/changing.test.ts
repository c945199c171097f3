// Conversations can be deleted, renamed, forked and turned back from the command line.
import { beforeEach, describe, expect, test } from 'vitest';
import { openSessionStore, type SessionStore } from '../../src/index.js';
import { sessions } from '../run-sessions.js';
import { FIRST_TURN, sampleFolder } from './sample-database.js';

let url: string;

beforeEach(async () => {
  ({ url } = await sampleFolder());
});

/** What the database has afterwards. */
async function stored<T>(look: (store: SessionStore) => Promise<T>): Promise<T> {
  await using store = await openSessionStore(url);
  return await look(store);
}

async function ids(tenant?: string): Promise<string[]> {
  return stored(async (store) => {
    const { sessions: all } = tenant === undefined ? store : store.scoped(tenant);
    const page = await all.list({ by: 'id', order: 'asc' });
    return page.data.map(({ id }) => id);
  });
}

describe('delete', () => {
  test('says what went, and late turns are refused', async () => {
    expect(await sessions(['delete', 'chat_123', '--yes', '--url', url])).toEqual({
      code: 0,
      stdout: 'deleted chat_123: 7 items\n',
      stderr: '',
    });
    expect(await ids()).toEqual(['chat_456', 'other']);
    const late = stored((store) => store.session('chat_123').addItems(FIRST_TURN));
    await expect(late).rejects.toMatchObject({ code: 'SESSION_ERASED' });
  });

  test('--refuse-for 0: it can be begun again at once', async () => {
    await sessions(['delete', 'chat_123', '--yes', '--refuse-for', '0', '--url', url]);
    await stored((store) => store.session('chat_123').addItems(FIRST_TURN));
    expect(await ids()).toContain('chat_123');
  });

  test('several, of which one is not there', async () => {
    const { code, stdout, stderr } = await sessions([
      'delete',
      'chat_123',
      'nobody',
      'other',
      '--yes',
      '--json',
      '--url',
      url,
    ]);
    expect(code).toBe(3);
    expect(stderr).toBe('error: 1 of the conversations were not there.\n');
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'chat_123', deleted: true, removed: { sessions: 1, messages: 7, metadata: 1 } },
      { id: 'nobody', deleted: false, removed: { messages: 0 } },
      { id: 'other', deleted: true, removed: { messages: 2 } },
    ]);
    expect(await ids()).toEqual(['chat_456']);
  });

  test('all of a tenant', async () => {
    expect(await sessions(['delete', '--tenant', 'acme', '--all', '--yes', '--url', url])).toEqual({
      code: 0,
      stdout: 'deleted 1 conversation: 2 items\n',
      stderr: '',
    });
    expect([await ids('acme'), await ids()]).toEqual([[], ['chat_123', 'chat_456', 'other']]);
  });

  test.each([
    [['delete']],
    [['delete', '--all']],
    [['delete', 'chat_123', '--all', '--tenant', 'acme']],
    [['delete', 'chat_123', '--refuse-for', 'ever']],
  ])('%j makes no sense', async (args) => {
    expect(await sessions([...args, '--yes', '--url', url])).toMatchObject({ code: 2, stdout: '' });
    expect([await ids('acme'), await ids()]).toEqual([['chat_1'], ['chat_123', 'chat_456', 'other']]);
  });
});

describe('rename and fork', () => {
  test('rename', async () => {
    const { code, stdout } = await sessions(['rename', 'chat_123', 'order 7', url, '--json']);
    expect({ code, info: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      info: { id: 'order 7', title: 'Orders', metadata: { topic: 'orders' } },
    });
    expect(await ids()).toEqual(['chat_456', 'order 7', 'other']);
  });

  test('fork, of a part', async () => {
    const ending = await sessions(['fork', 'chat_123', 'again', '--up-to', '5', url]);
    expect(ending).toEqual({ code: 0, stdout: 'forked to again\n', stderr: '' });
    expect(await stored((store) => store.session('again').getItems())).toEqual(FIRST_TURN);
  });

  test('of a tenant', async () => {
    await sessions(['fork', 'chat_1', 'chat_2', '--tenant', 'acme', url]);
    expect(await ids('acme')).toEqual(['chat_1', 'chat_2']);
  });

  test.each(['rename', 'fork'])('%s never takes the place of another conversation: 4', async (command) => {
    const { code, stdout, stderr } = await sessions([command, 'chat_123', 'other', url]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^error: SESSION_EXISTS: [^\n]+\n$/);
    expect(await ids()).toEqual(['chat_123', 'chat_456', 'other']);
  });

  test.each(['rename', 'fork'])('%s of one that is not there: 3', async (command) => {
    expect(await sessions([command, 'nobody', 'new', url])).toMatchObject({ code: 3, stdout: '' });
  });

  test.each(['rename', 'fork'])('%s to an id that no conversation can have: 2', async (command) => {
    expect(await sessions([command, 'chat_123', 'x'.repeat(256), url])).toMatchObject({
      code: 2,
      stdout: '',
    });
  });
});

describe('rewind', () => {
  test('removes the newest turn, and prints what the user had said', async () => {
    const { code, stdout, stderr } = await sessions(['rewind', 'chat_123', '--yes', url]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'Is it\\u{1b}[2J this one?\n',
      stderr: '',
    });
    expect(await stored((store) => store.session('chat_123').getItems())).toEqual(FIRST_TURN);
  });

  test('removes a turn and all that follows it', async () => {
    const [first] = await stored(async (store) => (await store.session('chat_123').turns()).data);
    const args = ['rewind', 'chat_123', '--turn', first?.id ?? '', '--yes', '--json', url];
    const { code, stdout } = await sessions(args);
    expect({ code, json: JSON.parse(stdout) }).toEqual({
      code: 0,
      json: { id: 'chat_123', turn: first?.id, text: 'Where is my order?' },
    });
    expect(await stored((store) => store.session('chat_123').getItems())).toEqual([]);
  });

  test.each([
    [['nobody', '--yes'], 'error: There is no conversation with this id'],
    [['chat_123', '--turn', '999999', '--yes'], 'error: NOT_FOUND: '],
    [['chat_123', '--turn', 'nonsense', '--yes'], 'error: NOT_FOUND: '],
  ])('%j: 3', async (args, message) => {
    const { code, stderr } = await sessions(['rewind', ...args, url]);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

test.each([
  ['delete', 'chat_123', '--url'],
  ['delete', '--all', '--tenant', 'acme', '--url'],
  ['rewind', 'chat_123', '--url'],
])('%s %s: without a terminal to ask at nothing is done, and 4', async (...args) => {
  expect(await sessions([...args, url])).toEqual({
    code: 4,
    stdout: '',
    stderr: 'error: Nothing was done: there is no terminal to ask at. Say --yes to do it.\n',
  });
  expect([await ids('acme'), await ids()]).toEqual([['chat_1'], ['chat_123', 'chat_456', 'other']]);
  expect(await stored((store) => store.session('chat_123').getItems())).toHaveLength(7);
});
