import { randomUUID } from 'node:crypto';
import { playScene, SCENES } from '@stackone/runner-script';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine(['postgres', 'pgbouncer'], ({ url }) => {
  const store = new PostgresSessionStore({ url });
  afterAll(() => store.close());

  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await playScene(name, (sessionId) => store.session(sessionId), randomUUID());
  });
});
