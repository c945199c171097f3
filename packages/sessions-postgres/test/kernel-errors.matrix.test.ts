// Promise: Retries only where nothing was written.
import { fileURLToPath } from 'node:url';
import { describeNetworkFailures } from '@stackone/test-servers/network-failures';
import { PostgresSessionStore } from '../src/index.js';
import { contents } from './messages.js';

describeNetworkFailures('postgres:18', {
  program: fileURLToPath(new URL('./programs/write-while-network-fails.mjs', import.meta.url)),
  verbs: {
    addItems: { sql: /INSERT INTO/, stored: ['before', 'turn'] },
    popItem: { sql: /^WITH locked/, stored: [] },
    clearSession: { sql: /^WITH locked/, stored: [] },
  },
  contents: async (url, sessionId) => {
    await using store = await PostgresSessionStore.fromUrl(url);
    return contents(await store.session(sessionId).getItems());
  },
});
