// Promise: The SDK's own Session.
import { join } from 'node:path';
import { Agent, type AgentInputItem, run } from '@openai/agents';
import { assistantMessage, ScriptedModel } from '@openai/agents/testing';
import { type OpenSession, playScene, SCENES } from '@stackone/runner-script';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import { describe, expect, test } from 'vitest';
import { DrizzleSession, InMemorySession } from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

const folder = temporaryFolder();

const kinds: Record<string, (name: string) => OpenSession> = {
  InMemorySession: () => {
    const session = new InMemorySession('chat_123');
    return () => session;
  },
  DrizzleSession: (name) => (sessionId) =>
    DrizzleSession.fromUrl(`${name}-${sessionId}`, `sqlite:${join(folder, 'scenes.db')}`),
};

describe.each(Object.keys(kinds))('%s', (kind) => {
  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await playScene(name, (kinds[kind] as (name: string) => OpenSession)(name), 'chat_123');
  });
});

test('an agent in another process goes on with the conversation', async () => {
  const url = `sqlite:${join(folder, 'processes.db')}`;
  const speak = (text: string, answer: string) =>
    runModule(
      `import { Agent, run } from '@openai/agents';
      import { assistantMessage, ScriptedModel } from '@openai/agents/testing';
      import { openSessionStore } from '@stackone/openai-agents-js-sessions';
      const [url, text, answer] = process.argv.slice(1);
      const model = new ScriptedModel([[assistantMessage(answer)]]);
      const store = await openSessionStore(url);
      await run(new Agent({ name: 'A', model }), text, { session: store.session('chat_123') });
      console.log(JSON.stringify(model.lastCall.request.input.map(({ content }) => content[0]?.text ?? content)));
      await store.close();`,
      url,
      text,
      answer,
    );
  expect(JSON.parse(await speak('My name is Ada.', 'Hello, Ada.'))).toEqual(['My name is Ada.']);
  expect(JSON.parse(await speak('What is my name?', 'Ada.'))).toEqual([
    'My name is Ada.',
    'Hello, Ada.',
    'What is my name?',
  ]);
});

describe('history by hand (A2)', () => {
  /** Two turns; what is saved of a turn is the choice of the caller. */
  async function texts(
    saved: (text: string, turn: AgentInputItem[]) => AgentInputItem[],
  ): Promise<unknown[]> {
    const model = new ScriptedModel([[assistantMessage('r1')], [assistantMessage('r2')]]);
    const agent = new Agent({ name: 'A', model });
    const session = new InMemorySession('chat_123');
    for (const text of ['q1', 'q2']) {
      const history = await session.getItems();
      const result = await run(agent, [...history, { role: 'user', content: text }]);
      await session.addItems(saved(text, result.history.slice(history.length)));
    }
    return (await session.getItems()).map((item) => {
      const { content } = item as { content: string | { text: string }[] };
      return typeof content === 'string' ? content : content[0]?.text;
    });
  }

  test('as the README shows it every message is stored once', async () => {
    expect(await texts((_text, turn) => turn)).toEqual(['q1', 'r1', 'q2', 'r2']);
  });

  test('as the README of 0.4.1 had it the user message is stored twice', async () => {
    const twice = await texts((text, turn) => [{ role: 'user', content: text }, ...turn]);
    expect(twice).toEqual(['q1', 'q1', 'r1', 'q2', 'q2', 'r2']);
  });
});
