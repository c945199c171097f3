import { randomUUID } from 'node:crypto';

/** Mastra orders by the time that the caller gives: one that grows with every item, so that it can order at all. */
async function conversationsOf(store, close) {
  await store.init();
  const memory = await store.getStore('memory');
  const threads = new Map();
  let clock = Date.now();
  const makeThread = (id) => {
    const now = new Date();
    return memory.saveThread({
      thread: { id, resourceId: 'r', title: '', metadata: {}, createdAt: now, updatedAt: now },
    });
  };
  return {
    async append(conversation, items) {
      const messages = items.map((item) => ({
        id: randomUUID(),
        threadId: conversation,
        resourceId: 'r',
        role: item.role === 'user' ? 'user' : 'assistant',
        type: 'v2',
        createdAt: new Date(clock++),
        content: { format: 2, parts: [{ type: 'text', text: JSON.stringify(item) }] },
      }));
      if (!threads.has(conversation)) threads.set(conversation, makeThread(conversation));
      await threads.get(conversation);
      await memory.saveMessages({ messages });
    },
    async newest(conversation, count) {
      const { messages } = await memory.listMessages({
        threadId: conversation,
        page: 0,
        perPage: count,
        orderBy: { field: 'createdAt', direction: 'DESC' },
      });
      const items = messages.map(({ createdAt, content }) => [createdAt, JSON.parse(content.parts[0].text)]);
      // some versions give the newest first, others the newest in the order of time
      if (items.length > 1 && items[0][0] > items.at(-1)[0]) items.reverse();
      return items.map(([, item]) => item);
    },
    close,
  };
}

export async function openPostgres(url) {
  const [{ PostgresStore }, { default: pg }] = await Promise.all([import('@mastra/pg'), import('pg')]);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  return conversationsOf(new PostgresStore({ id: 'bench', pool }), () => pool.end());
}

export async function openMysql(url) {
  const { MySQLStore } = await import('@mastra/mysql');
  const store = new MySQLStore({ id: 'bench', connectionString: url, max: 10 });
  return conversationsOf(store, () => store.close?.());
}

export async function openLibsql(url) {
  const { LibSQLStore } = await import('@mastra/libsql');
  const store = new LibSQLStore({ id: 'bench', url: url.replace(/^sqlite:/, 'file:') });
  return conversationsOf(store, async () => store.close?.());
}
