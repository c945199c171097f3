import type { Arena } from '../arena.ts';
import { makeTurn } from '../items.ts';
import type { WorkloadResult } from '../results.ts';

const CALLERS = 64;

/** How many connections the server has to a contender's database, while many callers are at work. */
export function connections(arena: Arena): Promise<WorkloadResult> {
  return arena.compare({
    workload: 'connections',
    title: `connections, ${CALLERS} callers`,
    unit: 'connections',
    rounds: 1,
    async measure({ conversations, url }, round) {
      const calls = Array.from({ length: CALLERS }, (_, caller) =>
        conversations.append(`connected-${round}-${caller}`, makeTurn(`connected-${round}-${caller}`, 0)),
      );
      await Promise.all(calls);
      return arena.engine.connections(url);
    },
  });
}
