import { setTimeout as delay } from 'node:timers/promises';
import type { ThrowawayServer } from './throwaway.ts';

/** Servers that replicate to each other, each of which takes writes. */
export interface Cluster extends AsyncDisposable {
  readonly nodes: readonly ThrowawayServer[];
  /** Starts a node again that was killed, and waits until it has what the others have. */
  rejoin(node: ThrowawayServer): Promise<void>;
  /** Waits until the others go on without a node that was killed, stopped or cut off. */
  untilLeft(node: ThrowawayServer): Promise<void>;
  /** Waits until a node that goes on after it was stopped, or is reached again, has what the others have. */
  takeBack(node: ThrowawayServer): Promise<void>;
}

/** How long nodes may take to find each other, in ms. */
const PATIENCE = 120_000;

/**
 * Waits until each node says so.
 *
 * @throws Error if they do not within two minutes.
 */
export async function untilAll(
  nodes: readonly ThrowawayServer[],
  isReady: (node: ThrowawayServer) => Promise<boolean>,
): Promise<void> {
  for (const until = Date.now() + PATIENCE; ; await delay(100)) {
    if ((await Promise.all(nodes.map(isReady))).every(Boolean)) return;
    if (Date.now() > until) throw new Error(`The nodes did not find each other within ${PATIENCE} ms.`);
  }
}

/** Ends all of them. */
export async function endAll(nodes: readonly ThrowawayServer[]): Promise<void> {
  for (const node of nodes) await node[Symbol.asyncDispose]();
}
