import assert from 'node:assert/strict';
import type { AgentInputItem, Session } from '@openai/agents-core';
import {
  type Contract,
  contents,
  message,
  messages,
  needing,
  newId,
  type SessionSubject,
} from '../harness.js';
import { reopened } from './reopened.js';

type CompactionSession = Required<Pick<Session, 'replaceHistoryWithCompaction'>> & Session;

const COMPACTED: AgentInputItem = { type: 'compaction', encrypted_content: 'everything before' };

async function filled(subject: SessionSubject, count: number, id = newId()): Promise<CompactionSession> {
  const session = await subject.session(id);
  await session.addItems(messages(count));
  return session as CompactionSession;
}

export const COMPACTION: Contract<SessionSubject> = {
  name: 'replaceHistoryWithCompaction',
  cases: needing('compaction', [
    {
      name: 'the given items become the whole conversation',
      async run(subject) {
        const session = await filled(subject, 5);
        await session.replaceHistoryWithCompaction([COMPACTED, message('new')]);
        assert.deepEqual(await session.getItems(), [COMPACTED, message('new')]);
      },
    },
    {
      name: 'more items than there were come in their order',
      async run(subject) {
        const session = await filled(subject, 1);
        const items = [COMPACTED, ...messages(12, 'new')];
        await session.replaceHistoryWithCompaction(items);
        assert.deepEqual(await session.getItems(), items);
      },
    },
    {
      name: 'items that stay come after the new ones',
      async run(subject) {
        const session = await filled(subject, 4);
        await session.replaceHistoryWithCompaction([COMPACTED, ...messages(4).slice(2)]);
        assert.deepEqual(await session.getItems(), [COMPACTED, message('m2'), message('m3')]);
        assert.deepEqual(await session.getItems(1), [message('m3')]);
      },
    },
    {
      name: 'items that stay at the beginning, and items that are there twice, stand where they were put',
      async run(subject) {
        const session = await filled(subject, 3);
        const items = ['m0', 'm2', 'm0', 'm1', 'm0'].map(message);
        await session.replaceHistoryWithCompaction([COMPACTED, ...items]);
        assert.deepEqual(await session.getItems(), [COMPACTED, ...items]);
      },
    },
    {
      name: 'an unknown conversation begins with the given items',
      async run(subject) {
        const session = await filled(subject, 0);
        await session.replaceHistoryWithCompaction([COMPACTED]);
        assert.deepEqual(await session.getItems(), [COMPACTED]);
      },
    },
    {
      name: 'what is added afterwards comes last',
      async run(subject) {
        const session = await filled(subject, 3);
        await session.replaceHistoryWithCompaction([COMPACTED, message('m2')]);
        await session.addItems([message('later')]);
        assert.deepEqual(await session.getItems(), [COMPACTED, message('m2'), message('later')]);
      },
    },
    {
      name: 'the conversations of others stay',
      async run(subject) {
        const [session, other] = [await filled(subject, 2), await filled(subject, 2)];
        await session.replaceHistoryWithCompaction([COMPACTED]);
        assert.deepEqual(await other.getItems(), messages(2));
      },
    },
    {
      name: 'an item that is refused leaves the conversation as it was',
      async run(subject) {
        const session = await filled(subject, 2);
        const bad = { role: 'user', content: 'bad', providerData: { call: () => 1 } } as AgentInputItem;
        await assert.rejects(async () => session.replaceHistoryWithCompaction([COMPACTED, bad]));
        assert.deepEqual(await session.getItems(), messages(2));
      },
    },
    {
      name: 'what happens to the compacted items after the call does not change what is stored',
      async run(subject) {
        const session = await filled(subject, 1);
        const item = { role: 'user', content: 'before' } as AgentInputItem;
        const replaced = session.replaceHistoryWithCompaction([COMPACTED, item]);
        Object.assign(item, { content: 'after' });
        await replaced;
        assert.deepEqual(contents(await session.getItems(1)), ['before']);
      },
    },
    {
      name: 'it takes its turn among calls that are not awaited',
      async run(subject) {
        const session = await filled(subject, 0);
        const [, , seen] = await Promise.all([
          session.addItems(messages(2)),
          session.replaceHistoryWithCompaction([COMPACTED, message('m1')]),
          session.getItems(),
          session.popItem(),
          session.replaceHistoryWithCompaction([message('last')]),
        ]);
        assert.deepEqual(seen, [COMPACTED, message('m1')]);
        assert.deepEqual(await session.getItems(), [message('last')]);
      },
    },
    {
      name: 'another connection sees the old conversation or the new one, and nothing between',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        const session = await filled(subject, 2, id);
        const other = await reopened(subject);
        try {
          const reader = await other.session(id);
          const seen: unknown[] = [];
          let replacing = true;
          const reading = (async () => {
            while (replacing) seen.push(JSON.stringify(contents(await reader.getItems())));
          })();
          for (let round = 0; round < 10; round++) {
            await session.replaceHistoryWithCompaction(messages(3, 'odd'));
            await session.replaceHistoryWithCompaction(messages(2));
          }
          replacing = false;
          await reading;
          const whole = [messages(2), messages(3, 'odd')].map((items) => JSON.stringify(contents(items)));
          assert.deepEqual(
            seen.filter((one) => !whole.includes(one as string)),
            [],
          );
        } finally {
          await other.close?.();
        }
      },
    },
  ]),
};
