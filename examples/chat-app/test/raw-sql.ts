import Database from 'better-sqlite3';
import pg from 'pg';

/** One statement, past the application. */
export async function sql<Row extends object>(url: string, statement: string): Promise<Row[]> {
  if (url.startsWith('sqlite:')) {
    const database = new Database(url.slice('sqlite:'.length));
    try {
      const prepared = database.prepare(statement);
      if (prepared.reader) return prepared.all() as Row[];
      prepared.run();
      return [];
    } finally {
      database.close();
    }
  }
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Every row of every table, as one text. */
export async function everything(url: string): Promise<string> {
  const tables = await sql<{ name: string }>(
    url,
    url.startsWith('sqlite:')
      ? "SELECT name FROM sqlite_master WHERE type = 'table'"
      : "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const rows = await Promise.all(tables.map(({ name }) => sql(url, `SELECT * FROM "${name}"`)));
  return JSON.stringify(rows);
}
