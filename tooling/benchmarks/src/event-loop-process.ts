import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as tick } from 'node:timers/promises';
import { ours } from './contenders/ours.ts';
import { byHandOf } from './engines/by-hand.ts';
import type { EngineName } from './engines/engine.ts';
import { checkItems, makeTurn, TURN_ITEMS } from './items.ts';

/** The first message. The process answers with `{}` when it is ready for rounds. */
export interface EventLoopOrder {
  readonly engine: EngineName;
  readonly contender: string;
  readonly url: string;
  readonly callers: number;
}

/** Each further message: a round. */
export interface EventLoopRound {
  /** How long the callers append, in ms. */
  readonly time: number;
}

/** The delays of a round, in ms. What is not delayed takes 1 ms. */
export interface EventLoopDelays {
  /** How many turns were stored in a second meanwhile. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

process.once('message', async ({ engine, contender: name, url, callers }: EventLoopOrder) => {
  const contender = [ours, byHandOf(engine)].find((one) => one.name === name);
  if (!contender) throw new Error(`there is no contender "${name}"`);
  const { append, newest } = await contender.open(url);
  const turns = Array.from({ length: callers }, () => 0);

  async function round({ time }: EventLoopRound): Promise<EventLoopDelays> {
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    await tick();
    histogram.enable();
    const before = sum(turns);
    const started = performance.now();
    const end = started + time;
    await Promise.all(
      turns.map(async (_, caller) => {
        const conversation = `caller-${caller}`;
        while (performance.now() < end) {
          const turn = turns[caller] ?? 0;
          turns[caller] = turn + 1;
          await append(conversation, makeTurn(conversation, turn));
          await tick(); // the next request comes from outside
        }
      }),
    );
    histogram.disable();
    const rate = ((sum(turns) - before) / (performance.now() - started)) * 1000;
    for (const [caller, count] of turns.entries()) {
      const conversation = `caller-${caller}`;
      const last = count > 0 ? makeTurn(conversation, count - 1) : [];
      checkItems(await newest(conversation, TURN_ITEMS), last);
    }
    const [p50, p99, max] = [histogram.percentile(50), histogram.percentile(99), histogram.max];
    return { rate, p50: p50 / 1e6, p99: p99 / 1e6, max: max / 1e6 };
  }

  process.on('message', async (wanted: EventLoopRound) => process.send?.(await round(wanted)));
  process.send?.({});
});

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
