// A run that never ends, for a process that is killed meanwhile: node killed-run.ts <file> <run|stream>
import { Agent, Runner, tool } from '@openai/agents-core';
import { functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { z } from 'zod';

const [, , file, how] = process.argv;
const endless = tool({
  name: 'endless',
  description: 'Works and works',
  parameters: z.object({}),
  execute: async () => {
    console.log('the tool works');
    setInterval(() => undefined, 1000);
    await new Promise(() => undefined);
  },
});
const model = new ScriptedModel([[functionCall('endless', {}, { callId: 'c1' })]]);
const agent = new Agent({ name: 'Guide', model, tools: [endless] });
const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`);
const runner = new Runner({ tracingDisabled: true });
const session = store.session('chat_123');
if (how === 'stream') await (await runner.run(agent, 'Begin.', { session, stream: true })).completed;
else await runner.run(agent, 'Begin.', { session });
