// node decide-run.mjs <url> <id of a run> <who> <true or false: whether the call c1 is approved>
//
// Says 'ready', decides ten times when it is told to, and tells what came of each.
import { once } from 'node:events';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';

const [url, runId, by, approve] = process.argv.slice(2);
const store = await openSessionStore(url);
process.send('ready');
await once(process, 'message');
const decide = () =>
  store.runs.decide(runId, [{ callId: 'c1', approve: approve === 'true', by }]).then(
    () => 'kept',
    ({ code, message }) => `${code}: ${message}`,
  );
process.send(await Promise.all(Array.from({ length: 10 }, decide)));
await store.close();
process.disconnect();
