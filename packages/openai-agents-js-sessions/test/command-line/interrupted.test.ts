// Ctrl+C ends commands that read or change all conversations, also where the database never lets them wait.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessionsInTerminal } from '../run-sessions.js';

/** So many that reading them takes longer than a key takes to the program. */
const MANY = 30_000;

async function longDatabase(): Promise<string> {
  const file = join(temporaryFolder(), 'sessions.db');
  const url = `sqlite:${file}`;
  await (await openSessionStore(url)).close();
  const database = new DatabaseSync(file);
  database.exec(`WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ${MANY})
    INSERT INTO agent_sessions (session_id, updated_at) SELECT '$tenant:4:acme:chat_' || n, '2020-01-01 00:00:00' FROM n;
    INSERT INTO agent_messages (session_id, message_data) SELECT session_id, '{"role":"user","content":"Hello"}'
      FROM agent_sessions`);
  database.close();
  return url;
}

test.each([[['stats']], [['doctor', '--full']]])(
  'Ctrl+C ends %j between two conversations',
  async (command) => {
    const url = await longDatabase();
    const ending = await sessionsInTerminal([...command, url], { keys: [[' conversations', '\u0003']] });
    expect(ending).toMatchObject({ code: 130, stdout: expect.stringContaining('Interrupted.') });
  },
);

const GOES_ON = 'the same command goes on with the rest.';

test.each([
  [['delete', '--tenant', 'acme', '--all', '--yes'], 'What was deleted is gone'],
  [['prune', '--tenant', 'acme', '--older-than', '1d', '--yes'], 'What was removed is gone'],
  [['reencrypt', '--accept-plaintext'], 'What is done stays done'],
])('Ctrl+C ends %j between two conversations, and it says how to go on', async (command, message) => {
  const url = await longDatabase();
  const ending = await sessionsInTerminal([...command, '--url', url], {
    columns: 100,
    keys: [[' conversations', '\u0003']],
    environment: { SESSIONS_ENCRYPTION_KEY: 'a key' },
  });
  expect(ending).toMatchObject({
    code: 130,
    stdout: expect.stringContaining(`Interrupted. ${message}; ${GOES_ON}`),
  });
  const database = new DatabaseSync(url.slice('sqlite:'.length));
  const count = (sql: string) => Number(database.prepare(sql).get()?.n);
  const isAsItWas = `message_data = '{"role":"user","content":"Hello"}'`;
  const left = count(`SELECT count(*) AS n FROM agent_messages WHERE ${isAsItWas}`);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(MANY);
  database.close();
});
