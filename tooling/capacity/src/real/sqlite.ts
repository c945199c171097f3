import { schemaNames } from '@stackone/sessions-core/backend';
import Database from 'better-sqlite3';
import type { Shape } from '../shape.ts';
import { ROWS, type TableSize } from '../size.ts';
import { grownTables } from './grown-tables.ts';
import type { RealTables } from './real-tables.ts';
import { digest, grouped, responseId, shareOf, TEXTS, type Turn, textPool, turnsOf } from './turns.ts';

const GROUP = 2000;
const NAMES = schemaNames();

/** @param file - With the tables of a store. */
export function sqliteTables(file: string): RealTables {
  const database = new Database(file);
  database.pragma('synchronous = OFF');
  database.pragma('cache_size = -1000000');
  return {
    title: `SQLite ${database.prepare('SELECT sqlite_version()').pluck().get()}`,
    url: `sqlite:${file}`,
    fill: async (shape) => fill(database, shape),
    sizes: async () => sizes(database),
    async total() {
      const [pages, page] = ['page_count', 'page_size'].map((name) =>
        Number(database.pragma(name, { simple: true })),
      );
      return (pages ?? 0) * (page ?? 0);
    },
    async close() {
      database.close();
    },
  };
}

function fill(database: Database.Database, shape: Shape): void {
  const pool = textPool(Math.max(shape.itemBytes, shape.metadataBytes));
  const session = database.prepare(
    `INSERT INTO ${NAMES.sessions} VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET updated_at = excluded.updated_at`,
  );
  const item = database.prepare(
    `INSERT INTO ${NAMES.messages} (session_id, message_data, created_at) VALUES (?, ?, ?)`,
  );
  const operation = database.prepare(
    `INSERT INTO ${NAMES.operations} (session_id, operation_id, digest, created_at) VALUES (?, ?, ?, ?)`,
  );
  const usage = database.prepare(
    `INSERT INTO ${NAMES.usage} VALUES (?, ?, '', ?, 'gpt-5.4-mini', ?, 1, 1000, 1000, 1000, 1000, 1000)`,
  );
  const metadata = database.prepare(`INSERT INTO ${NAMES.metadata} VALUES (?, ?, 1)`);
  const store = database.transaction((group: readonly Turn[]) => {
    for (const [place, { sessionId, isFirst, time }] of group.entries()) {
      const second = time.slice(0, 19);
      session.run(sessionId, second, second);
      for (let at = 0; at < shape.itemsPerTurn; at++) {
        const from = (place * shape.itemsPerTurn + at) % TEXTS;
        item.run(sessionId, pool.slice(from, from + shape.itemBytes), second);
      }
      if (isFirst && shape.metadataBytes > 0) metadata.run(sessionId, pool.slice(0, shape.metadataBytes));
    }
    for (const { sessionId, time } of shareOf(group, shape.operationsPercent))
      operation.run(sessionId, crypto.randomUUID(), digest(), time.slice(0, 19));
    for (const { sessionId, number, milliseconds } of shareOf(group, shape.usagePercent))
      usage.run(sessionId, responseId(), number, milliseconds);
  });
  for (const group of grouped(turnsOf(shape), GROUP)) store(group);
}

function sizes(database: Database.Database): TableSize[] {
  const trees = database
    .prepare<[], { tree: string; tbl_name: string; bytes: number }>(
      `SELECT dbstat.name AS tree, tbl_name, pgsize AS bytes FROM dbstat JOIN sqlite_schema ON sqlite_schema.name = dbstat.name
       WHERE dbstat.aggregate = TRUE`,
    )
    .all();
  return grownTables().map((table) => ({
    table,
    rows: Number(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()),
    parts: trees
      .filter(({ tbl_name }) => tbl_name === table)
      .map(({ tree, bytes }) => ({
        name: tree === table ? ROWS : tree.startsWith('sqlite_autoindex') ? 'primary key' : tree,
        bytes,
      })),
  }));
}
