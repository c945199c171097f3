import { schemaNames } from '@stackone/sessions-core/backend';
import type { EngineName } from './engines.ts';
import type { Shape } from './shape.ts';
import { ROWS, type TableSize } from './size.ts';

/** A call, and how many pages it looks at. */
export interface Touched {
  readonly call: string;
  readonly pages: number;
}

const NAMES = schemaNames();
/** Of `getItems(20)` and of a page of `list`. */
const PAGE_OF_A_CALL = 20;

/**
 * How many pages calls look at: what grows is the depth of the trees. The pages near the root are always in memory, so what a call reads from the
 * disk at most is about one page for each tree and each row.
 */
export function touchedPages(engine: EngineName, shape: Shape, sizes: readonly TableSize[]): Touched[] {
  const depth = (table: string, part: string) =>
    sizes.find((size) => size.table === table)?.parts.find(({ name }) => name === part)?.depth ?? 0;
  const { sessions, messages, metadata } = NAMES;
  /** From a key to the row: one page of PostgreSQL's heap, another tree elsewhere. */
  const row = (table: string) => (engine === 'postgres' ? 1 : depth(table, ROWS));
  /** PostgreSQL and SQLite have such a key beside the rows, InnoDB has the rows in it. */
  const byKey = (table: string) =>
    engine === 'mysql' || engine === 'mariadb'
      ? depth(table, ROWS)
      : depth(table, 'primary key') + row(table);
  const session = byKey(sessions);
  const changed = depth(sessions, NAMES.changedIndex);
  const newest = depth(messages, NAMES.idIndex);
  const byTime = depth(messages, NAMES.timeIndex);
  const byId = engine === 'postgres' ? depth(messages, 'primary key') : 0;
  const insertItems = row(messages) + byId + newest + byTime;
  const described = shape.metadataBytes === 0 ? 0 : byKey(metadata);
  // the first item finds the place of all, which stand side by side in the trees
  const append = session + 2 * changed + insertItems;
  // items of one conversation are as far apart as its turns are in time
  const turnsRead = Math.ceil(PAGE_OF_A_CALL / shape.itemsPerTurn);
  return [
    { call: 'append a turn', pages: append },
    { call: `newest ${PAGE_OF_A_CALL}`, pages: newest + turnsRead * row(messages) },
    { call: 'pop', pages: session + 2 * changed + newest + row(messages) + byId + byTime },
    {
      call: `page of ${PAGE_OF_A_CALL} of \`list\``,
      pages: changed + PAGE_OF_A_CALL * (row(sessions) + described),
    },
  ];
}
