import Database from 'better-sqlite3';
import type { Contender, Conversations } from '../contender.ts';
import { sameItems } from '../items.ts';
import { version } from '../versions.ts';

/** better-sqlite3 with prepared statements, in the modes that our store sets. */
export const sqliteByHand: Contender = {
  name: 'by hand',
  rank: 'by-hand',
  version: version('better-sqlite3'),
  async open(url) {
    const database = openDatabase(url);
    const { schemaSql } = await import('@stackone/sessions-sqlite');
    for (const statement of schemaSql()) database.exec(statement);
    return conversationsOf(database);
  },
  connect: (url) => conversationsOf(openDatabase(url)),
};

export function openDatabase(url: string): Database.Database {
  const database = new Database(url.replace(/^sqlite:/, ''));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('wal_autocheckpoint = 4000');
  return database;
}

function conversationsOf(database: Database.Database): Conversations {
  const lock = database.prepare(
    'INSERT INTO agent_sessions (session_id) VALUES (?) ON CONFLICT DO UPDATE SET updated_at = excluded.updated_at',
  );
  // the time of SQLite stands still within a statement only: the turn gets one
  const now = database.prepare<[], string>('SELECT CURRENT_TIMESTAMP').pluck();
  const insert = database.prepare(
    'INSERT INTO agent_messages (session_id, message_data, created_at) VALUES (?, ?, ?)',
  );
  const newest = database.prepare<[string, number], Row>(
    'SELECT id, message_data FROM agent_messages WHERE session_id = ? ORDER BY id DESC LIMIT ?',
  );
  const remove = database.prepare('DELETE FROM agent_messages WHERE id = ?');
  const record = database.prepare(
    "INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES (?, ?, '') ON CONFLICT DO NOTHING",
  );
  const append = database.transaction((conversation: string, items: readonly unknown[]) => {
    lock.run(conversation);
    const time = now.get();
    for (const item of items) insert.run(conversation, JSON.stringify(item), time);
  });
  const pop = database.transaction((conversation: string) => {
    const row = newest.get(conversation, 1);
    if (row) remove.run(row.id);
    return row && JSON.parse(row.message_data);
  });
  const replaceSuffix = database.transaction(
    (
      conversation: string,
      operation: string,
      expected: readonly unknown[],
      replacement: readonly unknown[],
    ) => {
      if (record.run(conversation, operation).changes === 0) return;
      const rows = newest.all(conversation, expected.length).reverse();
      if (
        !sameItems(
          rows.map(({ message_data }) => JSON.parse(message_data)),
          expected,
        )
      )
        throw new Error('the suffix is another one');
      for (const { id } of rows) remove.run(id);
      append(conversation, replacement);
    },
  );
  return {
    append: async (...turn) => append.immediate(...turn),
    newest: async (conversation, count) =>
      newest
        .all(conversation, count)
        .map(({ message_data }) => JSON.parse(message_data))
        .reverse(),
    pop: async (conversation) => pop.immediate(conversation),
    replaceSuffix: async (...change) => replaceSuffix.immediate(...change),
    close: async () => database.close(),
  };
}

interface Row {
  readonly id: number;
  readonly message_data: string;
}
