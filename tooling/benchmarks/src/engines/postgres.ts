import { startPostgres } from '@stackone/test-servers';
import { JSON_AROUND_MARK, TURN_ITEMS } from '../items.ts';
import type { Engine, ServerSettings } from './engine.ts';

const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
];

export async function startPostgresEngine(settings: ServerSettings): Promise<Engine> {
  const server = await startPostgres({ durable: true, major: 18, settings });
  const databaseOf = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
  const rows = await server.query(
    `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ('{${SETTINGS}}')`,
  );
  return {
    name: 'postgres',
    title: `PostgreSQL ${server.version}`,
    settings: Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)])),
    hasTables: true,
    isBelow: server.isBelow,
    server: { host: server.host, port: server.port, engine: 'postgres' },
    makeDatabase: async () => server.url(await server.createDatabase()),
    async connections(url) {
      const [row] = await server.query(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = '${databaseOf(url)}'`,
      );
      return Number(row?.count);
    },
    async fill(url, conversation, turns) {
      const [even, odd] = JSON_AROUND_MARK.map(({ before, after }) => [before, after].map(literal));
      const mark = `'${conversation}/' || (n / ${TURN_ITEMS}) || '/' || (n % ${TURN_ITEMS})`;
      const database = databaseOf(url);
      await server.query(`INSERT INTO agent_sessions (session_id) VALUES ('${conversation}')`, database);
      await server.query(
        `INSERT INTO agent_messages (session_id, message_data)
         SELECT '${conversation}', CASE n % 2 WHEN 0 THEN ${even?.join(` || ${mark} || `)} ELSE ${odd?.join(` || ${mark} || `)} END
         FROM generate_series(0, ${turns * TURN_ITEMS - 1}) AS n ORDER BY n`,
        database,
      );
      await server.query('VACUUM ANALYZE agent_messages', database);
    },
    stop: () => server.stop(),
  };
}

function literal(text: string | undefined = ''): string {
  return `'${text.replaceAll("'", "''")}'`;
}
