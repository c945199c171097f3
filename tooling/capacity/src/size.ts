/** A part of a table: its rows, one of its keys, or the texts that do not fit beside their rows. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  /** Of a B-tree: how many pages a look-up reads, from the root to the leaf. */
  readonly depth?: number;
}

/** How large a table is. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly parts: readonly Part[];
}

export const ROWS = 'rows';
export const LARGE_TEXTS = 'large texts';
/** Of a file that grows by steps. */
export const UNUSED = 'not used yet';

export const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);

/** All of a table, in bytes. */
export const bytesOf = ({ parts }: TableSize) => sum(parts.map(({ bytes }) => bytes));

/** The pages of a B-tree. */
export interface Pages {
  readonly leaves: number;
  readonly all: number;
  /** How many a look-up reads. */
  readonly depth: number;
}

/** The levels above a B-tree's leaves: each page has `fanout` pages below it. */
export function pagesAbove(leaves: number, fanout: number): Pages {
  let all = leaves;
  let depth = 1;
  for (let level = leaves; level > 1; depth++) {
    level = Math.ceil(level / fanout);
    all += level;
  }
  return { leaves, all, depth };
}
