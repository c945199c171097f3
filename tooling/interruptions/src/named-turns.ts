import { type AgentInputItem, OpenAIResponsesCompactionSession } from '@openai/agents';
import { atomicCompaction, type StoreSession } from '@stackone/sessions-core';

/** A turn by whose texts it is told from others, also when a compaction has gone over it. */
export function named(name: string): AgentInputItem[] {
  return [
    { type: 'message', role: 'user', content: `q:${name};` },
    {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: `a:${name};` }],
    },
  ];
}

/** The questions and answers in items or in what the API is sent, in their order. */
export function namesIn(items: unknown): string[] {
  return JSON.stringify(items).match(/[qa]:\w+-\d+;/g) ?? [];
}

/** A session that is compacted to one item, which names all that it stands for. */
export function compactedByName(session: StoreSession, duration: () => Promise<unknown>) {
  const compact = async ({ input }: { input: unknown }) => {
    await duration();
    return { output: [{ type: 'compaction', encrypted_content: namesIn(input).join('') }] };
  };
  const client = { responses: { compact } } as never;
  return atomicCompaction(
    session,
    (underlyingSession) =>
      new OpenAIResponsesCompactionSession({ underlyingSession, client, compactionMode: 'input' }),
  );
}
