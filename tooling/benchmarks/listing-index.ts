/**
 * What an index for "last change first" costs an append, and what it gains a page of `store.sessions.list()`: the same turns
 * and pages on tables with it and without.
 *
 * Usage: `npm run bench:listing-index -- postgres`, `sqlite`, `mysql` or `mariadb`.
 */
import { openSessionStore, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { markdownTable } from 'markdown-table';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { openDatabase } from './src/contenders/sqlite-by-hand.ts';
import { startEngine } from './src/engines/start.ts';
import { makeTurn } from './src/items.ts';
import { spread } from './src/statistics.ts';
import { timed } from './src/workloads/timing.ts';

const CONVERSATIONS = 20_000;
const ROUNDS = 60;
const GROUP = 64;
const SIZES = [1_000, 1_000_000];
const INDEX = 'CREATE INDEX agent_sessions_changed ON agent_sessions (updated_at, session_id)';

type EngineName = 'sqlite' | 'postgres' | 'mysql' | 'mariadb';
type Execute = (sql: string) => Promise<unknown>;

/** By SQL alone, spread over the seconds before now. */
const FILL: Readonly<Record<EngineName, (count: number) => string>> = {
  sqlite: (count) =>
    `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})
     INSERT INTO agent_sessions SELECT 'chat_' || n, datetime('now', '-' || (n * 7 % 100003) || ' seconds'),
       datetime('now', '-' || (n * 7 % 100003) || ' seconds') FROM n`,
  postgres: (count) =>
    `INSERT INTO agent_sessions SELECT 'chat_' || n, now() - (n * 7 % 100003) * interval '1 s',
       now() - (n * 7 % 100003) * interval '1 s' FROM generate_series(1, ${count}) AS n`,
  mysql: seriesOfMysql,
  mariadb: seriesOfMysql,
};

const name = process.argv[2] as EngineName;
const engine = await startEngine(name);
const lines: string[][] = [];
const append = { without: await prepared(CONVERSATIONS, false), with: await prepared(CONVERSATIONS, true) };
for (const [title, turns, calls] of [
  ['a turn', 1, 20],
  [`${GROUP} turns of ${GROUP} conversations`, GROUP, 4],
] as const) {
  let turn = 0;
  const add = async (store: SessionStore) => {
    for (let call = 0; call < calls; call++) {
      const ids = Array.from(
        { length: turns },
        (_, at) => `chat_${((turn * 7919 + at * 101) % CONVERSATIONS) + 1}`,
      );
      turn++;
      await Promise.all(ids.map((id) => store.session(id).addItems(makeTurn(id, `${turn}`))));
    }
  };
  lines.push(await compared(`append ${title}`, append, add, turns * calls));
}
for (const store of Object.values(append)) await store.close();
const [small, large] = await Promise.all(SIZES.map((size) => prepared(size, true)));
if (small && large) {
  const page = async ({ sessions }: SessionStore) => {
    for (let call = 0; call < 20; call++) {
      const { data } = await sessions.list();
      if (data.length !== 20) throw new Error('a page that is not full');
    }
  };
  lines.push(
    await compared('page of 10^3 and of 10^6, with the index', { without: small, with: large }, page, 20),
  );
  for (const store of [small, large]) await store.close();
}
console.log(`${engine.title}, medians of ${ROUNDS} interleaved rounds, quartiles in brackets\n`);
console.log(markdownTable([['', 'first, ms', 'second, ms', 'second / first'], ...lines]));
await engine.stop();

async function prepared(count: number, indexed: boolean): Promise<SessionStore> {
  const url = await engine.makeDatabase();
  const store = await openSessionStore(url);
  const [execute, end] = await connected(url);
  if (indexed) await execute(INDEX);
  await execute(FILL[name](count));
  if (name === 'postgres') await execute('VACUUM ANALYZE agent_sessions');
  await end();
  return store;
}

async function compared(
  title: string,
  stores: { readonly without: SessionStore; readonly with: SessionStore },
  work: (store: SessionStore) => Promise<unknown>,
  parts: number,
): Promise<string[]> {
  const pairs: { without: number; with: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const pair = { without: 0, with: 0 };
    for (const which of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const))
      pair[which] = (await timed(() => work(stores[which]))).ms / parts;
    pairs.push(pair);
  }
  const shown = (values: readonly number[], digits: number) => {
    const { median, lower, upper } = spread(values);
    return `${median.toFixed(digits)} (${lower.toFixed(digits)}-${upper.toFixed(digits)})`;
  };
  return [
    title,
    shown(
      pairs.map((pair) => pair.without),
      3,
    ),
    shown(
      pairs.map((pair) => pair.with),
      3,
    ),
    shown(
      pairs.map((pair) => pair.with / pair.without),
      2,
    ),
  ];
}

async function connected(url: string): Promise<[execute: Execute, end: () => Promise<unknown>]> {
  if (name === 'sqlite') {
    const file = openDatabase(url);
    return [async (sql) => file.exec(sql), async () => file.close()];
  }
  if (name === 'postgres') {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return [(sql) => client.query(sql), () => client.end()];
  }
  const connection = await mysql.createConnection(url);
  return [(sql) => connection.query(sql), () => connection.end()];
}

function seriesOfMysql(count: number): string {
  const digits = `(${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS n`).join(' UNION ALL ')})`;
  return `INSERT INTO agent_sessions SELECT CONCAT('chat_', n), FROM_UNIXTIME(UNIX_TIMESTAMP() - n * 7 MOD 100003),
    FROM_UNIXTIME(UNIX_TIMESTAMP() - n * 7 MOD 100003) FROM (SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n +
    10000 * e.n + 100000 * f.n AS n FROM ${digits} AS a, ${digits} AS b, ${digits} AS c, ${digits} AS d, ${digits} AS e,
    ${digits} AS f) AS numbers WHERE n <= ${count}`;
}
