import { type Pages, type Part, pagesAbove, ROWS, type TableSize } from './size.ts';
import { type Column, columnsOf, type Key, type Order, type Table } from './tables.ts';

const PAGE = 4096;
const LEAF_HEADER = 8;
const CELL_POINTER = 2;
const PAGE_NUMBER = 4;
/** `CURRENT_TIMESTAMP`. */
const TIME_BYTES = 19;
/** What of a text that is longer stays in its leaf, at least. */
const LEAST_LOCAL = Math.floor(((PAGE - 12) * 32) / 255) - 23;
const MOST_LOCAL = { rows: PAGE - 35, keys: Math.floor(((PAGE - 12) * 64) / 255) - 23 };
const OVERFLOW_ROOM = PAGE - PAGE_NUMBER;
/** How full leaves are. Rows that come last fill pages; a page that has no more room shares with its neighbours on both sides before one more is made. */
const FILL: Readonly<Record<Order, number>> = { ascending: 1, scattered: 0.8, runs: 0.8 };

/** How many bytes a number takes that grows with its value by seven bits. */
function varint(value: number): number {
  return value < 2 ** 7
    ? 1
    : value < 2 ** 14
      ? 2
      : value < 2 ** 21
        ? 3
        : value < 2 ** 28
          ? 4
          : value < 2 ** 35
            ? 5
            : 6;
}

/** Of an integer in a record. */
function integerBytes(value: number): number {
  if (value <= 1) return 0;
  const bits = Math.log2(value) + 1;
  return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 24 ? 3 : bits <= 32 ? 4 : bits <= 48 ? 6 : 8;
}

function bodyOf(column: Column): number {
  if (column.type === 'time') return TIME_BYTES;
  return column.type === 'integer' ? integerBytes(column.about) : column.bytes;
}

/** A record: the length of its header, a type for each column, the columns. */
function recordOf(columns: readonly Column[]): number {
  return columns.reduce((length, column) => {
    const body = bodyOf(column);
    return length + body + (column.type === 'integer' ? 1 : varint(13 + 2 * body));
  }, 1);
}

interface Cell {
  readonly inPage: number;
  /** Pages of its own. */
  readonly overflow: number;
}

function cellOf(record: number, head: number, most: number): Cell {
  if (record <= most) return { inPage: record + head + CELL_POINTER, overflow: 0 };
  const rest = LEAST_LOCAL + ((record - LEAST_LOCAL) % OVERFLOW_ROOM);
  const local = rest <= most ? rest : LEAST_LOCAL;
  return {
    inPage: local + head + PAGE_NUMBER + CELL_POINTER,
    overflow: Math.ceil((record - local) / OVERFLOW_ROOM),
  };
}

function btree(entries: number, cell: number, above: number, order: Order): Pages {
  const room = PAGE - LEAF_HEADER;
  const perLeaf = Math.max(1, Math.floor((room * FILL[order]) / cell));
  const fanout = Math.floor((room * FILL[order]) / (above + PAGE_NUMBER + CELL_POINTER));
  return pagesAbove(Math.max(1, Math.ceil(entries / perLeaf)), fanout);
}

/** Whether the key is the number that SQLite finds rows by. */
const isRowid = ({ columns }: Table, key: Key) =>
  key.columns.length === 1 &&
  columns.some(({ name, type }) => name === key.columns[0] && type === 'integer' && name === 'id');

function index(table: Table, key: Key): Part {
  const rowid: Column = { name: 'rowid', type: 'integer', width: 8, about: table.rows };
  const columns = columnsOf(table, key.columns).filter(({ name }) => name !== 'id');
  const record = recordOf([...columns, rowid]);
  const { inPage } = cellOf(record, varint(record), MOST_LOCAL.keys);
  const pages = btree(table.rows, inPage, inPage, key.order);
  return { name: key.name, bytes: pages.all * PAGE, depth: pages.depth };
}

/** Of a table of SQLite, with the pages of 4096 bytes that it makes. */
export function sqliteSize(table: Table): TableSize {
  const { rows, primaryKey } = table;
  if (table.withoutRowid) {
    const record = recordOf(table.columns);
    const { inPage } = cellOf(record, varint(record), MOST_LOCAL.keys);
    const pages = btree(rows, inPage, inPage, primaryKey.order);
    return { table: table.name, rows, parts: [{ name: ROWS, bytes: pages.all * PAGE, depth: pages.depth }] };
  }
  const record = recordOf(table.columns) - (isRowid(table, primaryKey) ? integerBytes(rows) : 0);
  const { inPage, overflow } = cellOf(record, varint(record) + varint(rows), MOST_LOCAL.rows);
  const pages = btree(rows, inPage, varint(rows), 'ascending');
  const parts: Part[] = [
    { name: ROWS, bytes: (pages.all + rows * overflow) * PAGE, depth: pages.depth },
    ...(isRowid(table, primaryKey) ? table.indexes : [primaryKey, ...table.indexes]).map((key) =>
      index(table, key),
    ),
  ];
  return { table: table.name, rows, parts };
}
