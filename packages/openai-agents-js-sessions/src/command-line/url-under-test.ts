import type { SessionStore } from '@stackone/sessions-core';
import { checkConformance, storeSuite } from '@stackone/sessions-core/conformance';
import { openSessionStore } from '../open-store.js';
import type { UnderTest } from './conformance.js';
import { oneLine, UsageError } from './usage-error.js';
import { UsedConversations } from './used-conversations.js';

/**
 * The store of a URL, on the database of its user: with ids that nobody else has, which are removed in the end.
 *
 * @throws UsageError if it cannot be opened. Never with the URL.
 */
export async function urlUnderTest(url: string): Promise<UnderTest> {
  const used = new UsedConversations();
  const open = async () => used.of((await openSessionStore(url)).on('warning', () => {}));
  let first: SessionStore;
  try {
    first = await openSessionStore(url);
  } catch (error) {
    throw new UsageError(`The database cannot be opened: ${oneLine(error)}`);
  }
  const { supports } = first;
  const suite = storeSuite({
    name: 'the database',
    open: async () => ({ store: await open(), ...(supports.shared && { reopen: open }) }),
    supports: { ...supports, tenants: true, reopen: supports.shared },
  });
  return {
    kind: 'the store of its URL',
    checks: [(timeLimit, aborted) => checkConformance(suite, timeLimit, aborted)],
    async close() {
      if (supports.shared) await used.clear(first);
      await first.close();
    },
  };
}
