// node race-for-runs.mjs <url> <name> <how many runs> <how many ms an answer takes at most> [unchecked]
//
// Begins or joins each of the runs, as every other process that was started with the same name does, until all have ended. `unchecked`
// plants a fault: what writes for a run does not look whether another process has taken it.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, setTracingDisabled, tool, Usage } from '@openai/agents';
import { z } from 'zod';
import { openFaultyStore, openStore } from './unchecked-store.mjs';

setTracingDisabled(true);
const [url, name, count, slowest, fault] = process.argv.slice(2);

/** In ms. A process that is stopped comes back after more than that. */
const LEASE = 500;

const model = {
  async getResponse({ input }) {
    await wait(Math.random() * Number(slowest));
    const isAsked = input.at(-1).type !== 'function_call_result';
    if (!isAsked) process.send('a run is worked on to its end');
    const call = {
      type: 'function_call',
      callId: `call_${randomUUID()}`,
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
  execute: () => wait(Math.random() * Number(slowest), 'seen'),
});
const agent = new Agent({ name: 'Clerk', model, tools: [look] });
const store = await (fault === 'unchecked' ? openFaultyStore : openStore)(url, { maxRetries: 20 });
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
