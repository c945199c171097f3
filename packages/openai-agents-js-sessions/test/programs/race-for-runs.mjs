// node race-for-runs.mjs <url> <name> <how many runs>
//
// Begins or joins each of the runs, as every other process that was started with the same name does, until all have ended.
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, setTracingDisabled, tool, Usage } from '@openai/agents';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { z } from 'zod';

setTracingDisabled(true);
const [url, name, count] = process.argv.slice(2);

/** In ms. A process that is stopped comes back after more than that. */
const LEASE = 500;

const model = {
  async getResponse({ input }) {
    await wait(Math.random() * 20);
    const isAsked = input.at(-1).type !== 'function_call_result';
    const call = {
      type: 'function_call',
      callId: `call_${Math.random()}`,
      name: 'look',
      arguments: '{}',
      status: 'completed',
    };
    const said = {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Done.' }],
    };
    const usage = new Usage({ inputTokens: 10, outputTokens: 1, totalTokens: 11 });
    return { usage, responseId: `${Math.random()}`, output: [isAsked ? call : said] };
  },
};
const look = tool({
  name: 'look',
  description: 'Looks',
  parameters: z.object({}),
  execute: () => wait(Math.random() * 20, 'seen'),
});
const agent = new Agent({ name: 'Clerk', model, tools: [look] });
const store = await openSessionStore(url, { maxRetries: 20 });
const left = Array.from({ length: Number(count) }, (_, index) => `${name}-${index}`).sort(
  () => Math.random() - 0.5,
);

async function race() {
  for (let runId = left.pop(); runId !== undefined; runId = left.pop()) {
    try {
      const { finalOutput } = await store.runs.start(agent, 'Look.', {
        session: store.session(runId),
        runId,
        lease: LEASE,
      });
      if (finalOutput !== 'Done.') throw new Error(`${runId} ended with ${finalOutput}`);
    } catch (error) {
      // lost to another process, or to the database: it is asked again
      if (error.code !== 'RUN_LOST' && !error.retryable) throw error;
      left.unshift(runId);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, race));
await store.close();
