import { setTracingDisabled } from '@openai/agents';
import { LEASE, openShop } from './shop.ts';

setTracingDisabled(true);
const { store, clerk } = await openShop(process.env.DATABASE_URL ?? 'sqlite:approvals.db');
const stop = new AbortController();
const end = () => stop.abort();
// `on`, not `once`: the SDK ends the process at once when no listener but its own is left
process.on('SIGTERM', end);
process.on('SIGINT', end);
console.log(`Worker ${process.pid} waits for runs`);
await store.runs.work({
  agents: [clerk],
  concurrency: 5,
  interval: 200,
  lease: LEASE,
  signal: stop.signal,
  onError: (error) => console.error(error),
});
await store.close();
