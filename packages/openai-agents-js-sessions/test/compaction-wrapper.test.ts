import { Agent, OpenAIResponsesCompactionSession, type RunContext, run, type Session } from '@openai/agents';
import { assistantMessage, ScriptedModel } from '@openai/agents/testing';
import { expect, test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

const wrap = (underlyingSession: Session) =>
  new OpenAIResponsesCompactionSession({
    client: {} as never,
    underlyingSession,
    shouldTriggerCompaction: () => false,
  });

test("the SDK's compaction session passes no run context on: a session that asks for its tenant refuses", async () => {
  const store = new MemorySessionStore();
  const tenant = ({ context }: RunContext<{ tenant: string }>) => context.tenant;
  const agent = new Agent({ name: 'Guide', model: new ScriptedModel([[assistantMessage('Hello.')]]) });
  const context = { tenant: 'acme' };
  const asking = wrap(store.session('chat_123', { tenant }));
  await expect(run(agent, 'Hello', { session: asking, context })).rejects.toMatchObject({
    code: 'TENANT_MISSING',
  });
  const scoped = store.scoped('acme').session('chat_123');
  await run(agent, 'Hello', { session: wrap(scoped), context });
  expect(await scoped.getItems()).toHaveLength(2);
});
