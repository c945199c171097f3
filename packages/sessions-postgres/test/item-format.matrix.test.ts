import { describeItemFormat } from '@stackone/model-test/vitest';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine('postgres:18', ({ url, target }) => {
  const raw = new pg.Pool({ connectionString: url, max: 2 });
  afterAll(() => raw.end());

  describeItemFormat(
    target,
    (options) => PostgresSessionStore.fromUrl(url, options),
    (id, text) =>
      raw.query('INSERT INTO agent_messages (session_id, message_data) VALUES ($1, $2)', [id, text]),
  );
});
