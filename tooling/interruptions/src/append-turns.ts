// node append-turns.ts <program> <url> <name>
//
// Opens a store. Between { begin: id } and { end: true } it adds turns to that conversation and says which ones are stored.
import { setTimeout as wait } from 'node:timers/promises';
import type { ProgramModule } from './kill.ts';
import { named } from './named-turns.ts';

const [program = '', url = '', name = ''] = process.argv.slice(2);
const { open }: ProgramModule = await import(program);
const store = await open(url, () => {});
let sessionId: string | undefined;
let appending = Promise.resolve();

async function append(id: string): Promise<void> {
  const session = store.session(id);
  for (let number = 0; sessionId === id; number++) {
    await session.addItems(named(`${name}-${number}`));
    process.send?.({ stored: `${name}-${number}` });
    await wait(Math.random() * 10);
  }
}

process.on('message', async (message: { begin?: string }) => {
  sessionId = message.begin;
  if (message.begin) {
    appending = append(message.begin);
  } else {
    await appending;
    process.send?.({ ended: true });
  }
});
process.on('disconnect', () => store.close());
process.send?.({ ready: true });
