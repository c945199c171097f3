/**
 * What it would be worth on InnoDB, which keeps rows in the order of their primary key, if that began with the
 * conversation: the same rows in tables as they are made, and in tables with such a key.
 *
 * Usage: `npm run bench:clustering -- mysql` or `mariadb`.
 */
import { isDeepStrictEqual } from 'node:util';
import { schemaSql } from '@stackone/sessions-mysql';
import { markdownTable } from 'markdown-table';
import mysql, { type Connection } from 'mysql2/promise';
import { startEngine } from './src/engines/start.ts';
import { makeTurn, WrongAnswer } from './src/items.ts';
import { median } from './src/statistics.ts';
import { timed } from './src/workloads/timing.ts';

/** With their indexes 420 MB of rows, in a buffer pool of 128 MB. Nobody adds to the old conversations any more. */
const CONVERSATIONS = 400;
const TURNS = 150;
const ROUNDS = 200;
const GROUP = 64;

const CLUSTERED = `ALTER TABLE agent_messages DROP PRIMARY KEY, DROP INDEX idx_agent_messages_session_id,
  ADD PRIMARY KEY (session_id, id), ADD UNIQUE INDEX (id)`;

interface Layout {
  readonly name: string;
  readonly connection: Connection;
  /** The index for reading. */
  readonly index: string;
}

const server = process.argv[2] === 'mariadb' ? 'mariadb' : 'mysql';
const engine = await startEngine(server);
const layouts: Layout[] = [
  await makeLayout('id', 'idx_agent_messages_session_id'),
  await makeLayout('conversation, id', 'PRIMARY', CLUSTERED),
];
const names = (kind: string) =>
  Array.from({ length: CONVERSATIONS }, (_, at) => `${kind}_${(at * 7919) % 100_003}`);
const [old, live] = [names('old'), names('live')];
for (const layout of layouts) for (const some of [old, live]) await fill(layout, some);

const times = new Map<string, Map<string, number[]>>();
for (let round = 0; round < ROUNDS; round++) {
  const at = (conversations: readonly string[], step: number) => [
    conversations[(round * step) % CONVERSATIONS] ?? '',
  ];
  const work: Record<string, (layout: Layout) => Promise<unknown>> = {
    'append a turn': (layout) => append(layout, at(live, 37), `more-${round}`),
    [`append ${GROUP} turns of ${GROUP} conversations`]: (layout) =>
      append(layout, live.slice(round, round + GROUP), `group-${round}`),
    'newest 20 items': (layout) => read(layout, at(live, 101), 20),
    'newest 20 items of an old conversation': (layout) => read(layout, at(old, 1), 20),
    'all items of an old conversation': (layout) => read(layout, at(old, 211)),
    'all its items again': (layout) => read(layout, at(old, 211)),
  };
  for (const [title, call] of Object.entries(work)) {
    const answers = [];
    for (const layout of round % 2 === 0 ? layouts : layouts.toReversed()) {
      const { ms, answer } = await timed(() => call(layout));
      answers.push(answer);
      const ofTitle = times.get(title) ?? new Map<string, number[]>();
      times.set(title, ofTitle.set(layout.name, [...(ofTitle.get(layout.name) ?? []), ms]));
    }
    if (!isDeepStrictEqual(answers[0], answers[1]))
      throw new WrongAnswer(`${title}: two layouts, two answers`);
  }
}
console.log(`${engine.title}, medians of ${ROUNDS} calls in ms\n`);
console.log(
  markdownTable([
    ['primary key', ...layouts.map(({ name }) => name)],
    ...[...times].map(([title, ofTitle]) => [
      title,
      ...layouts.map(({ name }) => median(ofTitle.get(name) ?? []).toFixed(2)),
    ]),
    ['MB of rows and indexes', ...(await Promise.all(layouts.map(sizeOf)))],
  ]),
);
for (const { connection } of layouts) await connection.end();
await engine.stop();

async function makeLayout(name: string, index: string, change?: string): Promise<Layout> {
  const connection = await mysql.createConnection(await engine.makeDatabase());
  for (const statement of schemaSql({ server })) await connection.query(statement);
  if (change !== undefined) await connection.query(change);
  return { name, connection, index };
}

/** Turn after turn, so that the items of a conversation are not stored next to each other by themselves. */
async function fill({ connection }: Layout, conversations: readonly string[]): Promise<void> {
  await connection.query('INSERT INTO agent_sessions (session_id) VALUES ?', [
    conversations.map((id) => [id]),
  ]);
  for (let turn = 0; turn < TURNS; turn++) await insert(connection, conversations, `${turn}`);
  await connection.query('ANALYZE TABLE agent_messages');
}

async function insert(connection: Connection, conversations: readonly string[], turn: string): Promise<void> {
  const rows = conversations.flatMap((id) => makeTurn(id, turn).map((item) => [id, JSON.stringify(item)]));
  await connection.query('INSERT INTO agent_messages (session_id, message_data) VALUES ?', [rows]);
}

async function append({ connection }: Layout, conversations: readonly string[], turn: string): Promise<void> {
  await connection.beginTransaction();
  await connection.query(
    'INSERT INTO agent_sessions (session_id) VALUES ? ON DUPLICATE KEY UPDATE updated_at = CURRENT_TIMESTAMP(6)',
    [conversations.map((id) => [id])],
  );
  await insert(connection, conversations, turn);
  await connection.commit();
}

async function read(
  { connection, index }: Layout,
  [id]: readonly string[],
  limit = 100_000,
): Promise<unknown> {
  const [rows] = await connection.query(
    `SELECT /*+ INDEX(agent_messages ${index}) */ message_data FROM agent_messages
     WHERE session_id >= ? AND session_id <= ? ORDER BY session_id DESC, id DESC LIMIT ?`,
    [id, id, limit],
  );
  return rows;
}

async function sizeOf({ connection }: Layout): Promise<string> {
  if (server === 'mysql') await connection.query('SET SESSION information_schema_stats_expiry = 0');
  const [rows] = await connection.query(
    `SELECT ROUND((data_length + index_length) / 1048576) AS size FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name = 'agent_messages'`,
  );
  return String((rows as { size: unknown }[])[0]?.size);
}
