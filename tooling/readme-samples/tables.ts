import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * The rows of a table of a page, without its heading. The comment `<!-- table: NAME -->` stands above it.
 *
 * @param page - From the root of the repository.
 * @throws Error if there is no such table.
 */
export function tableOf(page: string, name: string): string[][] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const [, table] = new RegExp(`<!-- table: ${name} -->\\s+((?:\\|.*\\n)+)`).exec(text) ?? [];
  if (table === undefined) throw new Error(`${page} has no table "${name}".`);
  const [, , ...rows] = table.trim().split('\n');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
