// The pages about production name codes of errors and of the doctor that are there.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const DOCS = resolve(import.meta.dirname, '../../../docs');
const read = (page: string) => readFileSync(join(DOCS, page), 'utf8');

const errorCodes = Array.from(read('errors.md').matchAll(/^\| `([A-Z_]+)`/gm), ([, code = '']) => code);

/** The codes of the doctor that are there for an engine, whose letter is S, P or M. */
function findingCodes(letter: string): string[] {
  const rows = read('doctor.md').matchAll(/^\| `([A-Z_]+)` +\| ([SPM ]+) \|/gm);
  return Array.from(rows).flatMap(([, code = '', letters = '']) => (letters.includes(letter) ? [code] : []));
}

const codesIn = (text: string) =>
  Array.from(text.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g), ([, code = '']) => code);

test.each([
  ['production-postgresql.md', 'P'],
  ['production-mysql.md', 'M'],
  ['production-sqlite.md', 'S'],
])('%s', (page, letter) => {
  const rows = read(page)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const found = rows.flatMap(([, , , codes = '']) => codesIn(codes));
  expect(found.length).toBeGreaterThan(8);
  expect(found.filter((code) => !findingCodes(letter).includes(code))).toEqual([]);
  const errors = rows.flatMap(([, doing = '', otherwise = '']) => codesIn(doing + otherwise));
  expect(errors.length).toBeGreaterThan(4);
  const statements = /^(SELECT|INSERT|UPDATE|DELETE|USAGE|VACUUM)$/;
  expect(errors.filter((code) => !errorCodes.includes(code) && !statements.test(code))).toEqual([]);
  for (const [, doing = '', otherwise = ''] of rows) expect(doing && otherwise).not.toBe('');
});
