import assert from 'node:assert/strict';
import type { SessionStore } from '@stackone/sessions-core';
import type { ModelledConversation } from './modelled-conversation.js';

/** Looks at all of a conversation: items, times, turns, title and metadata. */
export async function compareConversation(
  store: SessionStore,
  id: string,
  model: ModelledConversation,
): Promise<void> {
  const session = store.session(id);
  const items = model.items.map(({ item }) => item);
  assert.deepEqual(await session.getItems(), items);
  const { data, hasMore } = await session.history({ limit: 1000 });
  assert.deepEqual([data.map(({ item }) => item), hasMore], [items, false]);
  for (const [at, { turn, createdAt }] of data.entries()) {
    const begin = model.turnOf(at);
    assert.equal(turn, begin < 0 ? undefined : data[begin]?.id);
    const modelled = model.items[at];
    assert.ok(modelled);
    modelled.time ??= createdAt.getTime();
    assert.equal(createdAt.getTime(), modelled.time, `the time of item ${at} has changed`);
  }
  const turns = await session.turns({ limit: 100 });
  assert.deepEqual(
    turns.data.map(({ id }) => id),
    model.turns.map((at) => data[at]?.id),
  );
  const info = await store.sessions.retrieve(id);
  assert.equal(info !== undefined, model.isThere);
  if (!info) return;
  assert.deepEqual(
    [info.title, Object.entries(info.metadata).sort(), info.version],
    [model.title, [...model.metadata].sort(), model.version],
  );
}

/** Looks at the list of conversations whose ids begin so, in every order. */
export async function compareList(
  { sessions }: SessionStore,
  idPrefix: string,
  expected: readonly string[],
): Promise<void> {
  const filter = { idPrefix };
  for (const by of ['id', 'created', 'changed'] as const) {
    const ids: string[] = [];
    for await (const { id } of sessions.list({ ...filter, by, limit: 2 })) ids.push(id);
    assert.deepEqual(ids.sort(), expected);
  }
  assert.equal(await sessions.count(filter), expected.length);
}
