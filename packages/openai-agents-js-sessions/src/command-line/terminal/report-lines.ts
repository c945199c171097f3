import truncatedWidth from 'fast-string-truncated-width';
import { wrapped } from './wrapped.js';

/**
 * A report in lines that a terminal has room for: lines are broken, and a table that is too wide has the cells of each row under each
 * other.
 *
 * @param report - Paragraphs with a blank line between them; the rows of a table are lines of one, with `|` or two spaces between cells.
 */
export function reportLines(report: string, columns: number): string {
  const fitting = report
    .trimEnd()
    .split('\n\n')
    .map((paragraph) => {
      const lines = paragraph.split('\n');
      const isTooWide = lines.some((line) => truncatedWidth(line).width > columns);
      const rows = lines.map(cellsOf);
      const shown = isTooWide && rows.every(({ length }) => length > 1) ? rowsAsBlocks(rows) : lines;
      return shown.flatMap((line) => wrapped(line, columns)).join('\n');
    })
    .join('\n\n');
  return `${fitting}\n`;
}

function cellsOf(line: string): string[] {
  const isMarkdown = line.startsWith('|');
  return isMarkdown
    ? line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    : line.trim().split(/ {2,}/);
}

function rowsAsBlocks([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const width = Math.max(...head.map((name) => name.length));
  return rows
    .filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)))
    .flatMap((row) => ['', ...row.map((cell, index) => `${(head[index] ?? '').padEnd(width)}  ${cell}`)])
    .slice(1);
}
