import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions, sessionsInTerminal, startSessions } from '../run-sessions.js';

const CONVERSATIONS = 100;
const NEW = 'new key';
const KEYS = { SESSIONS_ENCRYPTION_KEY: `${NEW}\nold key` };

interface Change {
  readonly args: readonly string[];
  /** How much is left to be done. */
  left(url: string): Promise<number>;
  readonly goingOn: string;
}

/** Conversations of a tenant, one row of each encrypted with the old key. */
async function fill(url: string): Promise<void> {
  await using store = await openSessionStore(url, { encryption: { key: 'old key' } });
  const acme = store.scoped('acme');
  for (let start = 0; start < CONVERSATIONS; start += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        acme.session(`chat_${start + n}`).addItems([
          { role: 'user', content: 'first' },
          { role: 'user', content: 'second' },
        ]),
      ),
    );
  await store.session('kept').addItems([{ role: 'user', content: 'of nobody' }]);
}

async function acmeCount(url: string): Promise<number> {
  await using store = await openSessionStore(url, { createTables: false });
  return store.scoped('acme').sessions.count();
}

/** How many turns each of the conversations has too many. */
async function turnsLeft(url: string): Promise<number> {
  await using store = await openSessionStore(url, { encryption: { keys: [NEW, 'old key'] } });
  const acme = store.scoped('acme');
  let left = 0;
  for await (const { id } of acme.sessions.list({ limit: 100 }))
    if ((await acme.session(id).turns({ limit: 2 })).data.length > 1) left++;
  return left;
}

/** How many conversations the new key alone does not read. */
async function oldLeft(url: string): Promise<number> {
  await using store = await openSessionStore(url, { encryption: { key: NEW }, onCorruptItem: 'throw' });
  const acme = store.scoped('acme');
  let left = 0;
  for await (const { id } of acme.sessions.list({ limit: 100 }))
    left += await acme
      .session(id)
      .getItems(1)
      .then(
        () => 0,
        () => 1,
      );
  return left;
}

const CHANGES: Readonly<Record<string, Change>> = {
  'delete --all': {
    args: ['delete', '--tenant', 'acme', '--all', '--yes'],
    left: acmeCount,
    goingOn: 'What was deleted is gone; the same command goes on with the rest.',
  },
  prune: {
    args: ['prune', '--keep-turns', '1', '--tenant', 'acme', '--yes'],
    left: turnsLeft,
    goingOn: 'What was removed is gone; the same command goes on with the rest.',
  },
  reencrypt: {
    args: ['reencrypt'],
    left: oldLeft,
    goingOn: 'What is done stays done; the same command goes on with the rest.',
  },
};

/** Kills each command that changes many conversations in the middle, or ends it by Ctrl+C, and begins it again. */
export function describeInterruptedChanges(newUrl: () => Promise<string>): void {
  test.each(Object.entries(CHANGES))(
    '%s: killed in the middle and begun again, it ends the same',
    async (_name, { args, left }) => {
      const url = await newUrl();
      await fill(url);
      const all = await left(url);
      expect(all).toBe(CONVERSATIONS);
      const { program, ending } = startSessions([...args, '--url', url], KEYS);
      // once it has begun, and before it is done, if the machine is as slow as that
      while (program.exitCode === null && (await left(url)) === all) await wait(1);
      program.kill('SIGKILL');
      await ending;
      expect(await left(url)).toBeLessThan(all);
      expect(await sessions([...args, '--url', url], KEYS)).toMatchObject({ code: 0, stderr: '' });
      expect(await left(url)).toBe(0);
      await kept(url);
    },
  );

  test.each(Object.entries(CHANGES))(
    '%s: Ctrl+C ends it between two transactions, and says how to go on',
    async (_name, { args, left, goingOn }) => {
      const url = await newUrl();
      await fill(url);
      const { code, stdout } = await sessionsInTerminal([...args, '--url', url], {
        columns: 100,
        keys: [[' conversations', '\u0003']],
        environment: KEYS,
      });
      // where it was done before the key came to it
      const isDone = code === 0;
      expect([code, isDone || stdout.includes(`Interrupted. ${goingOn}`)]).toEqual([isDone ? 0 : 130, true]);
      expect(await left(url)).toBeLessThan(CONVERSATIONS);
      expect(await sessions([...args, '--url', url], KEYS)).toMatchObject({ code: 0, stderr: '' });
      expect(await left(url)).toBe(0);
      await kept(url);
    },
  );
}

/** What was not meant is as it was. */
async function kept(url: string): Promise<void> {
  await using store = await openSessionStore(url, { encryption: { keys: [NEW, 'old key'] } });
  expect(await store.session('kept').getItems()).toEqual([{ role: 'user', content: 'of nobody' }]);
}
