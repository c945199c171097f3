// A module for torture(): a store of ours with one fault, which the variable PLANTED_FAULT names.
import { openSessionStore, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { FAULTS } from './faults.ts';

export async function open(_id: string, url: string): Promise<SessionStore> {
  const store = await openSessionStore(url, { busyTimeout: 20_000, timeout: 3000, retryDelay: 50 });
  const plant = FAULTS[process.env.PLANTED_FAULT ?? ''];
  if (!plant) throw new Error(`there is no fault "${process.env.PLANTED_FAULT}"`);
  const { session = (one) => one, close = () => store.close() } = plant({ store });
  return {
    session: (id: string) => session(store.session(id), id),
    open: () => store.open(),
    on: () => store,
    close,
    supports: store.supports,
  } as unknown as SessionStore;
}
