import { NO_CONVERSATION } from '../ids/session-id.js';
import { whenReady } from '../port/awaitable.js';
import { checkOptions } from '../port/options.js';
import type { UsageCounts } from '../port/usage.js';
import type { SessionHost } from '../session/session-host.js';
import { usageOf } from '../session/usage-session.js';
import {
  STORE_USAGE_GROUPS,
  type StoreUsageOptions,
  shownSums,
  type UsageSum,
  usageChecks,
  usageQuery,
  usageTotals,
} from '../usage/usage-sums.js';

/** Sums up the usage of all conversations, or of those of the host's tenant. */
export function sumUsage(
  host: Pick<SessionHost, 'tenant' | 'perform'>,
  options: StoreUsageOptions,
): Promise<UsageCounts | UsageSum[]> {
  return host.perform<UsageCounts | UsageSum[]>('usage', () => {
    checkOptions('usage', options, usageChecks(STORE_USAGE_GROUPS));
    const query = usageQuery(options);
    const grouped = options.by !== undefined;
    return {
      storedId: NO_CONVERSATION,
      limits: options,
      work: (backend) =>
        whenReady(usageOf(backend).sum({ ...query, tenant: host.tenant }), (sums) =>
          grouped ? shownSums(sums, query.by) : usageTotals(sums),
        ),
    };
  });
}
