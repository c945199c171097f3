import { PostgresSessionStore } from '@stackone/sessions-postgres';
import type { TestServer } from '@stackone/test-servers';
import { LONG } from './large-store.ts';

/** The same as in a SQLite file, on a server. */
export async function largePostgresStore(
  server: TestServer,
  url: string,
  conversations: number,
  items: number,
): Promise<PostgresSessionStore> {
  const store = await PostgresSessionStore.fromUrl(url);
  const database = new URL(url).pathname.slice(1);
  for (const statement of [
    `INSERT INTO agent_sessions (session_id, created_at, updated_at)
      SELECT 'chat_' || lpad(n::text, 7, '0'), timestamp '2026-01-01' + n * interval '1 second', timestamp '2026-01-01' + n * interval '1 second'
      FROM generate_series(1, ${conversations}) AS n`,
    `INSERT INTO agent_messages (session_id, message_data, created_at)
      SELECT session_id, '{"role":"user","content":"Where is my order ' || session_id || '?"}', created_at FROM agent_sessions`,
    `INSERT INTO agent_sessions (session_id) VALUES ('${LONG}')`,
    `INSERT INTO agent_messages (session_id, message_data)
      SELECT '${LONG}', CASE n % 5
        WHEN 0 THEN json_build_object('role', 'user', 'content', 'Where is my order ' || n || '?')
        WHEN 1 THEN json_build_object('type', 'reasoning', 'id', 'rs_' || n, 'content', '[{"type":"input_text","text":"I have to look."}]'::json)
        WHEN 2 THEN json_build_object('type', 'function_call', 'callId', 'call_' || n, 'name', 'find_order', 'arguments', '{"order":7}', 'status', 'completed')
        WHEN 3 THEN json_build_object('type', 'function_call_result', 'callId', 'call_' || (n - 1), 'name', 'find_order', 'status', 'completed',
          'output', json_build_object('type', 'text', 'text', repeat('sent on Monday ', n % 300)))
        ELSE json_build_object('type', 'message', 'role', 'assistant', 'status', 'completed', 'content',
          json_build_array(json_build_object('type', 'output_text', 'text',
            'It **was** sent, see [the page](https://example.com/' || n || E').\\n\\n- one\\n- two\\n\\n| order | state |\\n| --- | --- |\\n| ' || n || ' | sent |')))
        END::text FROM generate_series(0, ${items - 1}) AS n`,
    'ANALYZE',
  ])
    await server.query(statement, database);
  return store;
}
