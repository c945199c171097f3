// node hold-run.mjs <url> <id of a session> <id of a run>
//
// Begins a run whose model answers when it is told to. Says 'asked' when the model is asked, and then what came of the run.
import { once } from 'node:events';
import { Agent } from '@openai/agents';
import { assistantMessage, ScriptedModel } from '@openai/agents/testing';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';

const [url, sessionId, runId] = process.argv.slice(2);
const store = await openSessionStore(url);
const script = new ScriptedModel([[assistantMessage('Done.')]]);
const model = {
  async getResponse(request) {
    const told = once(process, 'message');
    process.send('asked');
    await told;
    return script.getResponse(request);
  },
};
const end = await store.runs
  .start(new Agent({ name: 'Clerk', model }), runId, { session: store.session(sessionId), runId })
  .then(
    ({ finalOutput }) => finalOutput,
    ({ code }) => code,
  );
process.send(end);
await store.close();
process.disconnect();
