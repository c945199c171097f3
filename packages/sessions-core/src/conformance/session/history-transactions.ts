import assert from 'node:assert/strict';
import type {
  AgentInputItem,
  Session,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
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

type TransactionSession = Session & SessionHistoryTransactionAwareSession;

/** A conversation of the messages `m0, m1, ...`. */
async function filled(subject: SessionSubject, count: number, id = newId()): Promise<TransactionSession> {
  const session = await subject.session(id);
  await session.addItems(messages(count));
  return session as TransactionSession;
}

function append(operationId: string, ...items: AgentInputItem[]): SessionHistoryTransactionArgs {
  return { operationId, transaction: { type: 'append_items', items } };
}

function replace(
  operationId: string,
  expectedSuffix: AgentInputItem[],
  replacement: AgentInputItem[],
): SessionHistoryTransactionArgs {
  return { operationId, transaction: { type: 'replace_suffix', expectedSuffix, replacement } };
}

async function refuses(session: TransactionSession, args: unknown): Promise<void> {
  await assert.rejects(async () => session.applyHistoryTransaction(args as SessionHistoryTransactionArgs));
}

async function texts(session: Session): Promise<unknown[]> {
  return contents(await session.getItems());
}

const ITEM = message('new');

/** Arguments that are not those of a transaction. */
const MALFORMED: readonly unknown[] = [
  { operationId: 'o1' },
  { operationId: 'o1', transaction: null },
  { operationId: 'o1', transaction: { items: [ITEM] } },
  { operationId: 'o1', transaction: { type: 'prepend_items', items: [ITEM] } },
  { operationId: 'o1', transaction: { type: 'append_items', items: ITEM } },
  { operationId: 'o1', transaction: { type: 'append_items', items: [ITEM], at: 0 } },
  { operationId: 'o1', transaction: { type: 'replace_suffix', replacement: [ITEM] } },
  { operationId: 'o1', transaction: { type: 'replace_suffix', expectedSuffix: [] } },
];

/** What the SDK does not take for an item. */
const NO_ITEMS: readonly unknown[] = [
  undefined,
  'text',
  {},
  { type: 'unheard-of' },
  { role: 'assistant', content: 'without a status' },
  { role: 'user', content: 'x', providerData: { at: new Date(0) } },
  { role: 'user', content: 'x', providerData: { map: new Map() } },
];

export const HISTORY_TRANSACTIONS: Contract<SessionSubject> = {
  name: 'applyHistoryTransaction',
  cases: needing('historyTransactions', [
    {
      name: 'append_items adds items after those that are there',
      async run(subject) {
        const session = await filled(subject, 2);
        await session.applyHistoryTransaction(append('o1', message('a'), message('b')));
        assert.deepEqual(await session.getItems(), [...messages(2), message('a'), message('b')]);
      },
    },
    {
      name: 'replace_suffix replaces the newest items where they are the expected ones',
      async run(subject) {
        const session = await filled(subject, 4);
        const [, , two, three] = messages(4) as [unknown, unknown, AgentInputItem, AgentInputItem];
        await session.applyHistoryTransaction(replace('o1', [two, three], [two, message('new')]));
        assert.deepEqual(await texts(session), ['m0', 'm1', 'm2', 'new']);
      },
    },
    {
      name: 'replace_suffix with nothing expected appends',
      async run(subject) {
        const session = await filled(subject, 2);
        await session.applyHistoryTransaction(replace('o1', [], [ITEM]));
        assert.deepEqual(await texts(session), ['m0', 'm1', 'new']);
      },
    },
    {
      name: 'replace_suffix with nothing new removes the newest items',
      async run(subject) {
        const session = await filled(subject, 3);
        await session.applyHistoryTransaction(replace('o1', messages(3).slice(1), []));
        assert.deepEqual(await texts(session), ['m0']);
      },
    },
    {
      name: 'the order of keys makes no difference to what is expected',
      async run(subject) {
        const session = await filled(subject, 1);
        const turned = { content: 'm0', role: 'user', type: 'message' } as AgentInputItem;
        await session.applyHistoryTransaction(replace('o1', [turned], [ITEM]));
        assert.deepEqual(await texts(session), ['new']);
      },
    },
    {
      name: 'other newest items than the expected ones are refused, and nothing changes',
      async run(subject) {
        const session = await filled(subject, 3);
        await refuses(session, replace('o1', [message('m1'), message('other')], [ITEM]));
        await refuses(session, replace('o1', [message('m0'), message('m2')], [ITEM]));
        assert.deepEqual(await session.getItems(), messages(3));
      },
    },
    {
      name: 'more expected items than there are is refused, and nothing changes',
      async run(subject) {
        const session = await filled(subject, 1);
        await refuses(session, replace('o1', [message('before'), message('m0')], [ITEM]));
        assert.deepEqual(await session.getItems(), messages(1));
      },
    },
    {
      name: 'a refused operation is not recorded and can be made again',
      async run(subject) {
        const session = await filled(subject, 1);
        await refuses(session, replace('o1', [message('other')], [ITEM]));
        await session.applyHistoryTransaction(append('o1', ITEM));
        assert.deepEqual(await texts(session), ['m0', 'new']);
      },
    },
    {
      name: 'repeating an operation does nothing, also when the conversation has moved on',
      async run(subject) {
        const session = await filled(subject, 2);
        const first = replace('o1', [message('m1')], [ITEM]);
        await session.applyHistoryTransaction(first);
        await session.applyHistoryTransaction(first);
        await session.applyHistoryTransaction(append('o2', message('later')));
        await session.applyHistoryTransaction(first);
        await session.applyHistoryTransaction(append('o2', message('later')));
        assert.deepEqual(await texts(session), ['m0', 'new', 'later']);
      },
    },
    {
      name: 'an operation with its keys in another order is a repetition',
      async run(subject) {
        const session = await filled(subject, 0);
        const turned = { content: 'new', role: 'user', type: 'message' } as AgentInputItem;
        await session.applyHistoryTransaction(append('o1', ITEM));
        await session.applyHistoryTransaction(append('o1', turned));
        assert.deepEqual(await texts(session), ['new']);
      },
    },
    {
      name: 'an operation id that was used for another transaction is refused, and nothing changes',
      async run(subject) {
        const session = await filled(subject, 0);
        await session.applyHistoryTransaction(append('o1', ITEM));
        await refuses(session, append('o1', message('other')));
        await refuses(session, replace('o1', [], [ITEM]));
        assert.deepEqual(await texts(session), ['new']);
      },
    },
    {
      name: 'an operation that adds nothing is recorded too',
      async run(subject) {
        const session = await filled(subject, 1);
        await session.applyHistoryTransaction(append('o1'));
        await refuses(session, append('o1', ITEM));
        assert.deepEqual(await texts(session), ['m0']);
      },
    },
    {
      name: 'operation ids are told apart by every character, spaces included',
      async run(subject) {
        const ids = [
          'o1',
          ' o1',
          'o1 ',
          'O1',
          'ö1',
          'o\u03081',
          '😀',
          '😁',
          'o'.repeat(400),
          'o'.repeat(401),
        ];
        const session = await filled(subject, 0);
        for (const id of ids) await session.applyHistoryTransaction(append(id, message(id)));
        assert.deepEqual(await texts(session), ids);
      },
    },
    {
      name: 'the operations of two conversations are apart',
      async run(subject) {
        const [one, other] = [await filled(subject, 0), await filled(subject, 0)];
        await one.applyHistoryTransaction(append('o1', message('one')));
        await other.applyHistoryTransaction(append('o1', message('other')));
        assert.deepEqual([await texts(one), await texts(other)], [['one'], ['other']]);
      },
    },
    {
      name: 'clearing forgets the operations',
      async run(subject) {
        const session = await filled(subject, 0);
        await session.applyHistoryTransaction(append('o1', message('old')));
        await session.clearSession();
        await session.applyHistoryTransaction(append('o1', ITEM));
        assert.deepEqual(await texts(session), ['new']);
      },
    },
    {
      name: 'popping forgets no operation',
      async run(subject) {
        const session = await filled(subject, 0);
        await session.applyHistoryTransaction(append('o1', ITEM));
        await session.popItem();
        await session.applyHistoryTransaction(append('o1', ITEM));
        assert.deepEqual(await session.getItems(), []);
      },
    },
    {
      name: 'one operation by many callers at the same time takes effect once',
      async run(subject) {
        const id = newId();
        const session = await filled(subject, 1, id);
        const callers = await Promise.all(Array.from({ length: 12 }, async () => subject.session(id)));
        const operation = replace('o1', [message('m0')], [ITEM, message('and more')]);
        await Promise.all(
          callers.map(async (one) => (one as TransactionSession).applyHistoryTransaction(operation)),
        );
        assert.deepEqual(await texts(session), ['new', 'and more']);
      },
    },
    {
      name: 'what happens to the arguments after the call does not change what is stored',
      async run(subject) {
        const session = await filled(subject, 0);
        const item = { role: 'user', content: 'before' } as AgentInputItem;
        const args = append('o1', item);
        const applied = session.applyHistoryTransaction(args);
        Object.assign(item, { content: 'after' });
        Object.assign(args, { operationId: 'o2' });
        await applied;
        await session.applyHistoryTransaction(append('o2', message('second')));
        assert.deepEqual(await texts(session), ['before', 'second']);
      },
    },
    {
      name: 'operation ids that are blank or no text are refused',
      async run(subject) {
        const session = await filled(subject, 1);
        for (const operationId of ['', ' ', '\t\n', undefined, null, 7]) {
          await refuses(session, { ...append('o1', ITEM), operationId });
        }
        assert.deepEqual(await session.getItems(), messages(1));
      },
    },
    {
      name: 'arguments of another form are refused, and nothing changes',
      async run(subject) {
        const session = await filled(subject, 1);
        for (const args of MALFORMED) await refuses(session, args);
        assert.deepEqual(await session.getItems(), messages(1));
      },
    },
    {
      name: 'items that the SDK does not accept are refused, and nothing changes',
      async run(subject) {
        const session = await filled(subject, 1);
        for (const item of NO_ITEMS as readonly AgentInputItem[]) {
          await refuses(session, append('o1', ITEM, item));
          await refuses(session, replace('o1', [message('m0')], [item]));
        }
        assert.deepEqual(await session.getItems(), messages(1));
      },
    },
    {
      name: 'a transaction takes its turn among calls that are not awaited',
      async run(subject) {
        const session = await filled(subject, 0);
        const [, , seen] = await Promise.all([
          session.addItems(messages(2)),
          session.applyHistoryTransaction(replace('o1', [message('m1')], [ITEM])),
          session.getItems(),
          session.popItem(),
          session.applyHistoryTransaction(replace('o2', [message('m0')], [message('last')])),
        ]);
        assert.deepEqual(contents(seen), ['m0', 'new']);
        assert.deepEqual(await texts(session), ['last']);
      },
    },
    {
      name: 'an operation is known to another connection',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        const session = await filled(subject, 0, id);
        await session.applyHistoryTransaction(append('o1', ITEM));
        const other = await reopened(subject);
        try {
          const again = (await other.session(id)) as TransactionSession;
          await again.applyHistoryTransaction(append('o1', ITEM));
          await refuses(again, append('o1', message('other')));
        } finally {
          await other.close?.();
        }
        assert.deepEqual(await texts(session), ['new']);
      },
    },
  ]),
};
