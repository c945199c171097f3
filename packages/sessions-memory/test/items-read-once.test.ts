// Promise: Items are read once: what answers otherwise the next time brings nothing in that was not looked at.
import type { AgentInputItem } from '@openai/agents-core';
import type { StoreSession } from '@stackone/sessions-core';
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

const user = (content: string): AgentInputItem => ({ role: 'user', content });
const call: AgentInputItem = {
  type: 'function_call',
  callId: 'c',
  name: 'f',
  arguments: '{}',
  status: 'completed',
};

/** A user message whose text is another one each time it is asked for. */
function changing(): AgentInputItem {
  let asked = 0;
  return Object.defineProperty({ role: 'user' } as { role: 'user'; content: string }, 'content', {
    enumerable: true,
    get: () => `answer ${++asked}`,
  });
}

const operationId = 'o1';
const turnOf = async (session: StoreSession) => {
  const { data } = await session.turns();
  return data.at(-1) as (typeof data)[number];
};

/** Each on a conversation of `first` and a call, with what it has afterwards. */
const CALLS: Readonly<Record<string, (session: StoreSession) => Promise<AgentInputItem[]>>> = {
  async addItems(session) {
    await session.addItems([changing()]);
    return [user('first'), call, user('answer 1')];
  },
  async 'addItems with an operation id'(session) {
    await session.addItems([changing()], undefined, { operationId });
    // the digest is that of what is stored
    await session.addItems([user('answer 1')], undefined, { operationId });
    return [user('first'), call, user('answer 1')];
  },
  async replaceHistoryWithCompaction(session) {
    await session.replaceHistoryWithCompaction([changing(), call]);
    return [user('answer 1'), call];
  },
  async applyHistoryMutations(session) {
    const replacement = Object.defineProperty({ ...call }, 'callId', {
      enumerable: true,
      get: (() => {
        let asked = 0;
        return () => `c${++asked}`;
      })(),
    });
    await session.applyHistoryMutations({
      mutations: [{ type: 'replace_function_call', callId: 'c', replacement: replacement as typeof call }],
    });
    return [user('first'), { ...call, callId: 'c1' }];
  },
  async replaceBeginning(session) {
    await session.replaceBeginning([user('first')], [changing()]);
    return [user('answer 1'), call];
  },
  async replaceTurn(session) {
    await session.replaceTurn(await turnOf(session), [changing(), call]);
    return [user('answer 1'), call];
  },
  async replaceItem(session) {
    const { id } = await turnOf(session);
    await session.replaceItem(id, changing());
    return [user('answer 1'), call];
  },
  async 'replaceItem, changed by its owner after the call was made'(session) {
    const { id } = await turnOf(session);
    const item = user('answer 1');
    const done = session.replaceItem(id, item);
    Object.assign(item, call);
    await done;
    return [user('answer 1'), call];
  },
};

describe.each([
  ['plain', {}],
  ['encrypted', { encryption: { key: 'a key' } }],
  ['as Responses', { itemFormat: 'responses' as const }],
])('%s', (_name, options) => {
  test.each(Object.entries(CALLS))('%s', async (_call, make) => {
    const session = new MemorySessionStore(options).session('chat_123');
    await session.addItems([user('first'), call]);
    const expected = await make(session);
    expect(await session.getItems()).toEqual(expected);
  });

  test('addItems of a session with a window', async () => {
    const session = new MemorySessionStore(options).session('chat_123', {
      window: { items: 10, toolOutputs: { newest: 0, maxCharacters: 10 } },
    });
    await session.addItems([changing()]);
    await session.replaceHistoryWithCompaction([changing()]);
    expect(await session.getItems()).toEqual([user('answer 1'), user('answer 1')]);
  });
});
