// Promise: No item twice.
import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { message } from './messages.js';

describeEngine(['postgres'], ({ url }) => {
  const raw = new pg.Pool({ connectionString: url, max: 2 });
  const contender = new pg.Client({ connectionString: url });
  let others: PostgresSessionStore;
  beforeAll(async () => {
    await contender.connect();
    others = await PostgresSessionStore.fromUrl(url);
  });
  afterAll(async () => {
    await others.close();
    await contender.end();
    await raw.end();
  });

  /**
   * Makes a call while others write the same conversation: each of its statements that takes the session's lock first waits
   * for a transaction of theirs, as long as there are any.
   */
  async function callBehind<T>(
    transactions: (() => Promise<unknown>)[],
    call: (store: PostgresSessionStore) => Promise<T>,
  ): Promise<T> {
    const name = `behind-${randomUUID()}`;
    class ContendedClient extends pg.Client {
      // the driver declares this method in many forms, of which the store uses the one that returns a promise
      override query(...statement: unknown[]): never {
        const send = () => Reflect.apply(super.query, this, statement);
        const locks = JSON.stringify(statement).includes('FOR UPDATE');
        return (locks ? this.#contend(send) : send()) as never;
      }

      async #contend(send: () => Promise<unknown>): Promise<unknown> {
        const write = transactions.shift();
        if (!write) return send();
        await contender.query('BEGIN');
        await write();
        const answer = send();
        await waitForLock(name);
        await contender.query('COMMIT');
        return answer;
      }
    }
    const pool = new pg.Pool({ connectionString: url, application_name: name, Client: ContendedClient });
    const store = await PostgresSessionStore.fromPool(pool);
    try {
      return await call(store);
    } finally {
      await pool.end();
    }
  }

  async function waitForLock(application: string): Promise<void> {
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    while ((await raw.query(waiting, [application])).rowCount === 0);
  }

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
    expect(await callBehind(adding, pop(id))).toEqual(message('third'));
    expect(await others.session(id).getItems()).toEqual([message('first'), message('second')]);
  });

  test('a pop of a conversation that is cleared meanwhile, and written again, takes the newest item', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const popped = await callBehind(
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
    expect(await callBehind(writes, pop(id))).toBeUndefined();
    expect(await others.session(id).getItems()).toEqual([]);
  });

  test('a fork finds a conversation that is cleared and written again by one transaction', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const fork = (store: PostgresSessionStore) => store.sessions.fork(id, `${id}-2`);
    await callBehind([() => replace(id, 'second')], fork);
    expect(await others.session(`${id}-2`).getItems()).toEqual([message('second')]);
  });
});
