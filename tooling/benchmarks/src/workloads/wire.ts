import { type FaultProxy, startProxy } from '@stackone/test-servers';
import { Arena, type Entry } from '../arena.ts';
import type { Contender } from '../contender.ts';
import type { Effort } from '../effort.ts';
import type { Engine } from '../engines/engine.ts';
import type { WorkloadResult } from '../results.ts';
import {
  APPEND,
  APPEND_ONCE,
  CLEAR,
  COMPACT,
  listCall,
  newestItemsCall,
  POP,
  REMOVE,
  REPLACE_CALL,
  REPLACE_SUFFIX,
  REWIND,
} from './calls.ts';
import { type Away, compareCall } from './compare-call.ts';

/** Each way, so that a round trip takes 2 ms more. */
export const DELAY = 1;

/** Every call, over a wire on which each round trip takes 2 ms more, and is counted. A proxy before the server is the wire. */
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
  const away: Away = {
    workload: '-delayed',
    title: ', 2 ms away',
    roundTrips({ url }: Entry) {
      const proxy = proxies.get(url);
      if (!proxy) throw new Error('this contender is not behind a proxy');
      return proxy.roundTrips;
    },
  };
  const calls = [
    APPEND,
    APPEND_ONCE,
    newestItemsCall(),
    POP,
    CLEAR,
    REPLACE_SUFFIX,
    REPLACE_CALL,
    COMPACT,
    listCall(),
    REWIND,
    REMOVE,
  ];
  try {
    for (const proxy of proxies.values()) proxy.delay = DELAY;
    const results: WorkloadResult[] = [];
    for (const call of calls) results.push(await compareCall(arena, call, away));
    return results;
  } finally {
    await arena.close();
    for (const proxy of proxies.values()) await proxy.close();
  }
}
