import { randomUUID } from 'node:crypto';
import {
  CLUSTER_LIMIT,
  type ClusterScene,
  IMPATIENT,
  listed,
  playClusterScene,
  storedTexts,
} from '@stackone/interruptions';
import type { Cluster, ThrowawayServer } from '@stackone/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { rowsOf } from './databases.js';
import { contents, message } from './items.js';
import { sessionsConformance } from './sessions-conformance.js';

/** Cuts a node off from the others. @returns What ends it. */
type CutOff = (node: ThrowawayServer) => Promise<() => Promise<void>>;

/**
 * What holds on three nodes that replicate to each other and all take writes.
 *
 * @param kind - Its name, for people.
 */
export function describeClusterScenes(
  kind: string,
  start: () => Promise<Cluster>,
): { url(node: number): string; describeCutOff(cutOff: CutOff): void } {
  let cluster: Cluster;
  let database: string;
  const url = (node: number) => cluster.nodes[node]?.url(database) ?? '';
  const textsOn = (node: number, id: string) => storedTexts((sql) => rowsOf(url(node), sql), id);
  beforeAll(async () => {
    cluster = await start();
    database = (await cluster.nodes[0]?.createDatabase()) ?? '';
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  describe('a store', () => {
    let store: MysqlSessionStore;
    beforeAll(async () => {
      store = await MysqlSessionStore.fromUrl(url(0));
    });
    afterAll(() => store.close());
    sessionsConformance(() => store);
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

  /** Names of the turns that a node has, which must be whole, and those of each writer in its order. */
  async function turnsOn(node: number, ids: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const id of ids) {
      const texts = await textsOn(node, id);
      for (let at = 0; at < texts.length; at += PARTS.length) {
        const name = String(texts[at]).replace(/ first$/, '');
        expect(texts.slice(at, at + PARTS.length)).toEqual(PARTS.map((part) => `${name} ${part}`));
        names.push(name);
      }
      const places = new Map<string, number>();
      for (const name of names.filter((one) => one.startsWith(`${id} `))) {
        const at = name.lastIndexOf('.');
        const [writer, turn] = [name.slice(0, at), Number(name.slice(at + 1))];
        expect(turn).toBeGreaterThan(places.get(writer) ?? -1);
        places.set(writer, turn);
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
      // a node may let a transaction wait for a lock until it gives up, which was seen on Galera once in 30,000 turns
      expect(stored.length + refused.length + withOutcome(told, 'BUSY').length).toBe(told.size);
      if (maxRetries > 0) expect(refused).toEqual([]);
      // all that was acknowledged is on each node soon
      for (const node of [0, 1, 2])
        await expect.poll(async () => sorted(await turnsOn(node, ids))).toEqual(sorted(stored));
    },
  );

  test('a node is killed and comes back: the others go on, nothing that was acknowledged is lost', async () => {
    const ids = [randomUUID()];
    const stores = await Promise.all([0, 1].map((node) => MysqlSessionStore.fromUrl(url(node))));
    const before = await write(stores, ids, 3, 'before');
    const killed = cluster.nodes[2] as ThrowawayServer;
    await killed.kill();
    const during = await write(stores, ids, 3, 'during');
    const after = await write(stores, ids, 3, 'after');
    await cluster.rejoin(killed);
    const returned = await MysqlSessionStore.fromUrl(url(2), { maxRetries: 20, retryDelay: 5 });
    const back = await write([...stores, returned], ids, 3, 'back');
    for (const store of [...stores, returned]) await store.close();
    const told = new Map([...before, ...during, ...after, ...back]);
    expect(withOutcome(after, 'stored')).toHaveLength(after.size);
    for (const node of [0, 1, 2]) {
      await expect
        .poll(async () => sorted(await turnsOn(node, ids)))
        .toEqual(expect.arrayContaining(sorted(withOutcome(told, 'stored'))));
      const names = await turnsOn(node, ids);
      expect(new Set(names).size).toBe(names.length);
      const refused = [...told].filter(([, is]) => is !== 'stored' && is !== 'OUTCOME_UNKNOWN');
      for (const [name] of refused) expect(names).not.toContain(name);
    }
  });

  test('a URL with all nodes: the one in use is killed, and the writers go on at another one, with nothing lost or doubled', async () => {
    const [first, second, third] = cluster.nodes as [ThrowawayServer, ThrowawayServer, ThrowawayServer];
    const hosts = [third, first, second].map(({ host, port }) => `${host}:${port}`);
    await using store = await MysqlSessionStore.fromUrl(url(0).replace(/@[^/]+/, `@${hosts.join(',')}`));
    const written = new Map(PARTS.map((part) => [`${part}-${randomUUID()}`, [] as string[]]));
    let isOver = false;
    const writing = [...written].map(async ([id, acknowledged]) => {
      while (!isOver) {
        const turn = `turn ${acknowledged.length}`;
        const outcome = await store
          .session(id)
          .addItems([message(turn)], undefined, { operationId: turn })
          .catch((error: unknown) => error);
        if (outcome === undefined) acknowledged.push(turn);
        else expect(outcome).toMatchObject({ code: expect.stringMatching(AFTER_A_LOSS) });
      }
    });
    const counts = () => [...written.values()].map(({ length }) => length);
    const connectedTo = async (node: number) =>
      (await rowsOf(url(node), 'SHOW PROCESSLIST')).filter(({ db }) => db === database).length > 1;
    await expect.poll(() => Math.min(...counts()), { timeout: 60_000 }).toBeGreaterThan(10);
    expect([await connectedTo(2), await connectedTo(0), await connectedTo(1)]).toEqual([true, false, false]);
    await third.kill();
    const before = counts();
    const least = () => Math.min(...counts().map((count, at) => count - (before[at] ?? 0)));
    await expect.poll(least, { timeout: 60_000 }).toBeGreaterThan(10);
    isOver = true;
    await Promise.all(writing);
    for (const [id, acknowledged] of written)
      expect(contents(await store.session(id).getItems())).toEqual(acknowledged);
    await cluster.rejoin(third);
  });

  /** Writers by URLs that name all nodes, of which each begins at another one. */
  const played = (name: string, strike: ClusterScene['strike']) =>
    playClusterScene({
      name: `${kind}, ${name}`,
      open: () =>
        Promise.all(
          cluster.nodes.map((_, at) => {
            const order = [...cluster.nodes.slice(at), ...cluster.nodes.slice(0, at)];
            return MysqlSessionStore.fromUrl(listed(url(0), order), IMPATIENT);
          }),
        ),
      strike,
      readers: cluster.nodes.map((_, node) => (id) => textsOn(node, id)),
    });
  const nodeOf = (round: number) => cluster.nodes[round % cluster.nodes.length] as ThrowawayServer;

  test(
    'writers on all nodes, one of which is killed: they go on at the others, and it has all that was acknowledged when it is back',
    CLUSTER_LIMIT,
    () =>
      played('a node killed', async (round) => {
        const node = nodeOf(round);
        await node.kill();
        await cluster.untilLeft(node);
        return () => cluster.rejoin(node);
      }),
  );

  test(
    'writers on all nodes, one of which is stopped until the others go on without it: they go on too, and nothing is lost or doubled when it wakes up',
    CLUSTER_LIMIT,
    () =>
      played('a node stopped', async (round) => {
        const node = nodeOf(round);
        node.suspend();
        await cluster.untilLeft(node);
        return async () => {
          node.resume();
          await cluster.takeBack(node);
        };
      }),
  );

  return {
    url,
    /** A node does not reach the others, while writers reach it. */
    describeCutOff: (cutOff) =>
      test(
        'writers on all nodes, one of which the others do not reach any more, though writers do: they go on at the others',
        CLUSTER_LIMIT,
        () =>
          played('a node cut off', async (round) => {
            const node = nodeOf(round);
            const mend = await cutOff(node);
            await cluster.untilLeft(node);
            return async () => {
              await mend();
              await cluster.takeBack(node);
            };
          }),
      ),
  };
}

const AFTER_A_LOSS = /^(?:CONNECTION_FAILED|OUTCOME_UNKNOWN|READ_ONLY|TRANSACTION_CONFLICT|BUSY)$/;
