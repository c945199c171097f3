import { type FaultProxy, startProxy } from '@stackone/test-servers';
import { Arena, type Entry } from '../arena.ts';
import type { Contender } from '../contender.ts';
import type { Effort } from '../effort.ts';
import type { Engine } from '../engines/engine.ts';
import { checkItems, makeTurn, newestItems, TURN_ITEMS } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { type Distance, pop, replaceSuffix } from './changing.ts';
import { timed } from './timing.ts';

/** Each way, so that a round trip takes 2 ms more. */
const DELAY = 1;
const AWAY: Distance = { workload: '-delayed', title: ', 2 ms away' };
const TURNS_BEFORE = 5;
const READ = TURNS_BEFORE * TURN_ITEMS;

/** What goes over the wire: counted by a proxy before the server, and then held back by it. */
export async function overTheWire(
  engine: Engine,
  effort: Effort,
  contenders: readonly Contender[],
): Promise<WorkloadResult[]> {
  if (!engine.server) return [];
  const { server } = engine;
  const proxies = new Map<string, FaultProxy>();
  const arena = await Arena.open(engine, effort, contenders, async () => {
    const proxy = await startProxy(server, { protocol: server.engine });
    const url = proxy.url(await engine.makeDatabase());
    proxies.set(url, proxy);
    return url;
  });
  const proxyOf = ({ url }: Entry) => {
    const proxy = proxies.get(url);
    if (!proxy) throw new Error('this contender is not behind a proxy');
    return proxy;
  };
  try {
    const results = await countRoundTrips(arena, proxyOf);
    for (const proxy of proxies.values()) proxy.delay = DELAY;
    return [...results, ...(await withDelay(arena))];
  } finally {
    await arena.close();
    for (const proxy of proxies.values()) await proxy.close();
  }
}

async function countRoundTrips(
  arena: Arena,
  proxyOf: (entry: Entry) => FaultProxy,
): Promise<WorkloadResult[]> {
  const turn = (round: number, name: string) => makeTurn('counted', `${round}-${name}`);
  const operations: Record<
    string,
    (entry: Entry, round: number) => Promise<(() => Promise<unknown>) | undefined>
  > = {
    async append({ conversations }, round) {
      return () => conversations.append('counted', turn(round, 'append'));
    },
    async newest({ conversations }) {
      return () => conversations.newest('counted', READ);
    },
    async pop({ conversations: { pop } }) {
      return pop && (() => pop('counted'));
    },
    async 'replace-suffix'({ conversations: { append, replaceSuffix } }, round) {
      if (!replaceSuffix) return undefined;
      await append('counted', turn(round, 'old'));
      const [expected, replacement] = [turn(round, 'old').slice(2), turn(round, 'new').slice(2)];
      return () => replaceSuffix('counted', `${round}`, expected, replacement);
    },
  };
  const results: WorkloadResult[] = [];
  for (const [name, prepare] of Object.entries(operations)) {
    results.push(
      await arena.compare({
        workload: `round-trips-${name}`,
        title: `round trips: ${name}`,
        unit: 'round trips',
        rounds: 1,
        async measure(entry, round) {
          const operation = await prepare(entry, round);
          if (!operation) return undefined;
          const before = proxyOf(entry).roundTrips;
          await operation();
          return proxyOf(entry).roundTrips - before;
        },
      }),
    );
  }
  return results;
}

async function withDelay(arena: Arena): Promise<WorkloadResult[]> {
  const turns = new Map<Entry, number>();
  const append = await arena.compare({
    workload: `append${AWAY.workload}`,
    title: `append a turn${AWAY.title}`,
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure(entry) {
      const turn = turns.get(entry) ?? 0;
      turns.set(entry, turn + 1);
      const items = makeTurn('delayed', turn);
      return (await timed(() => entry.conversations.append('delayed', items))).ms;
    },
  });
  const read = await arena.compare({
    workload: `newest-20${AWAY.workload}`,
    title: `newest 20${AWAY.title}`,
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure(entry) {
      const { ms, answer } = await timed(() => entry.conversations.newest('delayed', READ));
      checkItems(answer, newestItems('delayed', turns.get(entry) ?? 0, READ));
      return ms;
    },
  });
  return [append, read, await pop(arena, AWAY), await replaceSuffix(arena, AWAY)];
}
