import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Contender } from '../contender.ts';
import type { Effort } from '../effort.ts';
import type { Engine } from '../engines/engine.ts';
import type { MemoryAnswer, MemoryOrder } from '../memory-process.ts';
import { watchOthers } from '../other-work.ts';
import type { Measured, WorkloadResult } from '../results.ts';

/** In ms: whatever the machine is busy with, ours and the line to beat are there. */
const UNLIMITED = 600_000;

/**
 * What the heap keeps, and how many connections there are, after many conversations have had a turn and a reading each
 * and an application holds all of them. Each contender has a process of its own.
 */
export async function memory(
  engine: Engine,
  { conversations, budget, deadline }: Effort,
  contenders: readonly Contender[],
): Promise<WorkloadResult[]> {
  const watched = watchOthers(engine);
  const heap: Measured[] = [];
  const connections: Measured[] = [];
  for (const { name: contender, rank } of contenders) {
    const url = await engine.makeDatabase();
    const time = rank === 'ours' || rank === 'by-hand' ? UNLIMITED : 2 * budget;
    const order = { engine: engine.name, contender, url, conversations, time };
    const measured = await inProcess(order, deadline, () => engine.connections(url));
    if ('reason' in measured) {
      const trouble = { kind: measured.late ? 'hung' : 'fails', reason: measured.reason } as const;
      for (const rows of [heap, connections]) rows.push({ contender, rounds: [], trouble });
      continue;
    }
    const { answer, count } = measured;
    const reason = `${answer.conversations} of ${conversations} conversations in the time there was`;
    const trouble = answer.conversations < conversations && { trouble: { kind: 'not run', reason } as const };
    heap.push({ contender, rounds: trouble ? [] : [answer.bytes / 1e6], ...trouble });
    connections.push({ contender, rounds: [count] });
  }
  const others = watched();
  const title = `${conversations.toLocaleString('en')} conversations`;
  return [
    { workload: 'memory', title: `heap for ${title}`, unit: 'MB', others, measured: heap },
    ...(engine.server
      ? [
          {
            workload: 'memory-connections',
            title: `connections for ${title}`,
            unit: 'connections',
            others,
            measured: connections,
          } as const,
        ]
      : []),
  ];
}

type Outcome = { answer: MemoryAnswer; count: number } | { reason: string; late: boolean };

async function inProcess(
  order: MemoryOrder,
  deadline: number,
  countConnections: () => Promise<number>,
): Promise<Outcome> {
  const child = fork(new URL('../memory-process.ts', import.meta.url), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const errors: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  try {
    child.send(order);
    const answer = await firstOf(child, order.time + deadline);
    if (answer === 'late') return { reason: 'no answer in time', late: true };
    if (answer === 'ended') return { reason: firstError(errors.join('')), late: false };
    return { answer, count: await countConnections() };
  } finally {
    child.kill('SIGKILL');
  }
}

async function firstOf(child: ChildProcess, time: number): Promise<MemoryAnswer | 'ended' | 'late'> {
  const end = new AbortController();
  const { signal } = end;
  const unlessAborted = () => new Promise<never>(() => {});
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([answer]) => answer as MemoryAnswer, unlessAborted),
      once(child, 'exit', { signal }).then(() => 'ended' as const, unlessAborted),
      wait(time, 'late' as const, { signal }).catch(unlessAborted),
    ]);
  } finally {
    end.abort();
  }
}

function firstError(stderr: string): string {
  return /^.*Error: .*$/m.exec(stderr)?.[0] ?? 'the process ended';
}
