import type { SessionStore } from '@stackone/sessions-core';
import { checkConformance, storeSuite } from '@stackone/sessions-core/conformance';
import { openSessionStore } from '../open-store.js';
import type { UnderTest } from './conformance.js';
import { oneLine, UsageError } from './usage-error.js';

/**
 * The store of a URL, on the database of its user: with ids that nobody else has, which are removed in the end.
 *
 * @throws UsageError if it cannot be opened. Never with the URL.
 */
export async function urlUnderTest(url: string): Promise<UnderTest> {
  const used = new Set<string>();
  const open = async () => remembering(await openSessionStore(url), used);
  const first = await open().catch((error: unknown) => {
    throw new UsageError(`The database cannot be opened: ${oneLine(error)}`);
  });
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
      for (const id of supports.shared ? used : []) await first.session(id).clearSession();
      await first.close();
    },
  };
}

/** Keeps the ids that sessions are made for. */
function remembering(store: SessionStore, used: Set<string>): SessionStore {
  const session = store.session.bind(store);
  store.on('warning', () => {});
  return Object.assign(store, {
    session(id: string) {
      const made = session(id);
      used.add(id);
      return made;
    },
  });
}
