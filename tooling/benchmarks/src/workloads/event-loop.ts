import { AnsweringProcess } from '../answering-process.ts';
import { ours } from '../contenders/ours.ts';
import type { Effort } from '../effort.ts';
import { byHandOf } from '../engines/by-hand.ts';
import type { Engine } from '../engines/engine.ts';
import type { EventLoopDelays, EventLoopOrder, EventLoopRound } from '../event-loop-process.ts';
import { watchOthers } from '../other-work.ts';
import type { WorkloadResult } from '../results.ts';

const CALLERS = 64;
/** In ms, beside what a round takes: a process on a machine that is busy with others. */
const DEADLINE = 60_000;

const KINDS = [
  { kind: 'p50', title: 'delay of the event loop, median', unit: 'ms' },
  { kind: 'p99', title: 'delay of the event loop, 99 %', unit: 'ms' },
  { kind: 'max', title: 'delay of the event loop, longest', unit: 'ms' },
  { kind: 'rate', title: 'turns stored meanwhile', unit: 'turns/s' },
] as const;

/** How long other work of a program waits while many callers append. Each contender has a process of its own; they take turns. */
export async function eventLoop(engine: Engine, { rounds, loopTime }: Effort): Promise<WorkloadResult[]> {
  const others = watchOthers(engine);
  const runs: {
    readonly contender: string;
    readonly process: AnsweringProcess;
    delays: EventLoopDelays[];
  }[] = [];
  try {
    for (const { name: contender } of [ours, byHandOf(engine.name)]) {
      const order: EventLoopOrder = {
        engine: engine.name,
        contender,
        url: await engine.makeDatabase(),
        callers: CALLERS,
      };
      const process = new AnsweringProcess(new URL('../event-loop-process.ts', import.meta.url));
      runs.push({ contender, process, delays: [] });
      await process.ask(order, DEADLINE);
    }
    for (let round = 0; round <= rounds; round++) {
      for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
        const wanted: EventLoopRound = { time: loopTime };
        const delays = await run.process.ask<EventLoopDelays>(wanted, loopTime + DEADLINE);
        if (round > 0) run.delays.push(delays); // in the first one code is compiled
      }
    }
  } finally {
    for (const { process } of runs) process.end();
  }
  const meanwhile = others();
  return KINDS.map(({ kind, title, unit }) => ({
    workload: `event-loop-${kind}`,
    title: `${title}, ${CALLERS} callers append`,
    unit,
    others: meanwhile,
    measured: runs.map(({ contender, delays }) => ({ contender, rounds: delays.map((all) => all[kind]) })),
  }));
}
