// Promise: No item twice.
import { randomUUID } from 'node:crypto';
import type { StoreSession } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backendOpener } from '../src/store.js';
import { Contention } from './contention.js';
import { message } from './messages.js';

// An edit reads without a lock, and its write waits for a transaction that changes what was read.
describeEngine(['postgres'], ({ url }) => {
  const contention = new Contention(url);
  const { others } = contention;
  beforeAll(() => contention.begin());
  afterAll(() => contention.end());

  const run = async (id: string, ...statements: string[]) => {
    for (const statement of statements) await contention.contender.query(statement, [id]);
  };
  const LOCK = 'SELECT 1 FROM agent_sessions WHERE session_id = $1 FOR UPDATE';
  const TOUCH = 'UPDATE agent_sessions SET updated_at = updated_at WHERE session_id = $1';
  const INSERT = `INSERT INTO agent_messages (session_id, message_data) VALUES ($1, '${JSON.stringify(message('added'))}')`;
  const itemAt = (direction: 'ASC' | 'DESC') =>
    `(SELECT id FROM agent_messages WHERE session_id = $1 ORDER BY id ${direction} LIMIT 1)`;
  const REMOVE_NEWEST = `DELETE FROM agent_messages WHERE id = ${itemAt('DESC')}`;
  const REMOVE_OLDEST = `DELETE FROM agent_messages WHERE id = ${itemAt('ASC')}`;
  const CHANGE_OLDEST = `UPDATE agent_messages SET message_data = '${JSON.stringify(message('changed'))}' WHERE id = ${itemAt('ASC')}`;
  const CLEAR = ['messages', 'sessions'].map((table) => `DELETE FROM agent_${table} WHERE session_id = $1`);
  const MAKE = 'INSERT INTO agent_sessions (session_id) VALUES ($1)';

  type Edit = (session: StoreSession, pool: pg.Pool) => Promise<unknown>;
  const replaceBoth: Edit = (session) =>
    session.applyHistoryTransaction({
      operationId: randomUUID(),
      transaction: {
        type: 'replace_suffix',
        expectedSuffix: [message('first'), message('second')],
        replacement: [message('replaced')],
      },
    });
  /** Says how many items there are before it, and leaves them where they are. */
  const addCount: Edit = async ({ sessionId }, pool) => {
    const backend = await backendOpener({ pool })(() => undefined);
    await backend.edit(sessionId, 'all', ({ length }) => ({
      append: [JSON.stringify(message(`number ${length + 1}`))],
    }));
  };

  /** Two items, which are edited while others write. */
  async function editBehind(write: readonly string[], edit: Edit, plant?: (sql: string) => string) {
    const id = randomUUID();
    await others.session(id).addItems([message('first'), message('second')]);
    const told = await contention
      .callBehind([() => run(id, ...write)], (store, pool) => edit(store.session(id), pool), plant)
      .then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
    const left = (await others.session(id).getItems()).map((item) => JSON.stringify(item));
    return { told, left };
  }
  const items = (...texts: string[]) => texts.map((text) => JSON.stringify(message(text)));

  test('what is as it was read is edited', async () => {
    expect(await editBehind([LOCK], replaceBoth)).toEqual({ told: 'done', left: items('replaced') });
  });

  const CHANGES = [
    { change: 'a turn is added', write: [TOUCH, INSERT], left: items('first', 'second', 'added') },
    { change: 'the newest item is popped', write: [LOCK, REMOVE_NEWEST], left: items('first') },
    { change: 'the oldest item is removed', write: [LOCK, REMOVE_OLDEST], left: items('second') },
    { change: 'an item is changed', write: [TOUCH, CHANGE_OLDEST], left: items('changed', 'second') },
    { change: 'it is cleared', write: CLEAR, left: [] },
    { change: 'it is cleared and made again', write: [...CLEAR, MAKE, INSERT], left: items('added') },
  ];
  test.each(CHANGES)('$change: the edit is decided again', async ({ write, left }) => {
    expect(await editBehind(write, replaceBoth)).toEqual({ told: 'SUFFIX_MISMATCH', left });
  });

  test('an item that stays is popped: the edit is decided again', async () => {
    const left = items('first', 'number 2');
    expect(await editBehind([LOCK, REMOVE_NEWEST], addCount)).toEqual({ told: 'done', left });
  });

  test('an edit that is overtaken again and again gets its turn', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const [first] = (await others.session(id).history({})).data;
    const adding = Array.from({ length: 4 }, () => () => run(id, TOUCH, INSERT));
    await contention.callBehind(adding, (store) => store.session(id).removeItem(first?.id ?? ''));
    expect(adding).toEqual([]);
    expect(await others.session(id).getItems()).toEqual(Array.from({ length: 4 }, () => message('added')));
  });

  test('a clear that is overtaken again and again removes all', async () => {
    const id = randomUUID();
    await others.session(id).addItems([message('first')]);
    const adding = Array.from({ length: 4 }, () => () => run(id, TOUCH, INSERT));
    await contention.callBehind(adding, (store) => store.session(id).clearSession());
    expect(await others.session(id).getItems()).toEqual([]);
  });

  test('of many edits of one conversation that is not there, one makes it', async () => {
    const id = randomUUID();
    const told = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        others.session(id).applyHistoryTransaction({
          operationId: randomUUID(),
          transaction: { type: 'replace_suffix', expectedSuffix: [], replacement: [message(`${n}`)] },
        }),
      ),
    );
    expect(told.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await others.session(id).getItems()).toHaveLength(20);
  });

  test.each([
    {
      fault: 'the version is not compared',
      find: /AND xmin::text = \$\d+/,
      by: (found: string) => `${found} IS NOT NULL`,
      edit: replaceBoth,
      write: [TOUCH, INSERT],
    },
    {
      fault: 'the newest item is not compared',
      find: 'IS NOT DISTINCT FROM $2::text',
      by: (found: string) => `${found} OR true`,
      edit: addCount,
      write: [LOCK, REMOVE_NEWEST],
    },
    {
      fault: 'what goes is not looked for',
      find: /\(SELECT count\(\*\) FROM target\) = \d+/,
      by: () => 'true',
      edit: replaceBoth,
      write: [LOCK, REMOVE_OLDEST],
    },
  ])('a planted fault is found: $fault', async ({ find, by, edit, write }) => {
    const right = await editBehind(write, edit);
    const planted = await editBehind(write, edit, (sql) => {
      const changed = sql.replace(find, by);
      expect(changed).not.toBe(sql);
      return changed;
    });
    expect(planted).not.toEqual(right);
  });
});
