import assert from 'node:assert/strict';
import type {
  AgentInputItem,
  Session,
  SessionHistoryMutation,
  SessionHistoryRewriteAwareSession,
} from '@openai/agents-core';
import { type Contract, message, needing, newId, type SessionSubject } from '../harness.js';

type CallItem = Extract<AgentInputItem, { type: 'function_call' }>;

function call(callId: string, argument = 'first'): CallItem {
  return { type: 'function_call', callId, name: 'weather', arguments: `{"city":"${argument}"}` };
}

function result(callId: string): AgentInputItem {
  return { type: 'function_call_result', callId, name: 'weather', status: 'completed', output: 'sunny' };
}

function replacing(callId: string, replacement: CallItem): SessionHistoryMutation {
  return { type: 'replace_function_call', callId, replacement };
}

async function filled(
  subject: SessionSubject,
  ...items: AgentInputItem[]
): Promise<Session & SessionHistoryRewriteAwareSession> {
  const session = await subject.session(newId());
  await session.addItems(items);
  return session as Session & SessionHistoryRewriteAwareSession;
}

export const HISTORY_MUTATIONS: Contract<SessionSubject> = {
  name: 'applyHistoryMutations',
  cases: needing('historyMutations', [
    {
      name: 'the first call with the id becomes the replacement in its place, and later ones go',
      async run(subject) {
        const [before, after] = [message('before'), message('after')];
        const session = await filled(subject, before, call('c1'), after, call('c1', 'second'), call('c2'));
        await session.applyHistoryMutations({ mutations: [replacing('c1', call('c1', 'new'))] });
        assert.deepEqual(await session.getItems(), [before, call('c1', 'new'), after, call('c2')]);
      },
    },
    {
      name: 'other items with the id of the call stay',
      async run(subject) {
        const session = await filled(subject, result('c1'), call('c1'), result('c1'));
        await session.applyHistoryMutations({ mutations: [replacing('c1', call('c1', 'new'))] });
        assert.deepEqual(await session.getItems(), [result('c1'), call('c1', 'new'), result('c1')]);
      },
    },
    {
      name: 'an id that no call has changes nothing',
      async run(subject) {
        const session = await filled(subject, call('c1'));
        await session.applyHistoryMutations({ mutations: [replacing('c2', call('c2', 'new'))] });
        assert.deepEqual(await session.getItems(), [call('c1')]);
      },
    },
    {
      name: 'mutations take effect one after the other',
      async run(subject) {
        const session = await filled(subject, call('c1'), call('c2'));
        await session.applyHistoryMutations({
          mutations: [replacing('c1', call('c3', 'new')), replacing('c3', call('c3', 'newer'))],
        });
        assert.deepEqual(await session.getItems(), [call('c3', 'newer'), call('c2')]);
      },
    },
    {
      name: 'an empty list of mutations changes nothing',
      async run(subject) {
        const session = await filled(subject, call('c1'), call('c1'));
        await session.applyHistoryMutations({ mutations: [] });
        assert.deepEqual(await session.getItems(), [call('c1'), call('c1')]);
      },
    },
    {
      name: 'calls of other conversations stay',
      async run(subject) {
        const session = await filled(subject, call('c1'));
        const other = await filled(subject, call('c1'), call('c1'));
        await session.applyHistoryMutations({ mutations: [replacing('c1', call('c1', 'new'))] });
        assert.deepEqual(await other.getItems(), [call('c1'), call('c1')]);
      },
    },
    {
      name: 'what happens to the replacement after the call does not change what is stored',
      async run(subject) {
        const session = await filled(subject, call('c1'));
        const replacement = call('c1', 'new');
        const applied = session.applyHistoryMutations({ mutations: [replacing('c1', replacement)] });
        replacement.arguments = 'changed';
        await applied;
        assert.deepEqual(await session.getItems(), [call('c1', 'new')]);
      },
    },
    {
      name: 'mutations take their turn among calls that are not awaited',
      async run(subject) {
        const session = await filled(subject);
        const calls = await Promise.all([
          session.addItems([message('first')]),
          session.popItem(),
          session.addItems([call('c1'), message('last')]),
          session.applyHistoryMutations({ mutations: [replacing('c1', call('c1', 'new'))] }),
          session.popItem(),
          session.applyHistoryMutations({ mutations: [replacing('c1', call('c1', 'newer'))] }),
        ]);
        assert.deepEqual(calls[4], message('last'));
        assert.deepEqual(await session.getItems(), [call('c1', 'newer')]);
      },
    },
  ]),
};
