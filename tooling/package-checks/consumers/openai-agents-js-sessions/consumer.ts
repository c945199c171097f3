// Compiled as an ES module and as CommonJS, then run, with nothing installed but the package.
import { DrizzleSession, InMemorySession, openSessionStore } from '@stackone/openai-agents-js-sessions';

async function main(): Promise<void> {
  const session = await DrizzleSession.fromUrl('chat_123', 'sqlite:./conversations.db', {
    createTables: true,
  });
  await session.clearSession();
  await session.addItems([{ role: 'user', content: 'Where is my order?' }]);
  await session.close();

  const store = await openSessionStore('sqlite:./conversations.db');
  const items = await store.session('chat_123').getItems();
  if (items.length !== 1) throw new Error(`expected 1 item, got ${items.length}`);
  await store.close();

  await new InMemorySession('chat_123').addItems(items);
}

void main();
