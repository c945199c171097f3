/**
 * What does not depend on how much is stored: a page of `store.sessions.list()`, `retrieve`, the newest turn and `rewind`, with
 * 10^3 conversations and items and with 10^6.
 *
 * Usage: `npm run bench:scale -- postgres`, `sqlite`, `mysql` or `mariadb`.
 */
import { openSessionStore, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { markdownTable } from 'markdown-table';
import { fillConversations, type SqlEngineName } from './src/by-sql.ts';
import { compared, type Measure } from './src/comparison.ts';
import { startEngine } from './src/engines/start.ts';
import { makeTurn, TURN_ITEMS, WrongAnswer } from './src/items.ts';
import { machine } from './src/machine.ts';
import { timed } from './src/workloads/timing.ts';

const SIZES = [1_000, 1_000_000] as const;
const ROUNDS = 100;
const CALLS = 10;
/** Half of the conversations have changed since then. */
const HALF_A_DAY_AGO = new Date(Date.now() - 43_200_000);
/** The conversation that has all the items. */
const LONG = 'long';

const name = process.argv[2] as SqlEngineName;
const engine = await startEngine(name);
const stores = [await prepared(SIZES[0]), await prepared(SIZES[1])] as const;
const lines: string[][] = [];
for (const [title, measure] of Object.entries(measures()))
  lines.push(await compared(title, stores, ROUNDS, measure));
for (const store of stores) await store.close();
console.log(`${engine.title}, ${Object.values(machine()).join(', ')}`);
console.log(`Medians of ${ROUNDS} interleaved rounds of ${CALLS} calls, quartiles in brackets\n`);
console.log(markdownTable([['', 'of 10^3, ms', 'of 10^6, ms', '10^6 / 10^3'], ...lines]));
await engine.stop();

async function prepared(count: number): Promise<SessionStore> {
  const url = await engine.makeDatabase();
  const store = await openSessionStore(url);
  await engine.fill(url, LONG, count / TURN_ITEMS);
  await fillConversations(name, url, count);
  return store;
}

function measures(): Readonly<Record<string, Measure>> {
  let number = 0;
  return {
    'first page of `list`': measured(async ({ sessions }) => expectLength(20, (await sessions.list()).data)),
    'page in the middle of `list`': measured(
      async ({ sessions }, after) => expectLength(20, (await sessions.list({ after })).data),
      async ({ sessions }) =>
        (await sessions.list({ changedBefore: HALF_A_DAY_AGO, limit: 1 })).nextCursor ?? '',
    ),
    '`retrieve`': measured(
      async ({ sessions }, id) => expectLength(1, [await sessions.retrieve(id)].filter(Boolean)),
      async () => `chat_${(number++ % SIZES[0]) + 1}`,
    ),
    'newest turn: `turns({ limit: 1 })`': measured(async (store) =>
      expectLength(1, (await store.session(LONG).turns({ limit: 1 })).data),
    ),
    'newest items: `getItems(20)`': measured(async (store) =>
      expectLength(20, await store.session(LONG).getItems(20)),
    ),
    '`rewind` of the newest turn': measured(
      (store, turn) => store.session(LONG).rewind(turn),
      async (store) => {
        await store.session(LONG).addItems(makeTurn(LONG, `new-${number++}`).slice(0, 2));
        const { data } = await store.session(LONG).turns({ limit: 1 });
        return data[0]?.id ?? '';
      },
    ),
  };
}

/** @param prepare - Makes ready what a call needs; it is not measured. */
function measured(
  call: (store: SessionStore, given: string) => Promise<unknown>,
  prepare: (store: SessionStore) => Promise<string> = async () => '',
): Measure {
  return async (store) => {
    let sum = 0;
    for (let at = 0; at < CALLS; at++) {
      const given = await prepare(store);
      sum += (await timed(() => call(store, given))).ms;
    }
    return sum / CALLS;
  };
}

async function expectLength(length: number, found: readonly unknown[]): Promise<void> {
  if (found.length !== length) throw new WrongAnswer(`${found.length} came back instead of ${length}`);
}
