// Compiled as an ES module and as CommonJS, then run, with nothing installed but the package.
import { MemorySessionStore } from '@stackone/sessions-memory';

async function main(): Promise<void> {
  const store = new MemorySessionStore();
  const session = store.session('chat_123');
  await session.addItems([{ role: 'user', content: 'Where is my order?' }]);
  const items = await session.getItems();
  if (items.length !== 1) throw new Error(`expected 1 item, got ${items.length}`);
  await store.close();
}

void main();
