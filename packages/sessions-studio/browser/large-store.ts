import { join } from 'node:path';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';

/** The conversation that has most items. */
export const LONG = 'long';

/** A file with so many conversations, and one with so many items: as other stores would have left it. Made by SQL, as calls would take an hour. */
export async function largeStore(conversations: number, items: number): Promise<SqliteSessionStore> {
  const file = join(temporaryFolder(), 'large.db');
  // makes the tables
  await using made = await SqliteSessionStore.fromUrl(`sqlite:${file}`);
  await made.close();
  const database = new Database(file);
  database.exec(`
    PRAGMA synchronous = OFF;
    BEGIN;
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${conversations})
      INSERT INTO agent_sessions (session_id, created_at, updated_at)
      SELECT printf('chat_%07d', n), datetime('2026-01-01', n || ' seconds'), datetime('2026-01-01', n || ' seconds') FROM n;
    INSERT INTO agent_messages (session_id, message_data, created_at)
      SELECT session_id, '{"role":"user","content":"Where is my order ' || session_id || '?"}', created_at FROM agent_sessions;
    INSERT INTO agent_sessions (session_id) VALUES ('${LONG}');
    WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ${items})
      INSERT INTO agent_messages (session_id, message_data)
      SELECT '${LONG}', CASE n % 5
        WHEN 0 THEN json_object('role', 'user', 'content', 'Where is my order ' || n || '?')
        WHEN 1 THEN json_object('type', 'reasoning', 'id', 'rs_' || n, 'content', json('[{"type":"input_text","text":"I have to look."}]'))
        WHEN 2 THEN json_object('type', 'function_call', 'callId', 'call_' || n, 'name', 'find_order', 'arguments', '{"order":7}', 'status', 'completed')
        WHEN 3 THEN json_object('type', 'function_call_result', 'callId', 'call_' || (n - 1), 'name', 'find_order', 'status', 'completed',
          'output', json_object('type', 'text', 'text', replace(hex(zeroblob(n % 300)), '00', 'sent on Monday ')))
        ELSE json_object('type', 'message', 'role', 'assistant', 'status', 'completed', 'content',
          json_array(json_object('type', 'output_text', 'text',
            'It **was** sent, see [the page](https://example.com/' || n || ').' || char(10) || char(10) || '- one' || char(10) || '- two' || char(10) || char(10) ||
            '| order | state |' || char(10) || '| --- | --- |' || char(10) || '| ' || n || ' | sent |')))
        END FROM n;
    COMMIT;`);
  database.close();
  return SqliteSessionStore.fromUrl(`sqlite:${file}`);
}
