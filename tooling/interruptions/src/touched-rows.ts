import type { SessionListOptions, SessionStore } from '@stackone/sessions-core';
import { expect } from 'vitest';

/** Makes a call, and says how many entries of tables and indexes the server went over for it. */
export type Touched = (call: () => Promise<unknown>) => Promise<number>;

/** A store with the conversations `chat_0` or `chat_1` and following, of the last 97 seconds, and as many items in `chat_1`. */
export interface FilledStore {
  readonly store: SessionStore;
  readonly touched: Touched;
}

/**
 * Checks that pages of conversations, the newest turn, a rewind and one conversation touch the same rows whatever is stored.
 *
 * @param filled - Makes a store with so many conversations, and items in one of them.
 */
export async function checkTouchedRows(filled: (count: number) => Promise<FilledStore>): Promise<void> {
  const few = await counts(await filled(1_000));
  const many = await counts(await filled(20_000));
  expect(Object.keys(many)).toEqual(Object.keys(few));
  for (const [name, rows] of Object.entries(many)) {
    // where a range ends within a page of an index, one or two entries more are looked at
    expect([name, rows]).toEqual([
      name,
      expect.toSatisfy((n: number) => n <= (few[name] ?? 0) + 2 && n < 150),
    ]);
  }
}

async function counts({ store, touched }: FilledStore): Promise<Record<string, number>> {
  const session = store.session('chat_1');
  const found: Record<string, number> = {};
  const counted = async (name: string, call: () => Promise<unknown>) => {
    found[name] = await touched(call);
  };
  const page = async (options: SessionListOptions, length = 20) =>
    expect((await store.sessions.list(options)).data).toHaveLength(length);
  const middle = new Date(Date.now() - 50_000);
  for (const by of ['changed', 'id'] as const) {
    for (const order of ['desc', 'asc'] as const) {
      const { nextCursor } = await store.sessions.list({ by, order });
      await counted(`page by ${by} ${order}`, () => page({ by, order }));
      await counted(`next page by ${by} ${order}`, () => page({ by, order, after: nextCursor }));
    }
  }
  await counted('changed before', () => page({ changedBefore: middle }));
  await counted('changed after', () => page({ changedAfter: middle, order: 'asc' }));
  await counted('none changed since', () => page({ changedAfter: new Date(Date.now() + 86_400_000) }, 0));
  await counted('retrieve', () => store.sessions.retrieve('chat_7'));
  await counted('newest turn', () => session.turns({ limit: 1 }));
  await session.addItems([{ type: 'message', role: 'user', content: 'last' }]);
  const { data } = await session.turns({ limit: 1 });
  await counted('rewind', () => session.rewind(data[0]?.id ?? ''));
  await store.close();
  return found;
}
