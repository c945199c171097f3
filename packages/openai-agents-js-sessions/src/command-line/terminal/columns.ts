import truncatedWidth from 'fast-string-truncated-width';

/** Between two columns. */
const GAP = '  ';

const widthOf = (text: string) => truncatedWidth(text).width;

/**
 * Rows under each other, page by page. A terminal that is too narrow gets the last column shortened, and then the one before it,
 * so that no row breaks; one that has no room for all columns gets each cell on a line of its own, whole. Anything else gets all of it.
 */
export class Columns {
  readonly #head: readonly string[];
  readonly #columns: number | undefined;
  #widths: readonly number[];
  #isFirst = true;

  constructor(head: readonly string[], columns: number | undefined) {
    this.#head = head;
    this.#columns = columns;
    this.#widths = head.map(widthOf);
  }

  /** A page; before the first one come the names of the columns. */
  lines(rows: readonly (readonly string[])[]): string[] {
    this.#widths = this.#widths.map((width, index) =>
      Math.max(width, ...rows.map((row) => widthOf(row[index] ?? ''))),
    );
    const widths = fitted(this.#widths, this.#columns);
    if (!widths) return rows.flatMap((row) => this.#block(row));
    const shown = this.#isFirst ? [this.#head, ...rows] : rows;
    this.#isFirst = false;
    return shown.map((row) =>
      row
        .map((text, index) => cell(text, widths[index] ?? 0))
        .join(GAP)
        .trimEnd(),
    );
  }

  /** A row, with each cell under the other. */
  #block(row: readonly string[]): string[] {
    const names = Math.max(...this.#head.map(widthOf));
    const lines = row.map((text, index) => `${cell(this.#head[index] ?? '', names)}${GAP}${text}`.trimEnd());
    return [...lines, ''];
  }
}

/** Of a column, at least. */
const LEAST = 8;

/** Takes from the last columns what does not fit. @returns Nothing where there is no room for all of them. */
function fitted(widths: readonly number[], columns: number | undefined): readonly number[] | undefined {
  if (columns === undefined) return widths;
  const least = widths.map((width) => Math.min(width, LEAST));
  if (least.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) > columns) return undefined;
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - columns;
  return widths
    .toReversed()
    .map((width) => {
      const less = Math.min(Math.max(over, 0), Math.max(width - LEAST, 0));
      over -= less;
      return width - less;
    })
    .toReversed();
}

function cell(text: string, width: number): string {
  const { index, ellipsed, width: shown } = truncatedWidth(text, { limit: width, ellipsis: '…' });
  if (ellipsed) return `${text.slice(0, index)}…${' '.repeat(Math.max(width - shown - 1, 0))}`;
  return text + ' '.repeat(Math.max(width - shown, 0));
}
