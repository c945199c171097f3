// Promises: Whole turns, in order; No item twice; Errors tell the truth; Servers of several nodes.
import {
  CLUSTER_LIMIT,
  type ClusterScene,
  IMPATIENT,
  listed,
  playClusterScene,
  storedTexts,
} from '@stackone/interruptions';
import { PATRONI_TTL, type PatroniCluster, startPatroniCluster } from '@stackone/test-servers';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

/** A failover that waits until the leader has lost its place by silence, and what comes after, in ms. */
const BY_SILENCE = (PATRONI_TTL + 10) * 1000;

describe('Patroni, etcd and HAProxy, three nodes of which one takes writes', () => {
  let cluster: PatroniCluster;
  let database: string;
  beforeAll(async () => {
    cluster = await startPatroniCluster(3);
    // one that was made the primary just now may still take no writes
    await vi.waitFor(
      async () => {
        database = await cluster.proxy.createDatabase();
      },
      { timeout: 60_000, interval: 200 },
    );
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  /** Two stores by the address of HAProxy, two by the URL with all hosts. */
  const played = (name: string, strike: ClusterScene['strike'], longestGap?: number) =>
    playClusterScene({
      name: `Patroni, ${name}`,
      open: () => {
        const proxied = cluster.proxy.url(database);
        const all = `${listed(proxied, cluster.nodes)}?target_session_attrs=read-write`;
        return Promise.all(
          [proxied, proxied, all, all].map((url) => PostgresSessionStore.fromUrl(url, IMPATIENT)),
        );
      },
      strike,
      readers: cluster.nodes.map((node) => (id) => storedTexts((sql) => node.query(sql, database), id)),
      ...(longestGap && { longestGap }),
    });

  test(
    'the PostgreSQL of the primary is killed: writers go on at another one, by HAProxy and by a URL with all hosts, with nothing lost or doubled',
    CLUSTER_LIMIT,
    () =>
      played('PostgreSQL of the primary killed', async () => {
        await cluster.killPostgres(await cluster.untilSafe());
        return () => cluster.untilWhole();
      }),
  );

  test(
    'the primary is killed with its Patroni: writers go on at another one, it comes back as a standby, and nothing is lost or doubled',
    CLUSTER_LIMIT,
    () =>
      played(
        'primary and its Patroni killed',
        async () => {
          const primary = await cluster.untilSafe();
          await primary.kill();
          return async () => {
            await primary.restart();
            await cluster.untilWhole();
          };
        },
        BY_SILENCE,
      ),
  );

  test(
    'another node takes over as planned: writers go on there, with nothing lost or doubled',
    CLUSTER_LIMIT,
    () =>
      played('planned switchover', async () => {
        await cluster.switchOver();
        return () => cluster.untilWhole();
      }),
  );
});
