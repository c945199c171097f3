import { randomUUID } from 'node:crypto';

async function conversationsOf(adapter) {
  const known = new Map();
  const make = async (id) => {
    const found = await adapter.getConversation(id);
    if (!found)
      await adapter.createConversation({ id, resourceId: 'r', userId: 'u', title: 't', metadata: {} });
  };
  await make('first'); // waits for its tables
  return {
    async append(conversation, items) {
      if (!known.has(conversation)) known.set(conversation, make(conversation));
      await known.get(conversation);
      const messages = items.map((item) => ({
        id: randomUUID(),
        role: item.role === 'user' ? 'user' : 'assistant',
        parts: [{ type: 'text', text: JSON.stringify(item) }],
      }));
      await adapter.addMessages(messages, 'u', conversation);
    },
    async newest(conversation, count) {
      const messages = await adapter.getMessages('u', conversation, { limit: count });
      return messages.map(({ parts }) => JSON.parse(parts[0].text));
    },
    close: async () => adapter.disconnect?.() ?? adapter.close?.(),
  };
}

export async function openPostgres(url) {
  const { PostgreSQLMemoryAdapter } = await import('@voltagent/postgres');
  return conversationsOf(
    new PostgreSQLMemoryAdapter({ connection: url, maxConnections: 10, schema: 'public' }),
  );
}

export async function openLibsql(url) {
  const { LibSQLMemoryAdapter } = await import('@voltagent/libsql');
  return conversationsOf(new LibSQLMemoryAdapter({ url: url.replace(/^sqlite:/, 'file:') }));
}
