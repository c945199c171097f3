import { Arena } from './arena.ts';
import type { Contender } from './contender.ts';
import { ours } from './contenders/ours.ts';
import { peersOf } from './contenders/peers.ts';
import type { Effort } from './effort.ts';
import { byHandOf } from './engines/by-hand.ts';
import type { EngineName } from './engines/engine.ts';
import { startEngine } from './engines/start.ts';
import type { EngineResult, WorkloadResult } from './results.ts';
import { agentRun } from './workloads/agent-run.ts';
import { appendAlone, appendTogether } from './workloads/appending.ts';
import { firstTurn, pop, replaceSuffix } from './workloads/changing.ts';
import { connections } from './workloads/connections.ts';
import { memory } from './workloads/memory.ts';
import { inSizes } from './workloads/sizes.ts';
import { overTheWire } from './workloads/wire.ts';

/** Which workloads are run: all, or those whose names contain one of the words. */
export interface Selection {
  readonly effort: Effort;
  readonly workloads: readonly string[];
  /** Whether other libraries take part. */
  readonly peers: boolean;
}

/** Runs the workloads on one engine, in this process. */
export async function runEngine(
  name: EngineName,
  { effort, workloads: wanted, peers }: Selection,
  say: (line: string) => void,
): Promise<EngineResult> {
  const engine = await startEngine(name);
  const is = (workload: string) => wanted.length === 0 || wanted.some((word) => workload.includes(word));
  const results: WorkloadResult[] = [];
  const contenders: readonly Contender[] = [ours, byHandOf(name), ...(peers ? peersOf(name) : [])];
  try {
    const add = (...found: WorkloadResult[]) => {
      results.push(...found);
      for (const { title } of found) say(`${engine.title}: ${title}`);
    };
    const arena = await Arena.open(engine, effort, contenders, () => engine.makeDatabase());
    if (is('append-alone')) add(await appendAlone(arena));
    if (is('first-turn')) add(await firstTurn(arena));
    if (is('pop')) add(await pop(arena));
    if (is('replace-suffix')) add(await replaceSuffix(arena));
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
