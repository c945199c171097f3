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

/** A session whose `addItems` takes an operation id, as the sessions of every store do. */
type RepeatableSession = Session & {
  addItems(items: AgentInputItem[], runContext: undefined, options: { operationId: string }): Promise<void>;
};

async function repeatable(subject: SessionSubject, id = newId()): Promise<RepeatableSession> {
  return (await subject.session(id)) as RepeatableSession;
}

const add = (session: Session, operationId: string, ...items: AgentInputItem[]) =>
  (session as RepeatableSession).addItems(items, undefined, { operationId });

const valued = (value: unknown): AgentInputItem => ({ role: 'user', content: 'x', providerData: { value } });

export const OPERATION_IDS: Contract<SessionSubject> = {
  name: 'addItems with an operation id',
  cases: needing('operationIds', [
    {
      name: 'a repeated turn is stored once, also when the conversation has moved on',
      async run(subject) {
        const session = await repeatable(subject);
        await add(session, 'o1', ...messages(2));
        await add(session, 'o1', ...messages(2));
        await session.addItems([message('later')]);
        await add(session, 'o1', ...messages(2));
        assert.deepEqual(contents(await session.getItems()), ['m0', 'm1', 'later']);
      },
    },
    {
      name: 'other items under a used operation id are refused and not stored',
      async run(subject) {
        const session = await repeatable(subject);
        await add(session, 'o1', ...messages(2));
        await assert.rejects(async () => add(session, 'o1', message('other')));
        await assert.rejects(async () => add(session, 'o1', ...messages(1)));
        assert.deepEqual(contents(await session.getItems()), ['m0', 'm1']);
      },
    },
    {
      name: 'values that plain JSON loses tell turns apart',
      needs: ['anyValue'],
      async run(subject) {
        const session = await repeatable(subject);
        await add(session, 'o1', valued(new Uint8Array([1])));
        await add(session, 'o2', valued(new Map([['k', 1]])));
        await assert.rejects(async () => add(session, 'o1', valued({ 0: 1 })));
        await assert.rejects(async () => add(session, 'o2', valued(new Map([['k', 2]]))));
        assert.equal((await session.getItems()).length, 2);
      },
    },
    {
      name: 'equal turns without an operation id are all stored',
      async run(subject) {
        const session = await repeatable(subject);
        await add(session, 'o1', message('same'));
        await session.addItems([message('same')]);
        await session.addItems([message('same')]);
        assert.deepEqual(contents(await session.getItems()), ['same', 'same', 'same']);
      },
    },
    {
      name: 'equal turns under operation ids of their own are all stored',
      async run(subject) {
        const session = await repeatable(subject);
        for (const id of ['o1', ' o1', 'O1']) await add(session, id, message('same'));
        assert.deepEqual(contents(await session.getItems()), ['same', 'same', 'same']);
      },
    },
    {
      name: 'one operation id in two conversations is two operations',
      async run(subject) {
        const [one, other] = [await repeatable(subject), await repeatable(subject)];
        await add(one, 'o1', message('one'));
        await add(other, 'o1', message('other'));
        assert.deepEqual(contents(await other.getItems()), ['other']);
      },
    },
    {
      name: 'clearing forgets the operation ids of turns',
      async run(subject) {
        const session = await repeatable(subject);
        await add(session, 'o1', message('old'));
        await session.clearSession();
        await add(session, 'o1', message('new'));
        assert.deepEqual(contents(await session.getItems()), ['new']);
      },
    },
    {
      name: 'one turn by many callers at the same time is stored once',
      async run(subject) {
        const id = newId();
        const callers = await Promise.all(Array.from({ length: 12 }, async () => repeatable(subject, id)));
        await Promise.all(callers.map(async (caller) => add(caller, 'o1', ...messages(2))));
        assert.deepEqual(contents(await (await subject.session(id)).getItems()), ['m0', 'm1']);
      },
    },
    {
      name: 'a turn that another connection has stored is not stored again',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        const other = await reopened(subject);
        try {
          await add(await other.session(id), 'o1', ...messages(2));
        } finally {
          await other.close?.();
        }
        const session = await repeatable(subject, id);
        await add(session, 'o1', ...messages(2));
        assert.deepEqual(contents(await session.getItems()), ['m0', 'm1']);
      },
    },
  ]),
};
