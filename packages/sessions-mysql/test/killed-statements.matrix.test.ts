// MariaDB tells of some statements that are killed while it plans them that they succeeded, and found nothing.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isSessionError } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { contents, message } from './items.js';

const FOR = 5000; // ms; without the remedy it was seen within the first second

describeEngine('mariadb', ({ url }) => {
  test('each call that an administrator kills is told so, and every other one takes effect', async () => {
    await using store = await MysqlSessionStore.fromUrl(url, { max: 1 });
    const administrator = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
    const OTHERS =
      'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()';
    let isOver = false;
    const kills = (async () => {
      while (!isOver) {
        const [others] = await administrator.query<mysql.RowDataPacket[]>(OTHERS);
        // one whose end is not known is closed
        for (const { id } of others) await administrator.query(`KILL QUERY ${id}`).catch(() => {});
        await wait(Math.random() * 2);
      }
    })();
    let killed = 0;
    /** @returns `undefined` if it was killed. */
    const unlessKilled = async <T>(call: Promise<T>) => {
      try {
        return { answer: await call };
      } catch (error) {
        if (!isSessionError(error) || !['BUSY', 'OUTCOME_UNKNOWN'].includes(error.code)) throw error;
        killed++;
        if (error.code === 'OUTCOME_UNKNOWN') [session, there] = begun();
        return undefined;
      }
    };
    const begun = () => [store.session(randomUUID()), [] as string[]] as const;
    let [session, there] = begun();
    try {
      for (const until = performance.now() + FOR; performance.now() < until; ) {
        const added = `${there.length}`;
        if (await unlessKilled(session.addItems([message(added)]))) there.push(added);
        if (there.length === 0) continue;
        const read = await unlessKilled(session.getItems());
        if (read) expect(contents(read.answer)).toEqual(there);
        const popped = await unlessKilled(session.popItem());
        if (popped) expect(contents([popped.answer].flatMap((item) => item ?? []))).toEqual([there.pop()]);
      }
    } finally {
      isOver = true;
      await kills;
      await administrator.end();
    }
    expect(killed).toBeGreaterThan(0);
  });
});
