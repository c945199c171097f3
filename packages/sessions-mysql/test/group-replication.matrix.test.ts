// Promises: Whole turns, in order; No item twice; Errors tell the truth.
import { randomUUID } from 'node:crypto';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { type ReplicationGroup, startReplicationGroup } from '@stackone/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlSessionStore, schemaSql } from '../src/index.js';
import { rawPool, rowsOf, SUPPORT } from './databases.js';
import { contents, message } from './items.js';

describe('Group Replication, three nodes that all take writes', () => {
  let group: ReplicationGroup;
  let database: string;
  const url = (node: number) => group.nodes[node]?.url(database) ?? '';
  beforeAll(async () => {
    group = await startReplicationGroup(3);
    database = (await group.nodes[0]?.createDatabase()) ?? '';
  });
  afterAll(() => group[Symbol.asyncDispose]());

  describe('a store', () => {
    let store: MysqlSessionStore;
    beforeAll(async () => {
      store = await MysqlSessionStore.fromUrl(url(0));
    });
    afterAll(() => store.close());
    sessionConformance({
      name: 'sessions',
      describe,
      test,
      open: () => ({ session: (id) => store.session(id) }),
      supports: sessionFeatures(SUPPORT),
    });
  });

  test('tables that cascade are refused, those without foreign keys are taken', async () => {
    const pool = rawPool(url(0));
    const made = async (foreignKeys: boolean) => {
      const tables = { sessions: `sessions_${foreignKeys}`, messages: `messages_${foreignKeys}` };
      for (const statement of schemaSql({ tables, foreignKeys })) await pool.query(statement);
      return MysqlSessionStore.fromUrl(url(0), { tables, createTables: false });
    };
    await using cascading = await made(true);
    await expect(cascading.session('a').addItems([message('a')])).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('schemaSql({ foreignKeys: false })'),
    });
    await using plain = await made(false);
    await plain.session('a').addItems([message('a')]);
    expect(contents(await plain.session('a').getItems())).toEqual(['a']);
    await pool.end();
  });

  const PARTS = ['first', 'second', 'third'];

  /** Each of the stores' writers adds turns to all of the conversations; what it was told of each turn. */
  async function write(
    stores: readonly MysqlSessionStore[],
    ids: readonly string[],
    turns: number,
    round = 'r',
  ) {
    const told = new Map<string, unknown>();
    const writer = async (store: MysqlSessionStore, name: string) => {
      for (let turn = 0; turn < turns; turn++) {
        const id = ids[turn % ids.length] as string;
        const items = PARTS.map((part) => message(`${id} ${name}.${turn} ${part}`));
        const outcome = await store
          .session(id)
          .addItems(items)
          .then(
            () => 'stored',
            (error: { code: string }) => error.code,
          );
        told.set(`${id} ${name}.${turn}`, outcome);
      }
    };
    await Promise.all(
      stores.flatMap((store, node) => [0, 1, 2].map((number) => writer(store, `${round}.${node}.${number}`))),
    );
    return told;
  }

  /** Names of the turns that a node has, which must be whole. */
  async function turnsOn(node: number, ids: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const id of ids) {
      const rows = await rowsOf(
        url(node),
        `SELECT message_data AS text FROM agent_messages WHERE session_id = '${id}' ORDER BY id`,
      );
      const texts = rows.map(({ text }) => (JSON.parse(String(text)) as { content: string }).content);
      for (let at = 0; at < texts.length; at += PARTS.length) {
        const name = String(texts[at]).replace(/ first$/, '');
        expect(texts.slice(at, at + PARTS.length)).toEqual(PARTS.map((part) => `${name} ${part}`));
        names.push(name);
      }
    }
    return names;
  }

  const sorted = (names: Iterable<string>) => [...names].toSorted();
  const withOutcome = (told: ReadonlyMap<string, unknown>, outcome: string) =>
    [...told].filter(([, is]) => is === outcome).map(([name]) => name);

  test.each([0, 20])(
    'stores on all nodes write to the same conversations, maxRetries %i: what is told is true, each turn whole and once',
    async (maxRetries) => {
      const ids = [randomUUID(), randomUUID()];
      const stores = await Promise.all(
        [0, 1, 2].map((node) => MysqlSessionStore.fromUrl(url(node), { maxRetries, retryDelay: 5 })),
      );
      const told = await write(stores, ids, 10);
      for (const store of stores) await store.close();
      const stored = withOutcome(told, 'stored');
      const refused = withOutcome(told, 'TRANSACTION_CONFLICT');
      expect(stored.length + refused.length).toBe(told.size);
      if (maxRetries > 0) expect(refused).toEqual([]);
      // all that was acknowledged is on each node soon
      for (const node of [0, 1, 2])
        await expect.poll(async () => sorted(await turnsOn(node, ids))).toEqual(sorted(stored));
    },
  );

  test('a node is killed: the others go on, nothing that was acknowledged is lost', async () => {
    const ids = [randomUUID()];
    const stores = await Promise.all([1, 2].map((node) => MysqlSessionStore.fromUrl(url(node))));
    const before = await write(stores, ids, 3, 'before');
    const [killed] = group.nodes;
    await killed?.kill();
    const during = await write(stores, ids, 3, 'during');
    const after = await write(stores, ids, 3, 'after');
    for (const store of stores) await store.close();
    const told = new Map([...before, ...during, ...after]);
    expect(withOutcome(after, 'stored')).toHaveLength(after.size);
    await expect
      .poll(async () => sorted(await turnsOn(2, ids)))
      .toEqual(expect.arrayContaining(sorted(withOutcome(told, 'stored'))));
    const names = await turnsOn(2, ids);
    expect(new Set(names).size).toBe(names.length);
    const refused = [...told].filter(([, is]) => is !== 'stored' && is !== 'OUTCOME_UNKNOWN');
    for (const [name] of refused) expect(names).not.toContain(name);
  });
});
