import { randomUUID } from 'node:crypto';
import type { SessionStore } from '@stackone/sessions-core';
import { expect } from 'vitest';

/**
 * Adds a turn to each of 20 new conversations, and once more where the server says that it takes no writes any more.
 *
 * @returns How many were refused so: one, if all connections to that server go with the first.
 * @throws AssertionError if a turn is refused with another code, or is not there once.
 */
export async function writeAfterFailover(store: SessionStore): Promise<number> {
  let refused = 0;
  for (const id of Array.from({ length: 20 }, () => randomUUID())) {
    const session = store.session(id);
    const turn = [{ role: 'user' as const, content: id }];
    try {
      await session.addItems(turn);
    } catch (error) {
      expect(error).toMatchObject({ code: 'READ_ONLY' });
      refused++;
      await session.addItems(turn);
    }
    expect(await session.getItems()).toEqual(turn);
  }
  return refused;
}
