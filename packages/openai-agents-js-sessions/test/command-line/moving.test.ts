// Conversations can be moved from the command line: to files and back, and from database to database.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { Usage } from '@openai/agents-core';
import { temporaryFolder, variants } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test, vi } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { PROGRAM, sessions, startSessions } from '../run-sessions.js';
import { sampleFolder, startWaitingRun } from './sample-database.js';

const { url, folder } = await sampleFolder();
const newUrl = () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`;

/** The whole export. */
async function exported(from: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sessions(['export', ...args, from]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const EXPORT = await exported(url);
const LINES = EXPORT.split('\n').slice(0, -1);

describe('export', () => {
  test('a header, conversations with their items, and an end that counts them', () => {
    const values = LINES.map((line) => JSON.parse(line));
    expect(values[0]).toEqual({ type: 'header', format: '@stackone/sessions', version: 1 });
    expect(values.at(-1)).toEqual({ type: 'end', sessions: 4, items: 13 });
    const found = values.filter(({ type }) => type === 'session');
    expect(found.map(({ id, tenant, items }) => [id, tenant, items])).toEqual([
      ['chat_1', 'acme', 2],
      ['chat_123', undefined, 7],
      ['chat_456', undefined, 2],
      ['other', undefined, 2],
    ]);
    expect(found[1]).toEqual({
      type: 'session',
      id: 'chat_123',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      title: 'Orders',
      metadata: { topic: 'orders', level: 2 },
      version: 1,
      items: 7,
    });
    expect(values.filter(({ type }) => type === 'item')).toHaveLength(13);
    expect(values[2]).toEqual({ type: 'item', createdAt: expect.any(String), item: expect.any(Object) });
  });

  test('some of it', async () => {
    expect(await exported(url, '--tenant', 'acme')).toMatch(/"type":"end","sessions":1,"items":2\}\n$/);
    expect(await exported(url, '--id', 'other', '--id', 'chat_456')).toMatch(/"sessions":2,"items":4\}\n$/);
    expect(await sessions(['export', '--id', 'nobody', url])).toMatchObject({ code: 3 });
  });

  test('to a file, which is never replaced without being asked', async () => {
    const file = join(folder, 'export.jsonl');
    expect(await sessions(['export', '-o', file, url])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(EXPORT);
    expect(await sessions(['export', '-o', file, '--tenant', 'acme', url])).toMatchObject({ code: 4 });
    expect(readFileSync(file, 'utf8')).toBe(EXPORT);
    await sessions(['export', '-o', file, '--tenant', 'acme', '--yes', url]);
    expect(readFileSync(file, 'utf8')).not.toBe(EXPORT);
    const failed = await sessions(['export', '-o', join(folder, 'failed.jsonl'), '--id', 'nobody', url]);
    expect([failed.code, existsSync(join(folder, 'failed.jsonl.part'))]).toEqual([3, false]);
  });
});

describe('import', () => {
  const imported = async (text: string, to: string, ...args: string[]) => {
    const file = join(temporaryFolder(), 'import.jsonl');
    writeFileSync(file, text);
    return sessions(['import', file, ...args, to]);
  };

  test('gives what was exported, byte for byte, and goes on where it is said again', async () => {
    const to = newUrl();
    expect(await imported(EXPORT, to)).toEqual({
      code: 0,
      stdout: 'written: 4 conversations with 13 items; there already: 0\n',
      stderr: '',
    });
    expect(await exported(to)).toBe(EXPORT);
    const again = await imported(EXPORT, to, '--json');
    expect({ ...again, stdout: JSON.parse(again.stdout) }).toEqual({
      code: 0,
      stdout: {
        sessions: 4,
        stored: 0,
        items: 0,
        runs: 0,
        same: 4,
        different: [],
        erased: [],
        unread: 0,
        unkept: 0,
      },
      stderr: '',
    });
  });

  test('what models used and operation ids go along', async () => {
    const from = newUrl();
    const store = await openSessionStore(from);
    const session = store.session('chat_123');
    await session.addItems([{ role: 'user', content: 'hi' }], undefined, { operationId: 'first' });
    const usage = new Usage({ requests: 1, inputTokens: 2, outputTokens: 3, totalTokens: 5 });
    await session.recordUsage({ rawResponses: [], state: { usage } });
    await store.close();
    const text = await exported(from);
    expect(JSON.parse(text.split('\n')[1] ?? '')).toMatchObject({
      operations: [{ id: expect.any(String), digest: expect.any(String) }],
      usage: [{ turn: 0, totalTokens: 5 }],
    });
    const to = newUrl();
    expect(await imported(text, to)).toMatchObject({ code: 0, stderr: '' });
    expect(await exported(to)).toBe(text);
    const wrong = await imported(text.replace('"totalTokens":5', '"totalTokens":"5"'), newUrl());
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('it is no conversation') });
  });

  test('runs that are not over go along', async () => {
    const from = newUrl();
    await startWaitingRun(from);
    await startWaitingRun(from, 'acme');
    const text = await exported(from);
    expect(text).toMatch(/\n\{"type":"end","sessions":0,"items":0,"runs":2\}\n$/);
    expect(JSON.parse(text.split('\n')[1] ?? '')).toMatchObject({
      type: 'run',
      id: 'run_1',
      sessionId: 'bills',
      state: 'waiting',
      exclusive: true,
      attempts: 1,
      steps: [{ key: 'model:0' }],
    });
    expect(await exported(from, '--id', 'bills')).toMatch(/"sessions":0,"items":0,"runs":1\}\n$/);
    const to = newUrl();
    expect(await imported(text, to)).toEqual({
      code: 0,
      stdout: 'written: 0 conversations with 0 items; there already: 0\nwritten: 2 runs not over yet\n',
      stderr: '',
    });
    expect(await exported(to)).toBe(text);
    expect(await imported(text, to)).toMatchObject({ code: 0, stdout: expect.not.stringContaining('runs') });
    expect(await sessions(['runs', 'approve', 'run_1', '--call', 'call_1', '--url', to])).toMatchObject({
      code: 0,
    });
    expect(await imported(text, to)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('not written, another one is there: bills\n'),
    });
    expect((await imported(text, newUrl(), '--tenant', 'acme')).stdout).toContain(
      'written: 1 run not over yet',
    );
    for (const [part, other] of [
      ['"state":"waiting"', '"state":"done"'],
      ['"content":"{', '"content":"secret {'],
      ['"attempts":1', '"attempts":"1"'],
    ] as const) {
      const wrong = await imported(text.replace(part, other), newUrl());
      expect(wrong).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Line 2 cannot be read: it is no run'),
      });
    }
    const short = await imported(text.replace('"runs":2', '"runs":3'), newUrl());
    expect(short).toMatchObject({ code: 1, stderr: expect.stringContaining('are not those before it') });
  });

  test('through a pipe', async () => {
    const command = `"${process.execPath}" "${PROGRAM}" export "${url}" | "${process.execPath}" "${PROGRAM}" import - "$1"`;
    const to = newUrl();
    const { stdout } = await promisify(execFile)('bash', ['-c', command, 'bash', to]);
    expect(stdout).toContain('4 conversations');
    expect(await exported(to)).toBe(EXPORT);
  });

  test('of one tenant', async () => {
    const to = newUrl();
    expect((await imported(EXPORT, to, '--tenant', 'acme')).stdout).toContain('1 conversation with 2 items');
  });

  test('what differs is left as it is: 4', async () => {
    const to = newUrl();
    const store = await openSessionStore(to);
    await store.session('other').addItems([{ role: 'user', content: 'mine' }]);
    await store.close();
    expect(await imported(EXPORT, to)).toEqual({
      code: 4,
      stdout: 'written: 3 conversations with 11 items; there already: 0\n',
      stderr: 'not written, another one is there: other\nerror: not written: 1 conversation.\n',
    });
  });

  const [header = '', first = ''] = LINES;
  test.each([
    ['', 'There is nothing in it'],
    ['no export', 'Line 1 cannot be read: it is not a JSON object.'],
    ['{"type":"header"}', 'This is no export of "sessions export"'],
    [header.replace('"version":1', '"version":2'), 'This export has version 2 of the format'],
    [header, 'It is cut off: the last line is missing.'],
    [LINES.slice(0, -1).join('\n'), 'It is cut off'],
    [LINES.slice(0, 3).join('\n'), 'It is cut off'],
    [[header, '{"type":"item"}'].join('\n'), 'Line 2 cannot be read: it does not belong there.'],
    [[header, first, '{"type":"item","item":"secret"}'].join('\n'), 'Line 3 cannot be read: it is no item.'],
    [
      [header, '{"type":"session","id":"secret"}'].join('\n'),
      'Line 2 cannot be read: it is no conversation.',
    ],
    [[header, first.slice(0, 40)].join('\n'), 'Line 2 cannot be read: it is not a JSON object.'],
    [[header, '{"type":"end","sessions":1,"items":0}'].join('\n'), 'are not those before it'],
    [[...LINES, header].join('\n'), 'something stands behind the end'],
  ])('%#: what is no whole export is told, without what is in it', async (text, message) => {
    const { code, stdout, stderr } = await imported(text, newUrl());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('secret');
  });

  test('a file that is not there: 3', async () => {
    expect(await sessions(['import', 'absent.jsonl', newUrl()])).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('copy', () => {
  test('gives the same exports, and --verify compares them', async () => {
    const to = newUrl();
    expect(await sessions(['copy', url, to, '--verify'])).toEqual({
      code: 0,
      stdout:
        'written: 4 conversations with 13 items; there already: 0\n' +
        'verified, the same in both: 4 conversations\n',
      stderr: '',
    });
    expect(await exported(to)).toBe(EXPORT);
  });

  test('files of the Python SDK as they are, and they stay so', async () => {
    const python = newUrl();
    const database = new DatabaseSync(python.slice('sqlite:'.length));
    database.exec(`CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
      CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, message_data TEXT NOT NULL,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
      CREATE INDEX idx_agent_messages_session_id ON agent_messages (session_id, id);
      INSERT INTO agent_sessions VALUES ('chat_123', '2026-01-01 10:00:00', '2026-01-02 11:00:00');
      INSERT INTO agent_messages (session_id, message_data, created_at) VALUES
        ('chat_123', '{"content": "hi", "role": "user"}', '2026-01-01 10:00:00'),
        ('chat_123', '{"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}", "status": "completed"}', '2026-01-02 11:00:00')`);
    const tables = () => database.prepare('SELECT name FROM sqlite_schema ORDER BY name').all();
    const before = tables();
    const to = newUrl();
    expect(await sessions(['copy', python, to, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
    expect(tables()).toEqual(before);
    database.close();
    const lines = (await exported(to)).split('\n').slice(1, 4);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'chat_123', createdAt: '2026-01-01T10:00:00.000Z', updatedAt: '2026-01-02T11:00:00.000Z' },
      { createdAt: '2026-01-01T10:00:00.000Z', item: { role: 'user', content: 'hi' } },
      { createdAt: '2026-01-02T11:00:00.000Z', item: { type: 'function_call', callId: 'c1', name: 'look' } },
    ]);
  });

  test('files of version 0.4.1 as they are, and they stay so', async () => {
    const old = newUrl();
    const database = new DatabaseSync(old.slice('sqlite:'.length));
    database.exec(`CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY,
        created_at INTEGER NOT NULL DEFAULT (unixepoch()), updated_at INTEGER NOT NULL DEFAULT (unixepoch()));
      CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES agent_sessions (session_id) ON DELETE CASCADE,
        message_data TEXT NOT NULL, created_at INTEGER NOT NULL DEFAULT (unixepoch()));
      CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at);
      INSERT INTO agent_sessions VALUES ('chat_123', 1760000000, 1760000060);
      INSERT INTO agent_messages VALUES (1, 'chat_123', '{"role":"user","content":"hi"}', 1760000000),
        (2, 'chat_123', '{"role":"user","content":"there"}', 1760000060)`);
    const tables = () => database.prepare('SELECT name FROM sqlite_schema ORDER BY name').all();
    const before = tables();
    const to = newUrl();
    expect(await sessions(['copy', old, to, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
    expect(tables()).toEqual(before);
    database.close();
    const lines = (await exported(to)).split('\n').slice(1, 4);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'chat_123', createdAt: '2025-10-09T08:53:20.000Z', updatedAt: '2025-10-09T08:54:20.000Z' },
      { createdAt: '2025-10-09T08:53:20.000Z', item: { role: 'user', content: 'hi' } },
      { createdAt: '2025-10-09T08:54:20.000Z', item: { role: 'user', content: 'there' } },
    ]);
  });

  test('runs that are not over: --verify compares them too', async () => {
    const [from, to] = [newUrl(), newUrl()];
    await startWaitingRun(from);
    expect(await sessions(['copy', from, to, '--verify', '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"runs":1'),
    });
    expect(await exported(to)).toBe(await exported(from));
    await sessions(['runs', 'reject', 'run_1', '--call', 'call_1', '--url', to]);
    expect(await sessions(['copy', from, to, '--verify'])).toMatchObject({ code: 4 });
  });

  test('makes nothing of a source that is not there', async () => {
    const [from, to] = [newUrl(), newUrl()];
    expect(await sessions(['copy', from, to])).toMatchObject({ code: 3, stdout: '' });
    expect([from, to].map((one) => existsSync(one.slice('sqlite:'.length)))).toEqual([false, false]);
  });

  test('URLs and keys of the environment; encrypted on both sides, with different keys', async () => {
    const environment = {
      SESSIONS_FROM_URL: url,
      SESSIONS_TO_URL: newUrl(),
      SESSIONS_TO_ENCRYPTION_KEY: 'new key',
    };
    expect(await sessions(['copy'], environment)).toMatchObject({ code: 0, stderr: '' });
    const back = {
      SESSIONS_FROM_URL: environment.SESSIONS_TO_URL,
      SESSIONS_FROM_ENCRYPTION_KEY: 'new key',
      SESSIONS_TO_URL: newUrl(),
    };
    expect(await sessions(['copy'], back)).toMatchObject({ code: 0, stderr: '' });
    expect(await exported(back.SESSIONS_TO_URL)).toBe(EXPORT);
    expect(await sessions(['copy', url])).toMatchObject({ code: 2, stdout: '' });
    const wrong = await sessions(['copy', url, newUrl(), '--store-to', '{']);
    expect(wrong).toMatchObject({ code: 2, stderr: 'error: --store-to must be a JSON object.\n' });
  });

  test.each(['SIGKILL', 'SIGINT'] as const)('%s in the middle: the same command goes on', async (signal) => {
    const from = newUrl();
    const store = await openSessionStore(from);
    const text = 'x'.repeat(2000);
    for (let n = 0; n < 400; n++)
      await store.session(`chat_${n}`).addItems([
        { role: 'user', content: `${n} ${text}` },
        { role: 'user', content: 'second' },
      ]);
    await store.close();
    const to = newUrl();
    await (await openSessionStore(to)).close();
    const database = new DatabaseSync(to.slice('sqlite:'.length));
    const count = () => Number(database.prepare('SELECT count(*) AS n FROM agent_sessions').get()?.n);
    const { program, ending } = startSessions(['copy', from, to, '--concurrency', '1']);
    await expect.poll(count, { interval: 1 }).toBeGreaterThan(0);
    program.kill(signal);
    const { code, stderr } = await ending;
    if (signal === 'SIGINT' && code !== 0) {
      expect([code, stderr]).toEqual([
        130,
        'Interrupted. What was written stays; the same command goes on with the rest.\n',
      ]);
    }
    expect(count() % 50).toBe(0); // whole transactions
    expect(await sessions(['copy', from, to])).toMatchObject({ code: 0, stderr: '' });
    database.close();
    expect(await exported(to)).toBe(await exported(from));
  });
});

describe('copy --follow', () => {
  test('goes on until Ctrl+C, and then compares all', async () => {
    const [from, to] = [newUrl(), newUrl()];
    const [store, copied] = [await openSessionStore(from), await openSessionStore(to)];
    await store.session('chat_1').addItems([{ role: 'user', content: 'hi' }]);
    const { program, ending } = startSessions(['copy', from, to, '--follow', '--json']);
    const has = (id: string) =>
      vi.waitFor(async () => expect(await copied.sessions.retrieve(id)).toBeDefined(), { timeout: 60_000 });
    await has('chat_1');
    await store.session('chat_2').addItems([{ role: 'user', content: 'hi' }]);
    await has('chat_2');
    await store.session('chat_1').popItem();
    program.kill('SIGINT');
    const { code, stdout, stderr } = await ending;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ stored: 3, different: [] });
    await Promise.all([store.close(), copied.close()]);
    expect(await exported(to)).toBe(await exported(from));
  });

  test.each([
    [['--until-idle', '1'], '--until-idle is for --follow.'],
    [['--follow', '--verify'], '--follow compares at its end: leave --verify out.'],
  ])('%j makes no sense: 2', async (args, message) => {
    expect(await sessions(['copy', url, newUrl(), ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    });
  });
});

/** As version 0.4.1 made them, with two items. */
const OLD_TABLES = (url: string) => {
  const items = [1_760_000_000, 1_760_000_060].map((time, n) => ({
    time,
    text: `{"role":"user","content":"item ${n}"}`,
  }));
  const rows = (timeOf: (seconds: number) => string) => [
    `INSERT INTO agent_sessions VALUES ('chat_123', ${timeOf(1_760_000_000)}, ${timeOf(1_760_000_060)})`,
    ...items.map(
      ({ time, text }) =>
        `INSERT INTO agent_messages (session_id, message_data, created_at) VALUES ('chat_123', '${text}', ${timeOf(time)})`,
    ),
  ];
  const index = 'CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at)';
  if (url.startsWith('postgres'))
    return [
      `CREATE TABLE agent_sessions (session_id VARCHAR(255) PRIMARY KEY, created_at TIMESTAMP NOT NULL DEFAULT NOW(),
        updated_at TIMESTAMP NOT NULL DEFAULT NOW())`,
      `CREATE TABLE agent_messages (id SERIAL PRIMARY KEY, session_id VARCHAR(255) NOT NULL REFERENCES agent_sessions
        (session_id) ON DELETE CASCADE, message_data TEXT NOT NULL, created_at TIMESTAMP NOT NULL DEFAULT NOW())`,
      index,
      ...rows((seconds) => `to_timestamp(${seconds})`),
    ];
  const time = 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP';
  return [
    `CREATE TABLE agent_sessions (session_id VARCHAR(255) PRIMARY KEY, created_at ${time}, updated_at ${time} ON UPDATE CURRENT_TIMESTAMP)`,
    `CREATE TABLE agent_messages (id INT AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL, message_data MEDIUMTEXT NOT NULL,
      created_at ${time}, FOREIGN KEY (session_id) REFERENCES agent_sessions(session_id) ON DELETE CASCADE)`,
    index,
    ...rows((seconds) => `FROM_UNIXTIME(${seconds})`),
  ];
};

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url: old, server }) => {
  test('tables of version 0.4.1, and they stay so; on MySQL and MariaDB when they tell ids apart', async () => {
    const database = decodeURIComponent(new URL(old).pathname.slice(1));
    const query = (sql: string) => server.query(sql, database);
    for (const statement of OLD_TABLES(old)) await query(statement);
    const tables = () =>
      query(`SELECT table_name AS name, column_name AS one FROM information_schema.columns
        WHERE table_name LIKE 'agent%' AND table_schema NOT IN ('information_schema') AND (table_schema = '${database}' OR table_catalog = '${database}')
        ORDER BY table_name, ordinal_position`);
    if (engine !== 'postgres') {
      const { code, stderr } = await sessions(['copy', old, newUrl()]);
      expect([code, stderr.split(': ')[1]]).toEqual([1, 'SCHEMA_MISMATCH']);
      for (const statement of (stderr.split('Run: ')[1] ?? '').trim().split('; ')) await query(statement);
    }
    const before = await tables();
    const to = newUrl();
    expect(await sessions(['copy', old, to, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
    expect(await tables()).toEqual(before);
    const lines = (await exported(to)).split('\n').slice(1, 4);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'chat_123', createdAt: '2025-10-09T08:53:20.000Z', updatedAt: '2025-10-09T08:54:20.000Z' },
      { createdAt: '2025-10-09T08:53:20.000Z', item: { role: 'user', content: 'item 0' } },
      { createdAt: '2025-10-09T08:54:20.000Z', item: { role: 'user', content: 'item 1' } },
    ]);
  });
});

describeEngine(variants<Target>(['postgres:18'], ['mysql', 'mariadb:10.11']), ({ url: server }) => {
  test('a copy there and back again: the exports are equal', async () => {
    const back = newUrl();
    expect(await sessions(['copy', url, server])).toMatchObject({ code: 0, stderr: '' });
    expect(await sessions(['copy', server, back, '--verify'])).toMatchObject({ code: 0 });
    expect(await exported(back)).toBe(EXPORT);
  });
});
