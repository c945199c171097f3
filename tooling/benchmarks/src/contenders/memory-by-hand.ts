import { MemorySession } from '@openai/agents-core';
import type { Contender } from '../contender.ts';
import { version } from '../versions.ts';

/** No SQL here: the SDK's own sessions in memory, one for each conversation. */
export const memoryByHand: Contender = {
  name: 'by hand',
  rank: 'by-hand',
  version: `MemorySession of ${version('@openai/agents-core')}`,
  async open() {
    const sessions = new Map<string, MemorySession>();
    const session = (sessionId: string) => {
      const known = sessions.get(sessionId) ?? new MemorySession({ sessionId });
      sessions.set(sessionId, known);
      return known;
    };
    return {
      append: (conversation, items) => session(conversation).addItems([...items]),
      newest: (conversation, count) => session(conversation).getItems(count),
      pop: (conversation) => session(conversation).popItem(),
      replaceSuffix: (conversation, operationId, expectedSuffix, replacement) =>
        session(conversation).applyHistoryTransaction({
          operationId,
          transaction: {
            type: 'replace_suffix',
            expectedSuffix: [...expectedSuffix],
            replacement: [...replacement],
          },
        }),
      session,
      close: async () => undefined,
    };
  },
};
