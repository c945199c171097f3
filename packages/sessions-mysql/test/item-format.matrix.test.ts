import { describeItemFormat } from '@stackone/model-test/vitest';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { rawPool } from './databases.js';

describeEngine('mysql', ({ url, target }) => {
  let raw: ReturnType<typeof rawPool>;
  beforeAll(() => {
    raw = rawPool(url);
  });
  afterAll(() => raw.end());

  describeItemFormat(
    target,
    (options) => MysqlSessionStore.fromUrl(url, options),
    (id, text) =>
      raw.query('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [id, text]),
  );
});
