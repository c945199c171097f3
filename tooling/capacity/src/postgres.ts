import { LARGE_TEXTS, type Pages, type Part, pagesAbove, ROWS, type TableSize } from './size.ts';
import { type Column, columnsOf, type Key, largeText, type Order, type Table } from './tables.ts';

const PAGE = 8192;
const PAGE_HEADER = 24;
/** Points to a row or an entry in its page. */
const LINE_POINTER = 4;
/** 23 bytes, aligned. */
const ROW_HEADER = 24;
const ENTRY_HEADER = 8;
/** What a B-tree keeps at the end of a page. */
const SPECIAL = 16;
/** Rows beyond it have their longest text put elsewhere. */
const TOAST_THRESHOLD = 2032;
const TOAST_CHUNK = 1996;
const TOAST_PER_PAGE = 4;
/** What stands in the row instead. */
const TOAST_POINTER = 18;
/** Texts up to this length have a header of one byte, and no alignment. */
const SHORT_TEXT = 126;
/** The number of a row that a deduplicated entry refers to. */
const ROW_NUMBER = 6;
/**
 * How full leaves are. New pages at the right end are filled to 90 % (`fillfactor`); those that split in the middle are ln 2 on average; with runs less, as
 * real tables have it.
 */
const FILL: Readonly<Record<Order, number>> = { ascending: 0.9, scattered: Math.LN2, runs: 0.6 };
/** Pages above the leaves, which are left at 70 % where keys ascend. */
const FILL_ABOVE = 0.7;

const aligned = (bytes: number, to: number) => Math.ceil(bytes / to) * to;

/** Where a column that begins at `at` ends. */
function endOf(column: Column, at: number): number {
  if (column.type === 'time') return aligned(at, 8) + 8;
  if (column.type === 'integer') return aligned(at, column.width) + column.width;
  return column.bytes <= SHORT_TEXT ? at + 1 + column.bytes : aligned(at, 4) + 4 + column.bytes;
}

const lengthOf = (columns: readonly Column[], header: number) =>
  aligned(
    columns.reduce((at, column) => endOf(column, at), header),
    8,
  );

function btree(entries: number, entry: number, above: number, order: Order): Pages {
  const room = PAGE - PAGE_HEADER - SPECIAL;
  // each page but the last also holds the key that bounds it
  const perLeaf = Math.floor((room * FILL[order] - above) / entry);
  const fanout = Math.floor((room * FILL_ABOVE - above) / above);
  return pagesAbove(Math.max(1, Math.ceil(entries / perLeaf)), fanout);
}

function index(table: Table, key: Key): Part {
  const single = lengthOf(columnsOf(table, key.columns), ENTRY_HEADER) + LINE_POINTER;
  const alike = key.alike ?? 1;
  // entries with the same key become one, with the numbers of their rows (PostgreSQL 13)
  const entry = alike === 1 ? single : single + aligned(ROW_NUMBER * alike, 8);
  // so a run is one entry
  const order = key.order === 'runs' && alike > 1 ? 'scattered' : key.order;
  const pages = btree(table.rows / alike, entry, single, order);
  // the first page describes the tree
  return { name: key.name, bytes: (pages.all + 1) * PAGE, depth: pages.depth };
}

/** Of a table of PostgreSQL. Rows are as they were written first: without what changes leave behind until autovacuum. */
export function postgresSize(table: Table): TableSize {
  const { columns, rows, primaryKey, indexes } = table;
  const whole = lengthOf(columns, ROW_HEADER);
  const moved = whole > TOAST_THRESHOLD ? largeText(table) : undefined;
  const kept = moved
    ? lengthOf(
        columns.map((column) => (column === moved ? { ...moved, bytes: TOAST_POINTER - 1 } : column)),
        ROW_HEADER,
      )
    : whole;
  const perPage = Math.floor((PAGE - PAGE_HEADER) / (kept + LINE_POINTER));
  const parts: Part[] = [
    { name: ROWS, bytes: Math.ceil(rows / perPage) * PAGE },
    ...[primaryKey, ...indexes].map((key) => index(table, key)),
  ];
  if (moved) parts.push({ name: LARGE_TEXTS, bytes: toast(rows, moved.bytes) });
  return { table: table.name, rows, parts };
}

/**
 * Texts in pieces, four to a page, and the index that finds them. The last piece of a text takes the place of a whole one, as a page that has it has no
 * room for four others. The text is taken as one that does not become shorter by compression.
 */
function toast(rows: number, bytes: number): number {
  const pieces = rows * Math.ceil(bytes / TOAST_CHUNK);
  const entry = ENTRY_HEADER + 4 + 4 + LINE_POINTER;
  return (Math.ceil(pieces / TOAST_PER_PAGE) + btree(pieces, entry, entry, 'ascending').all + 1) * PAGE;
}
