// Promise: Retries only where nothing was written.
import { fileURLToPath } from 'node:url';
import { describeNetworkFailures } from '@stackone/test-servers/network-failures';
import { MysqlSessionStore } from '../src/index.js';
import { SERVERS } from './databases.js';
import { contents } from './items.js';

// by itself, or behind what it commits in the same text
const COMMIT = /\bCOMMIT$/;

describeNetworkFailures(SERVERS, {
  program: fileURLToPath(new URL('./programs/write-while-network-fails.mjs', import.meta.url)),
  verbs: {
    addItems: { sql: COMMIT, stored: ['before', 'turn'] },
    popItem: { sql: COMMIT, stored: [] },
    clearSession: { sql: COMMIT, stored: [] },
  },
  contents: async (url, sessionId) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    return contents(await store.session(sessionId).getItems());
  },
});
