import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresTarget } from '../src/index.js';
import { sessionTables } from '../src/schema.js';

const dist = (file: string) => new URL(`../dist/${file}`, import.meta.url);

test('A15: loading the package loads neither a driver nor drizzle-orm', () => {
  const load = 'require("@stackone/sessions-postgres"); console.log(Object.keys(require.cache).join("\\n"))';
  const loaded = execFileSync(process.execPath, ['-e', load], { cwd: new URL('..', import.meta.url) });
  expect(loaded.toString()).toContain('sessions-postgres');
  expect(loaded.toString()).not.toMatch(/node_modules\/(pg|drizzle-orm|postgres)\//);
});

test('nor do its modules and types name them', async () => {
  for (const file of ['index.js', 'index.d.ts', 'index.d.cts']) {
    const text = await readFile(dist(file), 'utf8');
    expect(text).not.toMatch(/^(import|export) [^;]*from ["'](pg|drizzle-orm)/m);
    if (file !== 'index.js') expect(text).not.toMatch(/import\(/);
  }
});

test('unknown options, and options that do not belong together, are TypeErrors without I/O', async () => {
  const url = 'postgres://canary:canary@canary.invalid/canary';
  const make = (target: unknown, options: object) => () =>
    new PostgresSessionStore(target as PostgresTarget, options as never);
  for (const [target, options] of [
    [{ url }, { createTable: true }],
    [{ url }, { max: 0 }],
    [{ url }, { connectionTimeout: '10' }],
    [{ url }, { schema: '' }],
    [{ url }, { ssl: { chain: 'x' } }],
    [{ url }, { ssl: 'require' }],
    [{ url }, { tables: { sessions: 'a', messages: 'a' } }],
    [{ pool: { connect() {}, totalCount: 0 } }, { max: 5 }],
    [{ pool: {} }, {}],
    [{ db: {} }, {}],
  ] as const) {
    expect(make(target, options)).toThrow(TypeError);
  }
  expect(make({ url: 'mysql://canary@h/d' }, {})).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_URL' }),
  );
  await expect(PostgresSessionStore.fromUrl(url, { max: 0 })).rejects.toThrow(TypeError);
  const store = new PostgresSessionStore({ url }, { ssl: { ca: 'canary' } });
  expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('canary');
  expect(() => store.with({} as never)).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }));
});

test('the Drizzle tables take other names and a schema', () => {
  const symbols = (table: object) =>
    Object.getOwnPropertySymbols(table).map(
      (symbol) => `${symbol.description}=${Reflect.get(table, symbol)}`,
    );
  const { messages } = sessionTables({ sessions: 's', messages: 'm', schema: 'chats' });
  expect(symbols(messages)).toEqual(expect.arrayContaining(['drizzle:Name=m', 'drizzle:Schema=chats']));
  expect(symbols(sessionTables().operations)).toContain('drizzle:Name=agent_sessions_operations');
});
