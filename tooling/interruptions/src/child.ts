// node child.ts <program> <url> <name of the call> <session id>
//
// Opens a store, says so, and when it is told to makes one call. With `killAt` it kills itself at that statement.
import { once } from 'node:events';
import { CALLS } from './calls.ts';
import type { ProgramModule } from './kill.ts';

const [program = '', url = '', name, sessionId = ''] = process.argv.slice(2);
const call = CALLS.find((one) => one.name === name);
if (!call) throw new Error(`there is no call "${name}"`);

let untilDeath = 0;
const { open }: ProgramModule = await import(program);
const store = await open(url, () => {
  untilDeath--;
  if (untilDeath === 0) process.kill(process.pid, 'SIGKILL');
});
process.send?.({ ready: true });
const [{ killAt }] = await once(process, 'message');
untilDeath = killAt;
const answer = await call.perform(store.session(sessionId));
untilDeath = 0;
process.send?.({ answer });
await store.close();
process.disconnect();
