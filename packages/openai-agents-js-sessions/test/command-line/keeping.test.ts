// Tables, old conversations and keys can be looked after from the command line.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import { describe, expect, test } from 'vitest';
import { mysqlSchemaSql, openSessionStore, postgresSchemaSql, sqliteSchemaSql } from '../../src/index.js';
import { sessions } from '../run-sessions.js';
import { SECOND_TURN, sampleFolder } from './sample-database.js';

const newFile = () => join(temporaryFolder(), 'sessions.db');

describe('schema', () => {
  const tables = { sessions: 'chats', messages: 'chat_items' };
  const store = JSON.stringify({ tables });

  test.each([
    [['sqlite:./none.db'], sqliteSchemaSql()],
    [['sqlite:./none.db', '--store', store], sqliteSchemaSql({ tables })],
    [['postgres://user@absent.invalid/app'], postgresSchemaSql()],
    [
      ['postgres://absent.invalid/app', '--store', '{"schema":"chats"}'],
      postgresSchemaSql({ schema: 'chats' }),
    ],
    [['mysql://absent.invalid/app'], mysqlSchemaSql()],
    [['mariadb://absent.invalid/app'], mysqlSchemaSql({ server: 'mariadb' })],
  ])('%j: prints the statements, and connects to nothing', async (args, statements) => {
    expect(await sessions(['schema', ...args])).toEqual({
      code: 0,
      stdout: statements.map((statement) => `${statement};\n`).join(''),
      stderr: '',
    });
    expect(JSON.parse((await sessions(['schema', ...args, '--json'])).stdout)).toEqual({ statements });
  });

  test('--apply makes what is missing, and --check finds it', async () => {
    const file = newFile();
    const url = `sqlite:${file}`;
    expect(await sessions(['schema', '--check', url])).toMatchObject({ code: 3, stdout: '' });
    expect(existsSync(file)).toBe(false);
    const made = { code: 0, stdout: 'The tables are as they should be.\n', stderr: '' };
    expect(await sessions(['schema', '--apply', url])).toEqual(made);
    expect(await sessions(['schema', '--check', url])).toEqual(made);

    const database = new DatabaseSync(file);
    database.exec('DROP INDEX idx_agent_messages_session_id');
    const warned = await sessions(['schema', '--check', url]);
    expect(warned).toMatchObject({ code: 1, stdout: '' });
    expect(warned.stderr).toMatch(
      /^warning: INDEX_MISSING: [^\n]*CREATE INDEX[^\n]*\nerror: The tables are not/,
    );
    database.exec('DROP TABLE agent_sessions_usage');
    const refused = await sessions(['schema', '--check', url, '--json']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('error: SCHEMA_MISMATCH: ');
    database.close();
    const again = await sessions(['schema', '--apply', '--json', url]);
    expect(again).toMatchObject({ code: 0, stdout: '{"isCurrent":true,"warnings":[]}\n' });
  });

  test.each([
    [['memory:'], 'A store in memory has no tables.'],
    [['sqlite:./none.db', '--apply', '--check'], 'Give --apply or --check.'],
  ])('%j makes no sense', async (args, message) => {
    const { code, stderr } = await sessions(['schema', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${message}\n` });
  });
});

describe('prune', () => {
  test('removes conversations that are old', async () => {
    const { file, url } = await sampleFolder();
    const database = new DatabaseSync(file);
    database.exec(
      `UPDATE agent_sessions SET updated_at = '2020-01-01 00:00:00' WHERE session_id = 'chat_456'`,
    );
    database.close();
    expect(await sessions(['prune', '--older-than', '30d', url])).toMatchObject({ code: 4, stdout: '' });
    expect(await sessions(['prune', '--older-than', '30d', '--yes', url])).toEqual({
      code: 0,
      stdout: 'removed 1 conversation and shortened 0: 2 items gone\n',
      stderr: '',
    });
    expect((await sessions(['list', '--count', url])).stdout).toBe('2\n');
    const time = await sessions(['prune', '--older-than', '2021-01-01', '--yes', '--json', url]);
    expect(JSON.parse(time.stdout)).toMatchObject({ conversations: 0, removed: { messages: 0 } });
  });

  test('keeps the newest turns', async () => {
    const { url } = await sampleFolder();
    const pruned = await sessions(['prune', '--keep-turns', '1', '--yes', '--json', url]);
    expect(JSON.parse(pruned.stdout)).toMatchObject({ shortened: 1, removed: { messages: 5 } });
    await using store = await openSessionStore(url);
    expect(await store.session('chat_123').getItems()).toEqual(SECOND_TURN);
    expect(await store.scoped('acme').session('chat_1').getItems()).toHaveLength(2);
  });

  test.each([
    [[]],
    [['--older-than', 'soon']],
    [['--keep-items', '1', '--keep-turns', '1']],
    [['--keep-items', '0']],
  ])('%j makes no sense', async (args) => {
    const { url } = await sampleFolder();
    expect(await sessions(['prune', '--yes', ...args, url])).toMatchObject({ code: 2, stdout: '' });
  });
});

test('reencrypt: what was plain, then with a new key', async () => {
  const { url } = await sampleFolder();
  const reencrypt = (SESSIONS_ENCRYPTION_KEY: string, ...args: string[]) =>
    sessions(['reencrypt', ...args, url], { SESSIONS_ENCRYPTION_KEY });
  const done = (rows: number) => ({
    code: 0,
    stdout: `encrypted ${rows} of 13 rows in 4 conversations with the newest key\n`,
    stderr: '',
  });
  expect(await sessions(['reencrypt', url])).toMatchObject({ code: 2, stdout: '' });
  expect(await reencrypt('old')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('If it is yours, say --accept-plaintext.'),
  });
  expect(await reencrypt('old', '--accept-plaintext')).toEqual(done(13));
  expect(await reencrypt('old')).toEqual(done(0));
  expect(await reencrypt('new\nold')).toEqual(done(13));
  // without its key an item is there, and nothing of what was said
  const shown = await sessions(['tail', 'other', url]);
  expect(shown).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('[no key: set SESSIONS_ENCRYPTION_KEY]'),
  });
  const wrong = await reencrypt('wrong');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('DECRYPTION_FAILED') });
  await using store = await openSessionStore(url, { encryption: { key: 'new' } });
  expect(await store.session('chat_123').getItems()).toHaveLength(7);
  expect((await store.sessions.retrieve('chat_123'))?.title).toBe('Orders');
});
