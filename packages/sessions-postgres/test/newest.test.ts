import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conversationStatements } from '../src/conversation-statements.js';
import { schemaSql } from '../src/index.js';
import { postgresNames, statements } from '../src/statements.js';

/** A plan of EXPLAIN (FORMAT JSON). */
interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** The rows of tables that the scans of a plan went over. */
function rowsTouched(plan: Plan): number {
  const below = (plan.Plans ?? []).reduce((sum, part) => sum + rowsTouched(part), 0);
  return below + (plan['Node Type'] === 'ModifyTable' ? 0 : rowsScanned(plan));
}

function rowsScanned(plan: Plan): number {
  if (plan['Relation Name'] === undefined) return 0;
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return (plan['Actual Rows'] + removed) * plan['Actual Loops'];
}

describeEngine('postgres', ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const sql = statements(postgresNames(undefined, 'public'), false);
  beforeAll(async () => {
    for (const statement of schemaSql()) await pool.query(statement);
    await pool.query(`
      INSERT INTO agent_sessions (session_id) SELECT 'big' UNION ALL SELECT 's' || n FROM generate_series(1, 3000) AS n;
      ALTER TABLE agent_messages DISABLE TRIGGER ALL;
      INSERT INTO agent_messages (session_id, message_data) SELECT 'big', '{}' FROM generate_series(1, 450000);
      INSERT INTO agent_messages (session_id, message_data) SELECT 's' || (1 + n % 3000), '{}' FROM generate_series(1, 300000) AS n;
      ALTER TABLE agent_messages ENABLE TRIGGER ALL;
      ANALYZE agent_messages`);
  });
  afterAll(() => pool.end());

  const touched = async (statement: string, parameters: unknown[]) => {
    const client = await pool.connect();
    await client.query('BEGIN');
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`, parameters);
    await client.query('ROLLBACK');
    client.release();
    return rowsTouched(rows[0]['QUERY PLAN'][0].Plan);
  };

  test('one conversation is 60 % of the table, 300,000 newer rows of others follow: only its newest are touched', async () => {
    const { rows } = await pool.query(
      "SELECT max(id)::text AS last FROM agent_messages WHERE session_id = 'big'",
    );
    const { last } = rows[0];
    expect(await touched(sql.read, ['big', 20])).toBeLessThanOrEqual(21);
    for (const before of [last, String(BigInt(last) - 200_000n)]) {
      expect(await touched(sql.readBefore, ['big', before, 20])).toBeLessThanOrEqual(21);
    }
    expect(await touched(sql.pop, ['big'])).toBeLessThanOrEqual(5);
    expect(await touched(sql.lock, ['big'])).toBeLessThanOrEqual(2);
    expect(await touched(sql.remove, ['big', JSON.stringify([last])])).toBeLessThanOrEqual(4);
    expect(
      await touched(sql.update, ['big', JSON.stringify([{ id: last, text: '{}' }])]),
    ).toBeLessThanOrEqual(4);
    for (const id of ['s7', 'absent']) {
      expect(await touched(sql.read, [id, 20])).toBeLessThanOrEqual(21);
      expect(await touched(sql.pop, [id])).toBeLessThanOrEqual(5);
    }
  });

  test('only the operations of sessions that forget are touched', async () => {
    await pool.query(`
      INSERT INTO agent_sessions_operations (session_id, operation_id, digest)
        SELECT 's' || (1 + n % 100), md5(n::text), 'd' FROM generate_series(1, 60000) AS n`);
    const turns = Array.from({ length: 64 }, (_, index) => ({
      session_id: `s${index + 1}`,
      operation_id: `0${index}`,
      digest: 'd',
      forget_older_than: index % 16 === 0 ? 7_776_000 : undefined,
      first: index + 1,
      last: index + 1,
    }));
    const group = [JSON.stringify(turns), turns.map(() => '|{}').join(''), '|'];
    for (const analyze of ['', 'ANALYZE agent_sessions_operations']) {
      await pool.query(analyze);
      expect(await touched(sql.appendOnce, group)).toBeLessThanOrEqual(4 * 600 + 64);
    }
  });

  test('the count sees a plan that passes over the rows of others', async () => {
    const plain = sql.read.replace('m.session_id >= $1 AND m.session_id <= $1', 'm.session_id = $1');
    expect(plain).not.toBe(sql.read);
    await pool.query('DROP INDEX idx_agent_messages_session_id');
    expect(await touched(sql.read, ['big', 20])).toBeGreaterThan(100_000);
  });
});

describeEngine('postgres', ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const names = postgresNames(undefined, 'public');
  const { list } = conversationStatements(names, { metadata: true, runs: false });
  beforeAll(async () => {
    for (const statement of schemaSql()) await pool.query(statement);
    await pool.query(`INSERT INTO agent_sessions SELECT 'chat_' || n, now() - n % 997 * interval '1 s',
      now() - n % 997 * interval '1 s' FROM generate_series(1, 100000) AS n; ANALYZE agent_sessions`);
  });
  afterAll(() => pool.end());

  const touched = async (query: Parameters<typeof list>[0]) => {
    const [sql, parameters] = list(query);
    const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, [...parameters]);
    return rowsTouched(rows[0]['QUERY PLAN'][0].Plan);
  };
  const page = { prefix: '', withoutPrefix: '$tenant:', descending: true, limit: 21 } as const;
  const position = { time: '2100-01-01 00:00:00.000000', id: 'chat_5' };

  test('a page of 100,000 conversations in the order of ids touches what it shows', async () => {
    expect(await touched({ ...page, by: 'id' })).toBeLessThanOrEqual(42);
    expect(await touched({ ...page, by: 'id', after: { time: '', id: 'chat_5' } })).toBeLessThanOrEqual(42);
  });

  test('so does one in the order of changes, by its index; without that all are read', async () => {
    expect(await touched({ ...page, by: 'changed' })).toBeLessThanOrEqual(42);
    expect(await touched({ ...page, by: 'changed', after: position })).toBeLessThanOrEqual(42);
    await pool.query('DROP INDEX idx_agent_sessions_changed');
    expect(await touched({ ...page, by: 'changed' })).toBeGreaterThan(99_000);
  });
});
