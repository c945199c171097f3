// Promise: No item twice.
import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PostgresSessionStore } from '../src/index.js';
import { Contention } from './contention.js';
import { message } from './messages.js';

describeEngine(['postgres'], ({ url }) => {
  const contention = new Contention(url);
  const { contender, others } = contention;
  beforeAll(() => contention.begin());
  afterAll(() => contention.end());

  const remove = async (id: string) => {
    await contender.query('DELETE FROM agent_messages WHERE session_id = $1', [id]);
    await contender.query('DELETE FROM agent_sessions WHERE session_id = $1', [id]);
  };
  const add = async (id: string, content: string) => {
    await contender.query(
      `INSERT INTO agent_sessions (session_id) VALUES ($1)
        ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at`,
      [id],
    );
    await contender.query('INSERT INTO agent_messages (session_id, message_data) VALUES ($1, $2)', [
      id,
      JSON.stringify(message(content)),
    ]);
  };

  const replace = async (id: string, content: string) => {
    await remove(id);
    await add(id, content);
  };
  const pop = (id: string) => (store: PostgresSessionStore) => store.session(id).popItem();

  test('a pop sees what was added while it waited, however often', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const adding = ['second', 'third'].map((content) => () => add(id, content));
    expect(await contention.callBehind(adding, pop(id))).toEqual(message('third'));
    expect(await others.session(id).getItems()).toEqual([message('first'), message('second')]);
  });

  test('a pop of a conversation that is cleared meanwhile, and written again, takes the newest item', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const popped = await contention.callBehind(
      [() => add(id, 'second'), () => replace(id, 'third'), () => add(id, 'fourth')],
      pop(id),
    );
    const left = await others.session(id).getItems();
    expect([...left, popped]).toEqual(
      left.length === 0 ? [message('third')] : [message('third'), message('fourth')],
    );
  });

  test('a pop of a conversation that is cleared meanwhile takes nothing', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const writes = [() => add(id, 'second'), () => remove(id)];
    expect(await contention.callBehind(writes, pop(id))).toBeUndefined();
    expect(await others.session(id).getItems()).toEqual([]);
  });

  test('a fork finds a conversation that is cleared and written again by one transaction', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const fork = (store: PostgresSessionStore) => store.sessions.fork(id, `${id}-2`);
    await contention.callBehind([() => replace(id, 'second')], fork);
    expect(await others.session(`${id}-2`).getItems()).toEqual([message('second')]);
  });
});
