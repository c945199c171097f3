import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../contenders/sqlite-by-hand.ts';
import { JSON_AROUND_MARK, TURN_ITEMS } from '../items.ts';
import type { Engine } from './engine.ts';

/** What `statfs` says of a folder in memory, on Linux. */
const TMPFS = 0x01021994;
/** As a connection has them; `synchronous` 2 is FULL. */
const PRAGMAS = ['journal_mode', 'synchronous', 'page_size', 'cache_size', 'wal_autocheckpoint'];

export async function startSqliteEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'sessions-bench-'));
  const { type } = await statfs(folder);
  if (type === TMPFS) throw new Error(`${tmpdir()} is in memory: set TMPDIR to a folder on a disk`);
  const probe = openDatabase(join(folder, 'probe.db'));
  const title = `SQLite ${probe.prepare('SELECT sqlite_version()').pluck().get()}`;
  const settings = Object.fromEntries(
    PRAGMAS.map((pragma) => [pragma, String(probe.pragma(pragma, { simple: true }))]),
  );
  probe.close();
  let databases = 0;
  return {
    name: 'sqlite',
    title,
    settings,
    hasTables: true,
    isBelow: true,
    async makeDatabase() {
      databases += 1;
      return `sqlite:${join(folder, `${databases}.db`)}`;
    },
    connections: async () => 1,
    async fill(url, conversation, turns) {
      const file = openDatabase(url);
      const [even, odd] = JSON_AROUND_MARK.map(({ before, after }) => {
        const mark = `'${conversation}/' || (n / ${TURN_ITEMS}) || '/' || (n % ${TURN_ITEMS})`;
        return [before, after].map((text) => `'${text.replaceAll("'", "''")}'`).join(` || ${mark} || `);
      });
      file.prepare('INSERT INTO agent_sessions (session_id) VALUES (?)').run(conversation);
      file
        .prepare(
          `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
           INSERT INTO agent_messages (session_id, message_data)
           SELECT ?, CASE n % 2 WHEN 0 THEN ${even} ELSE ${odd} END FROM numbers`,
        )
        .run(turns * TURN_ITEMS, conversation);
      file.close();
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}
