import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { temporaryFolder } from '@stackone/test-environment';
import { describe, expect, test } from 'vitest';
import { SQLITE_URL_PARAMETERS, SqliteSessionStore } from '../src/index.js';

const folder = temporaryFolder();

test('what asks for what a store does anyway is taken', async () => {
  const file = join(folder, 'taken.db');
  for (const scheme of ['sqlite', 'file', 'sqlite://', 'file://']) {
    const url = `${scheme.includes(':') ? scheme : `${scheme}:`}${file}?mode=rwc&cache=private&connection_limit=1`;
    await using store = await SqliteSessionStore.fromUrl(url);
    await store.session('a').addItems([{ role: 'user', content: 'hello' }]);
  }
  expect(existsSync(file)).toBe(true);
  await using store = await SqliteSessionStore.fromUrl('sqlite::memory:?cache=private');
  expect(store.supports.durable).toBe(false);
});

test('mode=rw opens a file that is there, and makes none', async () => {
  const file = join(folder, 'there.db');
  const url = `sqlite:${file}?mode=rw`;
  await expect(SqliteSessionStore.fromUrl(url)).rejects.toMatchObject({
    code: 'DATABASE_NOT_FOUND',
    message: `${file} does not exist, and the URL says mode=rw.`,
  });
  expect(existsSync(file)).toBe(false);
  await (await SqliteSessionStore.fromUrl(`sqlite:${file}`)).close();
  await (await SqliteSessionStore.fromUrl(url)).close();
});

test('every parameter that SQLite and Prisma document is known', () => {
  const documented =
    'mode cache psow nolock immutable vfs modeof connection_limit socket_timeout max_connection_lifetime ' +
    'max_idle_connection_lifetime';
  expect(documented.split(' ').filter((name) => !Object.hasOwn(SQLITE_URL_PARAMETERS, name))).toEqual([]);
});

describe('refused', () => {
  test.each([
    ...Object.entries(SQLITE_URL_PARAMETERS).flatMap(([name, entry]) =>
      'refused' in entry ? [`${name}=canary`] : [],
    ),
    ...[
      'mode=ro',
      'mode=memory',
      'mode=canary',
      'mode=',
      'cache=shared',
      'cache=canary',
      'connection_limit=0',
    ],
    ...['mode=rw&mode=rwc', '_journal_mode=canary', 'canary!=1', 'b.db'],
  ])('?%s', (query) => {
    for (const location of ['./a.db', ':memory:', '///abs/a.db']) {
      let error: unknown;
      try {
        new SqliteSessionStore({ url: `sqlite:${location}?${query}` });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
    }
  });
});
