import type { Contender } from './contender.ts';
import { ours } from './contenders/ours.ts';
import { peersOf } from './contenders/peers.ts';
import { byHandOf } from './engines/by-hand.ts';
import type { EngineName } from './engines/engine.ts';
import { makeTurn } from './items.ts';

/** What the process is asked for, as its only message. */
export interface MemoryOrder {
  readonly engine: EngineName;
  readonly contender: string;
  readonly url: string;
  readonly conversations: number;
  /** When it stops, however far it is, in ms. */
  readonly time: number;
}

/** How far it came, and by how many bytes the heap grew. It then stays, with its connections, until it is ended. */
export interface MemoryAnswer {
  readonly conversations: number;
  readonly bytes: number;
}

/** Calls at the same time. */
const AT_ONCE = 64;

process.once('message', async (order: MemoryOrder) => {
  const contender = [ours, byHandOf(order.engine), ...peersOf(order.engine)].find(
    ({ name }) => name === order.contender,
  ) as Contender;
  const opened = await contender.open(order.url);
  const handles: unknown[] = [];
  const use = async (conversation: string) => {
    handles.push(opened.handle?.(conversation));
    await opened.append(conversation, makeTurn(conversation, 0));
    await opened.newest(conversation, 1);
  };
  // compiled code, statements and connections are there before
  for (let call = 0; call < AT_ONCE; call++) await use(`warm-${call}`);
  const before = heap();
  const end = Date.now() + order.time;
  let started = 0;
  let done = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (started < order.conversations && Date.now() < end) {
        await use(`kept-${started++}`);
        done += 1;
      }
    }),
  );
  const bytes = heap() - before;
  process.send?.({ conversations: done, bytes } satisfies MemoryAnswer);
  setInterval(() => handles.length, 60_000); // they are held until the end
});

function heap(): number {
  if (!globalThis.gc) throw new Error('start with --expose-gc');
  for (let times = 0; times < 3; times++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}
