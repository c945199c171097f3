// node compact-to-death.ts <program> <url>
//
// Opens a store. When it gets { begin: id } it compacts that conversation again and again, slowly, until it is killed.
import { setTimeout as wait } from 'node:timers/promises';
import type { ProgramModule } from './kill.ts';
import { compactedByName } from './named-turns.ts';

const [program = '', url = ''] = process.argv.slice(2);
const { open }: ProgramModule = await import(program);
const store = await open(url, () => {});
process.on('message', async ({ begin }: { begin: string }) => {
  const session = compactedByName(store.session(begin), () => wait(Math.random() * 20));
  process.send?.({ begun: true });
  for (;;) {
    await session.runCompaction({ force: true });
    process.send?.({ compacted: true });
  }
});
process.send?.({ ready: true });
