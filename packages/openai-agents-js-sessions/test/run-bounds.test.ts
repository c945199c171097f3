// Promise: Runs that survive.
import { Agent, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { MemorySessionStore, SqliteSessionStore } from '../src/index.js';

/** An agent with a tool, which is called once. */
function clerk({ needsApproval = false, result = 'paid', name = 'pay' } = {}) {
  const pay = tool({
    name,
    description: name,
    parameters: z.object({}),
    needsApproval,
    execute: async () => result,
  });
  const model = new ScriptedModel([[functionCall(name, {}, { callId: 'c1' })], [assistantMessage('Done.')]]);
  return new Agent({ name: 'Clerk', model, tools: [pay] });
}

test('a page of the history tells which runs have not ended, and what they were given', async () => {
  const store = new MemorySessionStore({ encryption: { key: 'a key of the application' } });
  const acme = store.scoped('acme');
  const session = acme.session('a');
  await session.addItems([{ role: 'user', content: 'Hello.' }]);
  const agent = clerk({ needsApproval: true });
  await acme.runs.start(agent, 'Pay.', { session, runId: 'r' });
  const items = [{ type: 'message', role: 'user' as const, content: 'Both.' }];
  await acme.runs.start(clerk({ needsApproval: true }), items as never, {
    session,
    runId: 'beside',
    exclusive: false,
  });
  const { data, pending } = await session.history({ pending: true });
  expect(data).toHaveLength(1);
  expect(pending).toEqual([
    {
      runId: 'r',
      state: 'waiting',
      createdAt: expect.any(Date),
      input: [{ type: 'message', role: 'user', content: 'Pay.' }],
    },
    { runId: 'beside', state: 'waiting', createdAt: expect.any(Date), input: items },
  ]);
  expect((await acme.session('b').history({ pending: true })).pending).toEqual([]);
  expect((await store.session('a').history({ pending: true })).pending).toEqual([]);
  expect(await session.history()).not.toHaveProperty('pending');
  await acme.runs.decide('r', [{ callId: 'c1', approve: true }]);
  await acme.runs.resume(agent, 'r');
  await acme.runs.cancel('beside');
  const after = await session.history({ pending: true });
  expect([after.data.length, after.pending]).toEqual([5, []]);
});

test('no text of a run is in the database where the store encrypts', async () => {
  const store = await SqliteSessionStore.fromUrl('sqlite::memory:', {
    encryption: { key: 'a key of the application' },
  });
  const agent = clerk({ needsApproval: true, result: 'secret result' });
  await store.runs.start(agent, 'secret input', { session: store.session('a'), runId: 'r' });
  await store.runs.decide('r', [{ callId: 'c1', approve: true, by: 'secret person' }]);
  expect((await store.runs.resume(agent, 'r')).finalOutput).toBe('Done.');
  const rows = await store.transaction(({ client }) =>
    client.prepare('SELECT entry, content FROM agent_sessions_runs').all(),
  );
  expect(rows).toHaveLength(5); // the run, two answers, a result, a decision
  expect(JSON.stringify(rows)).not.toMatch(/secret|Done|Clerk/);
  await store.close();
});

test('a step that is too large is refused, and says so', async () => {
  const store = new MemorySessionStore();
  const large = 'x'.repeat(10_000_000);
  const code = 'ITEM_TOO_LARGE';
  const begun = store.runs.start(clerk(), large, { session: store.session('a'), runId: 'r' });
  await expect(begun).rejects.toMatchObject({ code });
  await expect(store.runs.retrieve('r')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const started = store.runs.start(clerk({ result: large }), 'Pay.', {
    session: store.session('a'),
    runId: 'r2',
  });
  await expect(started).rejects.toMatchObject({ code });
  expect(await store.session('a').getItems()).toEqual([]);
});

test('a run that has ended asks for nothing more, where its agent became another one', async () => {
  const store = new MemorySessionStore();
  const start = { session: store.session('a'), runId: 'r' };
  const before = clerk();
  before.toolUseBehavior = 'stop_on_first_tool';
  await store.runs.start(before, 'Pay.', start);
  const after = clerk();
  await expect(store.runs.resume(after, 'r')).rejects.toMatchObject({ code: 'RUN_INCOMPATIBLE' });
  expect((after.model as ScriptedModel).calls).toHaveLength(0);
  expect(await store.session('a').getItems()).toHaveLength(3);
});

test('pruning forgets runs that ended, and leaves one that waits, with its conversation', async () => {
  const store = new MemorySessionStore();
  const start = (runId: string) =>
    store.runs.start(clerk({ needsApproval: true }), 'Pay.', { session: store.session(runId), runId });
  await start('gone');
  await start('waits');
  await store.session('waits').addItems([{ role: 'user', content: 'Hello.' }]);
  await store.runs.cancel('gone');
  const none = await store.prune({ olderThan: new Date(Date.now() - 60_000) });
  expect(none.removed.runs).toBe(0);
  const { conversations, removed } = await store.prune({ olderThan: new Date(Date.now() + 60_000) });
  expect([conversations, removed.runs]).toEqual([0, 2]); // the run, and an answer of its model
  await expect(store.runs.retrieve('gone')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await store.runs.retrieve('waits')).state).toBe('waiting');
  expect(await store.session('waits').getItems()).toHaveLength(1);
});
