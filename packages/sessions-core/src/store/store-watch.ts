import { NO_CONVERSATION, TENANT_MARK } from '../ids/session-id.js';
import { tenantPrefix } from '../ids/tenant-id.js';
import { SessionError } from '../port/errors.js';
import { checkOptions } from '../port/options.js';
import type { SessionHost } from '../session/session-host.js';
import { ChangedSessions } from '../watch/changed-sessions.js';
import { lookAgain } from '../watch/look-again.js';
import {
  DEFAULT_INTERVAL,
  DEFAULT_LONGEST_TRANSACTION,
  type SessionChanged,
  STORE_WATCH_CHECKS,
  type StoreWatchOptions,
} from '../watch/watch-options.js';

/** Tells which conversations get items: those of the host's tenant, or those of none. */
export function watchSessions(
  { tenant, onWrite, perform }: Pick<SessionHost, 'tenant' | 'onWrite' | 'perform'>,
  options: StoreWatchOptions,
): AsyncGenerator<SessionChanged, void, void> {
  checkOptions('watch', options, STORE_WATCH_CHECKS);
  const { after, signal, interval = DEFAULT_INTERVAL } = options;
  const prefix = tenant === undefined ? '' : tenantPrefix(tenant);
  const isMeant = (storedId: string) =>
    tenant === undefined ? !storedId.startsWith(TENANT_MARK) : storedId.startsWith(prefix);
  const changed = new ChangedSessions(
    (...page) =>
      perform('watch', () => ({
        storedId: NO_CONVERSATION,
        work: ({ conversations }) => conversations?.changes?.(...page) ?? unsupported(),
      })),
    after,
    options.longestTransaction ?? DEFAULT_LONGEST_TRANSACTION,
  );
  const onNews = (wake: () => void) =>
    onWrite((storedId) => {
      if (isMeant(storedId)) wake();
    });
  return lookAgain({ interval, signal, onNews }, async () => {
    const { changed: ids, cursor } = await changed.look();
    const found = ids.filter(isMeant).map((id) => ({ id: id.slice(prefix.length), cursor }));
    return { found, hasMore: false };
  });
}

function unsupported(): never {
  throw new SessionError(
    'UNSUPPORTED',
    'This store cannot tell which of its conversations got items: see supports.watching.',
  );
}
