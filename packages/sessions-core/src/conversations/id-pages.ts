import type { ConversationFilter, ConversationQuery, StoredConversation } from '../port/conversations.js';

/** Conversations that are listed at once. */
const LISTED = 200;

/**
 * The ids of the conversations that match, page by page, in their order, in which what is removed or changes meanwhile makes none
 * come twice or not at all. What is added meanwhile may come too.
 *
 * @param list - Asks the backend for a page.
 */
export async function* idPages(
  filter: ConversationFilter,
  list: (query: ConversationQuery) => Promise<readonly StoredConversation[]>,
): AsyncGenerator<readonly string[]> {
  for (let last: string | undefined; ; ) {
    const after = last === undefined ? undefined : { time: '', id: last };
    const page = await list({ ...filter, by: 'id', descending: false, after, limit: LISTED });
    const ids = page.map(({ id }) => id);
    yield ids;
    last = ids.at(-1);
    if (ids.length < LISTED) return;
  }
}
