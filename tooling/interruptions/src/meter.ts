import type { SessionStore } from '@stackone/sessions-core';
import { type FaultProxy, startProxy } from '@stackone/test-servers';
import type { Cost } from './costs.ts';
import type { ServerSubject } from './cut.ts';

/** A store, and all that it has sent so far. */
export interface MeteredStore {
  readonly store: SessionStore;
  readonly sent: () => Cost;
}

/** Opens a store whose statements are counted on their way to the server. */
export async function openMetered({
  engine,
  server,
  url,
  open,
}: ServerSubject): Promise<MeteredStore & AsyncDisposable> {
  const proxy = await startProxy(server, { protocol: engine });
  const store = await open(proxy.url(url));
  return {
    store,
    sent: () => costSoFar(proxy),
    async [Symbol.asyncDispose]() {
      await store.close();
      await proxy.close();
    },
  };
}

/** What has come to a proxy so far. */
export function costSoFar({ roundTrips, statements }: FaultProxy): Cost {
  return { roundTrips, statements };
}

/** Runs `work`, and tells what was sent for it. */
export async function counted<T>(
  sent: () => Cost,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cost: Cost }> {
  const before = sent();
  const result = await work();
  const after = sent();
  return {
    result,
    cost: {
      roundTrips: after.roundTrips - before.roundTrips,
      statements: after.statements - before.statements,
    },
  };
}
