import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import type { SessionStore } from '@stackone/sessions-core';
import type { Contender, Conversations } from '../contender.ts';
import { version } from '../versions.ts';

/** The store of a URL, with its default options: its pool has 10 connections too. */
export const ours: Contender = {
  name: 'ours',
  rank: 'ours',
  version: version('@stackone/openai-agents-js-sessions'),
  open: async (url) => conversationsOf(await openSessionStore(url)),
};

function conversationsOf(store: SessionStore): Conversations {
  return {
    append: (conversation, items) => store.session(conversation).addItems([...items]),
    appendOnce: (conversation, operationId, items) =>
      store.session(conversation).addItems([...items], undefined, { operationId }),
    newest: (conversation, count) => store.session(conversation).getItems(count),
    pop: (conversation) => store.session(conversation).popItem(),
    replaceSuffix: (conversation, operationId, expectedSuffix, replacement) =>
      store.session(conversation).applyHistoryTransaction({
        operationId,
        transaction: {
          type: 'replace_suffix',
          expectedSuffix: [...expectedSuffix],
          replacement: [...replacement],
        },
      }),
    clear: (conversation) => store.session(conversation).clearSession(),
    replaceCall: (conversation, replacement) =>
      store.session(conversation).applyHistoryMutations({
        mutations: [{ type: 'replace_function_call', callId: replacement.callId, replacement }],
      }),
    compact: (conversation, items) => store.session(conversation).replaceHistoryWithCompaction([...items]),
    async newestTurn(conversation) {
      const { data } = await store.session(conversation).turns({ limit: 1 });
      return data[0]?.id ?? '';
    },
    rewind: (conversation, turn) => store.session(conversation).rewind(turn),
    list: async (limit) => (await store.sessions.list({ limit })).data.map(({ id }) => id),
    remove: (conversation) => store.sessions.delete(conversation),
    session: (conversation) => store.session(conversation),
    handle: (conversation) => store.session(conversation),
    close: () => store.close(),
  };
}
