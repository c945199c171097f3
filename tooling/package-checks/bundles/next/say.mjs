// Says something in a conversation of a tenant: `node say.mjs url tenant id text`.
import { openSessionStore } from '@stackone/openai-agents-js-sessions';

const [url, tenant, id, text] = process.argv.slice(2);
const store = await openSessionStore(url);
await store
  .scoped(tenant)
  .session(id)
  .addItems([{ role: 'user', content: text }]);
await store.close();
