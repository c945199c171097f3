// Promises: Whole turns, in order; No item twice; Errors tell the truth; Servers of several nodes.
import { CLUSTER_LIMIT, IMPATIENT, listed, playClusterScene, storedTexts } from '@stackone/interruptions';
import {
  type Cluster,
  primaryOf,
  startMysqlRouter,
  startReplicationGroup,
  type ThrowawayServer,
} from '@stackone/test-servers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';

describe('MySQL Router before Group Replication, three nodes of which one takes writes', () => {
  let group: Cluster;
  let router: ThrowawayServer;
  let database: string;
  beforeAll(async () => {
    group = await startReplicationGroup(3, 'one node');
    router = await startMysqlRouter(group);
    database = await router.createDatabase();
  });
  afterAll(async () => {
    await router?.stop();
    await group?.[Symbol.asyncDispose]();
  });

  test(
    'the primary is killed: writers go on at another one, by Router and by a URL with all hosts, it comes back, and nothing is lost or doubled',
    CLUSTER_LIMIT,
    () =>
      playClusterScene({
        name: 'MySQL Router, primary killed',
        open: () => {
          const routed = router.url(database);
          const all = listed(routed, group.nodes);
          return Promise.all(
            [routed, routed, all, all].map((url) => MysqlSessionStore.fromUrl(url, IMPATIENT)),
          );
        },
        async strike() {
          const primary = await primaryOf(group);
          await primary.kill();
          await group.untilLeft(primary);
          return () => group.rejoin(primary);
        },
        readers: group.nodes.map((node) => (id) => storedTexts((sql) => node.query(sql, database), id)),
      }),
  );
});
