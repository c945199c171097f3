import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { SessionStore } from '@stackone/sessions-core';
import { BEFORE, CALLS } from './calls.ts';
import type { DocumentedCosts } from './costs.ts';
import { prepare } from './judge.ts';

/** A database whose conversations somebody else can lock. */
export interface LockSubject {
  /** Opens a store that soon gives up waiting for a lock, and lets no turns share a commit. */
  open(): Promise<SessionStore>;
  /** Locks conversations until the function that it returns is called. */
  lock(sessionIds: readonly string[]): Promise<() => Promise<void>>;
}

/**
 * Makes every call while somebody else holds the lock of its conversation, and on a conversation that nobody holds.
 *
 * @throws AssertionError if other calls wait than is documented, or one that gave up has changed anything.
 */
export async function checkLocks({ open, lock }: LockSubject, costs: DocumentedCosts): Promise<void> {
  await using store = await open();
  const rounds = CALLS.flatMap((call) =>
    [true, false].map((isHeld) => ({ call, isHeld, sessionId: randomUUID() })),
  );
  for (const { sessionId } of rounds) await prepare(store, sessionId);
  const held = rounds.filter(({ isHeld }) => isHeld);
  const release = await lock(held.map(({ sessionId }) => sessionId));
  const ends = await Promise.all(
    rounds.map(({ call, sessionId }) => endOf(call.perform(store.session(sessionId)))),
  ).finally(release);
  for (const [index, { call, isHeld, sessionId }] of rounds.entries()) {
    const needed = costs.of(call).lock;
    const waits = needed === 'database' || (needed === 'conversation' && isHeld);
    assert.equal(ends[index], waits ? 'BUSY' : 'done', `${call.name}, ${isHeld ? 'held' : 'free'}`);
    if (waits) assert.deepEqual(await store.session(sessionId).getItems(), BEFORE);
  }
}

/** `done`, or the code of the error. */
export async function endOf(result: Promise<unknown>): Promise<unknown> {
  try {
    await result;
    return 'done';
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
