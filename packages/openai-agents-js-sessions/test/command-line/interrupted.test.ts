// Ctrl+C ends commands that read all conversations, also where the database never lets them wait.
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
