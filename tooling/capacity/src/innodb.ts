import { type Pages, type Part, pagesAbove, ROWS, sum, type TableSize, UNUSED } from './size.ts';
import { type Column, columnsOf, type Key, largeText, type Order, type Table } from './tables.ts';

const PAGE = 16384;
/** What a page holds besides rows: headers, the two rows that bound it, its trailer. */
const PAGE_OVERHEAD = 38 + 56 + 26 + 8;
/** A slot of two bytes for each four rows. */
const SLOT = 0.5;
const ROW_HEADER = 5;
/** Who changed a row last, and what it was before. */
const TRANSACTION = 6 + 7;
/** Rows of more than half a page have their longest text put elsewhere, in pages of its own. */
const LARGEST_ROW = 8126;
const OFF_PAGE_POINTER = 20;
const OFF_PAGE_ROOM = PAGE - 38 - 8 - 8;
const PAGE_NUMBER = 4;
/**
 * How full leaves are. At the right end a sixteenth of a page is left for rows that grow; pages that split in the middle are ln 2 on average; with runs less, as
 * real tables have it.
 */
const FILL: Readonly<Record<Order, number>> = { ascending: 15 / 16, scattered: Math.LN2, runs: 0.6 };
/** Pages are taken by extents; where they are wanted anywhere, an eighth of a tree's is kept free. */
const EXTENT = 64;
const KEPT_FREE: Readonly<Record<Order, number>> = { ascending: 1, scattered: 8 / 7, runs: 8 / 7 };
/** A tree takes single pages up to this number, and extents after it. */
const SINGLE_PAGES = 32;
/** What a file has besides its trees. */
const FILE_PAGES = 4;
/** Extents that a file keeps free, and a share of it besides. */
const KEPT_EXTENTS = 7;
const KEPT_OF_FILE = 0.01;
/** From so many extents on a file grows by so many. */
const LARGE_FILE = 32;
const LARGE_STEP = 4;

function lengthOf(columns: readonly Column[]): number {
  return columns.reduce((length, column) => {
    if (column.type === 'time') return length + 7;
    if (column.type === 'integer') return length + column.width;
    return length + column.bytes + (column.bytes > 127 ? 2 : 1);
  }, ROW_HEADER);
}

/** @param isRows - Whether the tree is that of the rows themselves: only there room is left for rows that grow. */
function btree(entries: number, entry: number, above: number, order: Order, isRows: boolean): Pages {
  const room = PAGE - PAGE_OVERHEAD;
  const fill = order === 'ascending' && !isRows ? 1 : FILL[order];
  const perLeaf = Math.floor((room * fill) / (entry + SLOT));
  const fanout = Math.floor((room * FILL[order]) / (above + PAGE_NUMBER + SLOT));
  return pagesAbove(Math.max(1, Math.ceil(entries / perLeaf)), fanout);
}

function space(pages: Pages, order: Order): number {
  if (pages.all <= SINGLE_PAGES) return pages.all * PAGE;
  return (SINGLE_PAGES + Math.ceil((pages.all * KEPT_FREE[order]) / EXTENT) * EXTENT) * PAGE;
}

function index(table: Table, key: Key): Part {
  // an entry ends with the primary key, as far as it does not have it already
  const names = [...new Set([...key.columns, ...table.primaryKey.columns])];
  const entry = lengthOf(columnsOf(table, names));
  const pages = btree(table.rows, entry, entry, key.order, false);
  return { name: key.name, bytes: space(pages, key.order), depth: pages.depth };
}

/** Of a table of MySQL or MariaDB: the rows stand in the primary key, with the pages of texts that do not fit into theirs. */
export function innodbSize(table: Table): TableSize {
  const { columns, primaryKey, rows } = table;
  const whole = lengthOf(columns) + TRANSACTION;
  const moved = whole > LARGEST_ROW ? largeText(table) : undefined;
  const kept = moved ? whole - moved.bytes + OFF_PAGE_POINTER : whole;
  const offPage = moved ? rows * Math.ceil(moved.bytes / OFF_PAGE_ROOM) : 0;
  const key = lengthOf(columnsOf(table, primaryKey.columns));
  const pages = btree(rows, kept, key, primaryKey.order, true);
  const parts: Part[] = [
    {
      name: ROWS,
      bytes: space({ ...pages, all: pages.all + offPage }, primaryKey.order),
      depth: pages.depth,
    },
    ...table.indexes.map((one) => index(table, one)),
  ];
  const used = sum(parts.map(({ bytes }) => bytes));
  return { table: table.name, rows, parts: [...parts, { name: UNUSED, bytes: fileOf(used) - used }] };
}

/** The file of a table: it grows by one extent at a time, and by several when it is larger, and always some are kept for what comes next. */
function fileOf(used: number): number {
  const extent = EXTENT * PAGE;
  if (used < extent) return used + FILE_PAGES * PAGE;
  const bytes = used * (1 + KEPT_OF_FILE) + KEPT_EXTENTS * extent;
  const step = bytes < LARGE_FILE * extent ? extent : LARGE_STEP * extent;
  return Math.ceil(bytes / step) * step;
}
