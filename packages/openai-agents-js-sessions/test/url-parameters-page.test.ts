import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { UrlParameters } from '@stackone/sessions-core/backend';
import { MYSQL_URL_PARAMETERS } from '@stackone/sessions-mysql';
import { POSTGRES_URL_PARAMETERS } from '@stackone/sessions-postgres';
import { SQLITE_URL_PARAMETERS } from '@stackone/sessions-sqlite';
import { expect, test } from 'vitest';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/url-parameters.md'), 'utf8');

/** The rows of the table under a heading: name, what the page says of honouring it, and its text. */
function rowsUnder(heading: string): [name: string, honoured: string, text: string][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `(\S+)` +\| (.+?) +\| (.+?) +\|$/gm)].map(
    ([, name = '', honoured = '', text = '']) => [name, honoured, text],
  );
}

test.each<[string, UrlParameters]>([
  ['PostgreSQL', POSTGRES_URL_PARAMETERS],
  ['MySQL and MariaDB', MYSQL_URL_PARAMETERS],
  ['SQLite', SQLITE_URL_PARAMETERS],
])('the table of %s says what its store does', (heading, parameters) => {
  const rows = rowsUnder(heading);
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(parameters).sort());
  for (const [name, honoured, text] of rows) {
    const entry = parameters[name] as UrlParameters[string];
    if ('refused' in entry) {
      expect([name, honoured, `${text}.`]).toEqual([name, 'no', entry.refused]);
      continue;
    }
    expect(honoured, name).not.toBe('no');
    const target = 'alias' in entry ? (parameters[entry.alias] as typeof entry) : entry;
    const read = entry.read ?? target.read;
    // values that the page names in place of "yes" are all that is taken
    const values = [...honoured.matchAll(/`(.+?)`/g)].map(([, value = '']) => value);
    for (const value of values) expect(read?.(value), `${name}=${value}`).toBeDefined();
    if (values.length > 0) expect(read?.('something else'), name).toBeUndefined();
  }
});

test('the page has no other tables', () => {
  expect(page.match(/^\| parameter/gm)).toHaveLength(3);
});
