import { type FaultProxy, startProxy } from '@stackone/test-servers';
import { answerOf } from '../answering-process.ts';
import type { SqlEngineName } from '../by-sql.ts';
import type { ColdStartAnswer, ColdStartOrder } from '../cold-start-process.ts';
import type { Contender, Conversations } from '../contender.ts';
import { ours } from '../contenders/ours.ts';
import type { Effort } from '../effort.ts';
import { byHandOf } from '../engines/by-hand.ts';
import type { Engine } from '../engines/engine.ts';
import { checkItems, makeTurn, TURN_ITEMS } from '../items.ts';
import { watchOthers } from '../other-work.ts';
import type { WorkloadResult } from '../results.ts';
import { median } from '../statistics.ts';
import { DELAY } from './wire.ts';

/** In ms: a process on a machine that is busy with others. */
const DEADLINE = 60_000;

/** One way to store, over one network. */
interface Way {
  readonly name: ColdStartOrder['way'];
  readonly conversations: Conversations;
  readonly url: string;
  /** Where the server is 2 ms away. */
  readonly proxy?: FaultProxy;
  readonly answers: ColdStartAnswer[];
  readonly roundTrips: number[];
}

/**
 * What a fresh process takes until its first turn is stored, in tables that are there: with loading the packages, and from then on.
 * The driver's own connect is no round trip that counts, and takes its time.
 */
export async function coldStart(engine: Engine, { imports: rounds }: Effort): Promise<WorkloadResult[]> {
  const others = watchOthers(engine);
  const ways: Way[] = [];
  try {
    for (const contender of [ours, byHandOf(engine.name)]) ways.push(...(await waysOf(engine, contender)));
    for (let round = 0; round <= rounds; round++) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) await start(engine, way, round);
    }
  } finally {
    for (const { conversations, proxy } of ways) {
      await proxy?.close();
      if (!proxy) await conversations.close();
    }
  }
  return results(ways, others());
}

async function waysOf(engine: Engine, { name, open }: Contender): Promise<Way[]> {
  const url = await engine.makeDatabase();
  const conversations = await open(url); // makes the tables, too
  const near: Way = {
    name: name as ColdStartOrder['way'],
    conversations,
    url,
    answers: [],
    roundTrips: [],
  };
  if (!engine.server) return [near];
  const proxy = await startProxy(engine.server, { protocol: engine.server.engine, delay: DELAY });
  return [near, { ...near, proxy, url: proxy.url(url), answers: [], roundTrips: [] }];
}

/** In the first round, which does not count, the disk's caches are filled. */
async function start(engine: Engine, way: Way, round: number): Promise<void> {
  const { name, url, proxy, conversations } = way;
  const conversation = `cold-${round}-${proxy ? 'away' : 'near'}`;
  const order: ColdStartOrder = { engine: engine.name as SqlEngineName, way: name, url, conversation };
  const before = proxy?.roundTrips ?? 0;
  const answer = await answerOf<ColdStartAnswer>(
    new URL('../cold-start-process.ts', import.meta.url),
    order,
    DEADLINE,
  );
  checkItems(await conversations.newest(conversation, 2 * TURN_ITEMS), makeTurn(conversation, 0));
  if (round === 0) return;
  way.answers.push(answer);
  if (proxy) way.roundTrips.push(proxy.roundTrips - before);
}

function results(ways: readonly Way[], others: WorkloadResult['others']): WorkloadResult[] {
  const found: WorkloadResult[] = [];
  for (const away of [false, true]) {
    const these = ways.filter(({ proxy }) => (proxy !== undefined) === away);
    if (these.length === 0) continue;
    for (const loaded of [false, true]) {
      found.push({
        workload: `cold-start${loaded ? '-loaded' : ''}${away ? '-away' : ''}`,
        title: `first turn of a process, ${loaded ? 'packages loaded' : 'loading included'}${away ? ', 2 ms away' : ''}`,
        unit: 'ms',
        others,
        measured: these.map(({ name, answers, roundTrips }) => ({
          contender: name,
          rounds: answers.map(({ loading, storing }) => (loaded ? storing : loading + storing)),
          ...(away && { roundTrips: median(roundTrips) }),
        })),
      });
    }
  }
  return found;
}
