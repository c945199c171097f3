import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { MOST_CONNECTIONS } from './words.ts';

/** What a process has, when no call is under way and its garbage is collected. */
export interface Sample {
  /** Bytes. `external` has the buffers. */
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  /** File descriptors but for sockets; sockets, but for those with which it began. */
  readonly files: number;
  readonly sockets: number;
  /** What keeps the process alive, by kind; timers are among them. */
  readonly resources: Readonly<Record<string, number>>;
  /** Of the signal that is handed to calls all the time, and of the process. */
  readonly listeners: number;
}

/** Sockets of this process; where there is no /proc, what it says itself. */
export function openSockets(): number {
  return descriptors().sockets;
}

/**
 * Measures this process.
 *
 * @param signal - The one that outlives the calls.
 * @param before - Sockets with which the process began.
 * @param closing - For how long connections may be closing after all calls have ended, in ms.
 */
export async function measure(signal: AbortSignal, before: number, closing: number): Promise<Sample> {
  for (let waited = 0; openSockets() - before > MOST_CONNECTIONS && waited < closing; waited += 100)
    await wait(100);
  // what a first collection finds unreachable is freed by finalizers, and collected by a second one
  for (const _ of [1, 2]) {
    await wait(20);
    globalThis.gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const { files, sockets } = descriptors();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    heap: heapUsed,
    external,
    rss,
    files,
    sockets: sockets - before,
    resources,
    listeners: listeners(signal),
  };
}

function descriptors(): { readonly files: number; readonly sockets: number } {
  const counts = { files: 0, sockets: 0 };
  if (process.platform !== 'linux') {
    counts.sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    return counts;
  }
  for (const number of readdirSync('/proc/self/fd')) {
    try {
      const isSocket = readlinkSync(`/proc/self/fd/${number}`).startsWith('socket:');
      counts[isSocket ? 'sockets' : 'files'] += 1;
    } catch {
      // the one by which the folder was read
    }
  }
  return counts;
}

function listeners(signal: AbortSignal): number {
  const ofProcess = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return ofProcess + getEventListeners(signal, 'abort').length;
}
