import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { MemorySessionStore, openSessionStore, type SessionStore } from '../src/index.js';

/** In s: more than three calls take on a busy machine. */
const RETENTION = 5;
const DAY = 86_400;
/** In ms. SQLite keeps times in whole seconds. */
const LONGER = (RETENTION + 1) * 1000 + 100;

/** An operation whose key is one of those that make others be forgotten, and two whose keys are not. */
const FORGETTING = 'turn 1';
const [OLD, YOUNG] = ['old', 'young'];

async function expectForgotten(store: SessionStore): Promise<void> {
  const session = store.session(randomUUID());
  const add = (operationId: string) =>
    session.addItems([{ role: 'user', content: operationId }], undefined, { operationId });
  const append = (operationId: string) =>
    session.applyHistoryTransaction({
      operationId,
      transaction: { type: 'append_items', items: [{ role: 'user', content: operationId }] },
    });
  await add(OLD);
  await append('old transaction');
  await wait(LONGER);
  await add(YOUNG);
  await add(FORGETTING);
  const before = await session.getItems();
  await add(YOUNG); // within its time: remembered
  expect(await session.getItems()).toEqual(before);
  await add(OLD);
  await append('old transaction');
  expect((await session.getItems()).length).toBe(before.length + 2);
}

async function expectRemembered(store: SessionStore): Promise<void> {
  const session = store.session(randomUUID());
  const add = (operationId: string) =>
    session.addItems([{ role: 'user', content: operationId }], undefined, { operationId });
  await add(OLD);
  await wait(LONGER);
  await add(FORGETTING);
  await add(OLD);
  expect((await session.getItems()).length).toBe(2);
}

async function check(open: (operationRetentionDays?: number) => Promise<SessionStore>): Promise<void> {
  await using brief = await open(RETENTION / DAY);
  await using patient = await open();
  await Promise.all([expectForgotten(brief), expectRemembered(patient)]);
}

const TITLE = 'operations are forgotten after their time, and by default not soon';

// each waits for the same seconds
describe.concurrent('at the same time', () => {
  test(TITLE, async () => {
    await check(async (days) => new MemorySessionStore(days ? { operationRetentionDays: days } : {}));
  });

  test(`SQLite: ${TITLE}`, async () => {
    const url = `sqlite:${join(temporaryFolder(), 'retention.db')}`;
    await check((days) => openSessionStore(url, days ? { operationRetentionDays: days } : {}));
  });

  describeEngine(['postgres', 'pgbouncer', 'mysql', 'mariadb'], ({ url }) => {
    test(TITLE, async () => {
      await check((days) => openSessionStore(url, days ? { operationRetentionDays: days } : {}));
    });
  });
});
