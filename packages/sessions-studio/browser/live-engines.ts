import { join } from 'node:path';
import type { SessionStore } from '@stackone/sessions-core';
import { MysqlSessionStore } from '@stackone/sessions-mysql';
import { PostgresSessionStore } from '@stackone/sessions-postgres';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test } from 'vitest';

/** So soon a turn of another process is to be seen, in ms. */
const SOON = { 'push or a look at a file': 1000, 'asked for': 2000 } as const;

/** A test on the database of each engine. */
export function onEveryEngine(
  name: string,
  run: (store: SessionStore, url: string, soon: number) => Promise<void>,
): void {
  test(`${name}: SQLite`, async () => {
    const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
    await using store = await SqliteSessionStore.fromUrl(url);
    await run(store, url, SOON['push or a look at a file']);
  });
  describeEngine('postgres', ({ url }) => {
    test(name, async () => {
      await using store = await PostgresSessionStore.fromUrl(url);
      await run(store, url, SOON['push or a look at a file']);
    });
  });
  describeEngine(['mysql', 'mariadb'], ({ url }) => {
    test(name, async () => {
      await using store = await MysqlSessionStore.fromUrl(url);
      await run(store, url, SOON['asked for']);
    });
  });
}
