import { Arena } from './arena.ts';
import type { Contender } from './contender.ts';
import { ours } from './contenders/ours.ts';
import type { Effort } from './effort.ts';
import type { EngineName } from './engines/engine.ts';
import { startEngine } from './engines/start.ts';
import type { EngineResult, WorkloadResult } from './results.ts';
import { appendAlone, appendTogether } from './workloads/appending.ts';
import { ofSize } from './workloads/sizes.ts';

/** Which workloads are run: all, or those whose names contain one of the words. */
export interface Selection {
  readonly effort: Effort;
  readonly workloads: readonly string[];
}

/** Runs the workloads on one engine, in this process. */
export async function runEngine(
  name: EngineName,
  { effort, workloads: wanted }: Selection,
  say: (line: string) => void,
): Promise<EngineResult> {
  const engine = await startEngine(name);
  const is = (workload: string) => wanted.length === 0 || wanted.some((word) => workload.includes(word));
  const results: WorkloadResult[] = [];
  const contenders: readonly Contender[] = [ours, engine.byHand];
  try {
    const add = (...found: WorkloadResult[]) => {
      results.push(...found);
      for (const { title } of found) say(`${engine.title}: ${title}`);
    };
    const arena = await Arena.open(engine, effort, contenders, () => engine.makeDatabase());
    if (is('append-alone')) add(await appendAlone(arena));
    for (const callers of effort.callers)
      if (is(`append-${callers}`)) add(await appendTogether(arena, callers));
    if (is('append-16-one')) add(await appendTogether(arena, 16, true));
    await arena.close();
    if (name !== 'memory') {
      const shared = await engine.makeDatabase();
      const sized = await Arena.open(engine, effort, contenders, async () => shared);
      for (const items of effort.sizes)
        if (is(`newest-20-of-${items}`) || is(`append-to-${items}`)) add(...(await ofSize(sized, items)));
      await sized.close();
    }
  } finally {
    await engine.stop();
  }
  return {
    engine: name,
    title: engine.title,
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
