import { Arena } from './arena.ts';
import type { Contender } from './contender.ts';
import { ours } from './contenders/ours.ts';
import { peersOf } from './contenders/peers.ts';
import type { Effort } from './effort.ts';
import { byHandOf } from './engines/by-hand.ts';
import type { EngineName } from './engines/engine.ts';
import { startEngine } from './engines/start.ts';
import { refuseIfBusy } from './other-work.ts';
import type { EngineResult, WorkloadResult } from './results.ts';
import { agentRun } from './workloads/agent-run.ts';
import { appendAlone, appendTogether } from './workloads/appending.ts';
import { POP, REPLACE_SUFFIX } from './workloads/calls.ts';
import { coldStart } from './workloads/cold-start.ts';
import { compareCall } from './workloads/compare-call.ts';
import { connections } from './workloads/connections.ts';
import { eventLoop } from './workloads/event-loop.ts';
import { firstTurn } from './workloads/first-turn.ts';
import { memory } from './workloads/memory.ts';
import { inSizes } from './workloads/sizes.ts';
import { overTheWire } from './workloads/wire.ts';

/** Which workloads are run: all, or those whose names contain one of the words. */
export interface Selection {
  readonly effort: Effort;
  readonly workloads: readonly string[];
  /** Whether other libraries take part. */
  readonly peers: boolean;
  /** Whether results of a busy machine are wanted, too. */
  readonly evenIfBusy: boolean;
}

/** Runs the workloads on one engine, in this process. @throws BusyMachine */
export async function runEngine(
  name: EngineName,
  { effort, workloads: wanted, peers, evenIfBusy }: Selection,
  say: (line: string) => void,
): Promise<EngineResult> {
  const engine = await startEngine(name);
  const is = (workload: string) => wanted.length === 0 || wanted.some((word) => workload.includes(word));
  const results: WorkloadResult[] = [];
  const contenders: readonly Contender[] = [ours, byHandOf(name), ...(peers ? peersOf(name) : [])];
  try {
    const add = (...found: WorkloadResult[]) => {
      results.push(...found);
      for (const { title, others } of found) {
        say(`${engine.title}: ${title}${others?.busy ? ' (busy machine)' : ''}`);
        if (!evenIfBusy) refuseIfBusy(`${engine.title}: ${title}`, others);
      }
    };
    const arena = await Arena.open(engine, effort, contenders, () => engine.makeDatabase());
    if (is('append-alone')) add(await appendAlone(arena));
    if (is('first-turn')) add(await firstTurn(arena));
    if (is('pop')) add(await compareCall(arena, POP));
    if (is('replace-suffix')) add(await compareCall(arena, REPLACE_SUFFIX));
    if (is('agent-run')) add(await agentRun(arena));
    for (const callers of effort.callers)
      if (is(`append-${callers}`)) add(await appendTogether(arena, callers));
    if (is('append-16-one')) add(await appendTogether(arena, 16, true));
    if (engine.server && is('connections')) add(await connections(arena));
    await arena.close();
    const sizes = effort.sizes.filter((size) => is(`newest-20-of-${size}`) || is(`append-to-${size}`));
    if (engine.hasTables && sizes.length > 0)
      add(...(await inSizes(engine, { ...effort, sizes }, contenders)));
    if (is('memory'))
      add(...(await memory(engine, effort, effort.peersAlone ? contenders : [ours, byHandOf(name)])));
    if (engine.hasTables && is('cold-start')) add(...(await coldStart(engine, effort)));
    if (engine.hasTables && is('event-loop')) add(...(await eventLoop(engine, effort)));
    if (is('wire')) add(...(await overTheWire(engine, effort, contenders)));
  } finally {
    await engine.stop();
  }
  return {
    engine: name,
    title: engine.title,
    date: new Date().toISOString(),
    settings: engine.settings,
    contenders: contenders.map(({ name: contender, rank, version, note }) => ({
      name: contender,
      rank,
      version,
      ...(note && { note }),
    })),
    workloads: results,
  };
}
