/**
 * What the index for "last change first" costs an append: the same turns on tables with it and without.
 *
 * Usage: `npm run bench:listing-index -- postgres`, `sqlite`, `mysql` or `mariadb`.
 */
import { openSessionStore, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { markdownTable } from 'markdown-table';
import { execute, fillConversations, type SqlEngineName } from './src/by-sql.ts';
import { compared } from './src/comparison.ts';
import { startEngine } from './src/engines/start.ts';
import { makeTurn } from './src/items.ts';
import { machine } from './src/machine.ts';
import { timed } from './src/workloads/timing.ts';

const CONVERSATIONS = 20_000;
const ROUNDS = 100;
const GROUP = 64;

const name = process.argv[2] as SqlEngineName;
const engine = await startEngine(name);
const stores = [await prepared(false), await prepared(true)] as const;
const lines: string[][] = [];
for (const [title, turns, calls] of [
  ['append a turn', 1, 20],
  [`append ${GROUP} turns of ${GROUP} conversations`, GROUP, 4],
] as const) {
  let turn = 0;
  const add = async (store: SessionStore) => {
    for (let call = 0; call < calls; call++) {
      const ids = Array.from(
        { length: turns },
        (_, at) => `chat_${((turn * 7919 + at * 101) % CONVERSATIONS) + 1}`,
      );
      turn++;
      await Promise.all(ids.map((id) => store.session(id).addItems(makeTurn(id, `${turn}`))));
    }
  };
  const measure = async (store: SessionStore) => (await timed(() => add(store))).ms / (turns * calls);
  lines.push(await compared(title, stores, ROUNDS, measure));
}
for (const store of stores) await store.close();
console.log(`${engine.title}, ${Object.values(machine()).join(', ')}`);
console.log(`Medians of ${ROUNDS} interleaved rounds, quartiles in brackets\n`);
console.log(markdownTable([['', 'without, ms', 'with, ms', 'with / without'], ...lines]));
await engine.stop();

async function prepared(indexed: boolean): Promise<SessionStore> {
  const url = await engine.makeDatabase();
  const store = await openSessionStore(url);
  const drop = 'DROP INDEX idx_agent_sessions_changed';
  if (!indexed) await execute(name, url, /^m/.test(name) ? `ALTER TABLE agent_sessions ${drop}` : drop);
  await fillConversations(name, url, CONVERSATIONS);
  return store;
}
