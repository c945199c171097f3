import { Agent, tool, Usage } from '@openai/agents-core';
import { assistantMessage, functionCall, modelResponse, ScriptedModel } from '@openai/agents-core/testing';
import type { SessionStore } from '@stackone/sessions-core';

const pay = tool({
  name: 'pay',
  description: 'Pays an invoice',
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
  strict: false,
  needsApproval: true,
  execute: async () => 'paid',
});

type Scope = Pick<SessionStore, 'runs' | 'session'>;

/** The run `run_1` of the conversation `bills`, which waits for decisions about two calls. */
export async function startWaitingRun(
  scope: Scope,
  { id = 'run_1', conversation = 'bills', tools = ['pay', 'pay'], note = '' } = {},
): Promise<void> {
  const calls = tools.map((_, at) =>
    functionCall(
      'pay',
      { invoice: at + 1, ...(note !== '' && { [note]: note }) },
      { callId: `call_${at + 1}` },
    ),
  );
  const agent = new Agent({ name: 'Clerk', tools: [pay], model: new ScriptedModel([calls]) });
  await scope.runs.start(agent, 'Pay the invoices.', { session: scope.session(conversation), runId: id });
}

/** Goes on with a run of {@link startWaitingRun} whose calls are decided. */
export async function resumeRun({ runs }: Scope, id: string): Promise<void> {
  const model = new ScriptedModel([[assistantMessage('That is done.')]]);
  await runs.resume(new Agent({ name: 'Clerk', tools: [pay], model }), id);
}

/** What two models used for a conversation, kept as runs tell it. */
export async function recordSampleUsage(scope: Scope): Promise<void> {
  for (const [at, model] of ['gpt-5', 'gpt-5-mini'].entries()) {
    const usage = new Usage({ inputTokens: 1000 + at, outputTokens: 100, totalTokens: 1100 + at });
    const response = modelResponse({
      output: [assistantMessage('Hello!')],
      usage,
      responseId: `resp_${at}`,
      providerData: { model },
    });
    const agent = new Agent({ name: 'Guide', model: new ScriptedModel([response]) });
    await scope.runs.start(agent, 'Hello', { session: scope.session('used'), runId: `used_${at}` });
  }
}
