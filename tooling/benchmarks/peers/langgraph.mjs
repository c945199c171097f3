import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';

/** The whole list of items is one value of the state; every turn reads it, and writes it anew. */
function conversationsOf(saver, close) {
  const base = (id) => ({ configurable: { thread_id: id, checkpoint_ns: '' } });
  const append = async (conversation, items) => {
    const known = await saver.getTuple(base(conversation));
    const before = known?.checkpoint.channel_values.messages ?? [];
    const version = (known?.checkpoint.channel_versions.messages ?? 0) + 1;
    await saver.put(
      known ? known.config : base(conversation),
      {
        ...emptyCheckpoint(),
        id: uuid6(version),
        channel_values: { messages: [...before, ...items] },
        channel_versions: { messages: version },
      },
      { source: 'loop', step: version, parents: {} },
      { messages: version },
    );
  };
  return {
    append,
    async newest(conversation, count) {
      const known = await saver.getTuple(base(conversation));
      return known ? known.checkpoint.channel_values.messages.slice(-count) : [];
    },
    fillWith: append, // one state, not one for each turn
    close,
  };
}

export async function openPostgres(url) {
  const [{ PostgresSaver }, { default: pg }] = await Promise.all([
    import('@langchain/langgraph-checkpoint-postgres'),
    import('pg'),
  ]);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const saver = new PostgresSaver(pool, undefined, { schema: 'langgraph' });
  await saver.setup();
  return conversationsOf(saver, () => pool.end());
}

export async function openSqlite(url) {
  const [{ SqliteSaver }, { default: Database }] = await Promise.all([
    import('@langchain/langgraph-checkpoint-sqlite'),
    import('better-sqlite3'),
  ]);
  const database = new Database(url.replace(/^sqlite:/, ''));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return conversationsOf(new SqliteSaver(database), async () => database.close());
}
