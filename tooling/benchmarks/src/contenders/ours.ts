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
    session: (conversation) => store.session(conversation),
    handle: (conversation) => store.session(conversation),
    close: () => store.close(),
  };
}
