import { Arena, type Comparison, type Entry } from '../arena.ts';
import type { Contender } from '../contender.ts';
import type { Effort } from '../effort.ts';
import type { Engine } from '../engines/engine.ts';
import { checkItems, makeTurn, newestItems, TURN_ITEMS } from '../items.ts';
import type { Measured, WorkloadResult } from '../results.ts';
import { timed } from './timing.ts';

const READ = 20;
/** How long a library may take to fill a conversation by its own calls, in ms. */
const FILL_TIME = 60_000;

/**
 * Conversations of every size. On a server, ours and the SQL by hand work on the very same tables. On SQLite each has a
 * file of its own: what one connection writes empties the cache of the other.
 */
export async function inSizes(
  engine: Engine,
  effort: Effort,
  contenders: readonly Contender[],
): Promise<WorkloadResult[]> {
  const shared = engine.server && (await engine.makeDatabase());
  const arena = await Arena.open(engine, effort, contenders, async ({ rank }) =>
    shared !== undefined && (rank === 'ours' || rank === 'by-hand') ? shared : engine.makeDatabase(),
  );
  const sizes: Comparisons[] = [];
  for (const items of effort.sizes) sizes.push(await ofSize(arena, items));
  // a server that has stored a million items may be slower for all: every size is measured in the same rounds
  const results = [
    ...(await arena.compareSideBySide(sizes.map(({ read }) => read))),
    ...(await arena.compareSideBySide(sizes.map(({ append }) => append))),
  ];
  await arena.close();
  return results;
}

interface Comparisons {
  readonly read: Comparison;
  readonly append: Comparison;
}

/** Fills a conversation, of which the newest items are to be read and to which turns are to be appended. */
async function ofSize(arena: Arena, items: number): Promise<Comparisons> {
  const conversation = `size-${items}`;
  /** How many turns each database has: contenders with the same tables share one. */
  const turns = new Map<string, number>();
  const turnsOf = ({ url }: Entry) => turns.get(url) ?? 0;
  const excluded = new Map<Entry, Measured['trouble']>();
  for (const entry of arena.entries) {
    if (turns.has(entry.url)) continue;
    turns.set(entry.url, items / TURN_ITEMS);
    excluded.set(entry, await fill(arena, entry, conversation, items));
  }
  const shared = {
    unit: 'ms',
    excluded: (entry: Entry) => excluded.get(entry),
    repeats: arena.effort.operations,
  } as const;
  return {
    read: {
      ...shared,
      workload: `newest-20-of-${items}`,
      title: `newest 20 of ${items.toLocaleString('en')} items`,
      async measure(entry) {
        const { ms, answer } = await timed(() => entry.conversations.newest(conversation, READ));
        checkItems(answer, newestItems(conversation, turnsOf(entry), READ));
        return ms;
      },
    },
    append: {
      ...shared,
      workload: `append-to-${items}`,
      title: `append a turn to ${items.toLocaleString('en')} items`,
      async measure(entry) {
        const turn = turnsOf(entry);
        turns.set(entry.url, turn + 1);
        const turnItems = makeTurn(conversation, turn);
        return (await timed(() => entry.conversations.append(conversation, turnItems))).ms;
      },
      async verify(entry) {
        checkItems(
          await entry.conversations.newest(conversation, 100),
          newestItems(conversation, turnsOf(entry), 100),
        );
      },
    },
  };
}

async function fill(
  arena: Arena,
  entry: Entry,
  conversation: string,
  items: number,
): Promise<Measured['trouble']> {
  const { engine, effort } = arena;
  const { contender, conversations, url } = entry;
  const turns = items / TURN_ITEMS;
  if (contender.rank === 'ours' || contender.rank === 'by-hand') {
    await engine.fill(url, conversation, turns);
    return undefined;
  }
  if (items > effort.largestFill)
    return { kind: 'not run', reason: `not filled beyond ${effort.largestFill} items` };
  if (conversations.fill) return arena.attempt(entry, conversations.fill(conversation, turns));
  const end = performance.now() + FILL_TIME;
  for (let turn = 0; turn < turns; turn++) {
    if (performance.now() > end) return { kind: 'not run', reason: 'filling takes longer than a minute' };
    const trouble = await arena.attempt(
      entry,
      conversations.append(conversation, makeTurn(conversation, turn)),
    );
    if (trouble) return trouble;
  }
  return undefined;
}
