import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseStoreUrl } from '../../src/backend.js';
import { SessionError } from '../../src/index.js';

/** URL, then kind, user, password, host, port, database. */
type Text = string | undefined;

const SERVERS: readonly (readonly [string, string, Text, Text, Text, number | undefined, Text])[] = [
  ['postgres://u:p@h:5432/db', 'postgres', 'u', 'p', 'h', 5432, 'db'],
  ['postgresql://h/db', 'postgres', undefined, undefined, 'h', undefined, 'db'],
  ['mysql://u@h', 'mysql', 'u', undefined, 'h', undefined, undefined],
  ['mariadb://u:@h/', 'mysql', 'u', '', 'h', undefined, undefined],
  ['MySQL://u:p@h/db', 'mysql', 'u', 'p', 'h', undefined, 'db'],
  ['postgres://u:p@[::1]:5432/db', 'postgres', 'u', 'p', '::1', 5432, 'db'],
  ['postgres://us%40er:p%40ss%2Fw%23%3A%25@h/d%20b', 'postgres', 'us@er', 'p@ss/w#:%', 'h', undefined, 'd b'],
  ['postgres://u:p@ss/w#rd:x%@h:1/db', 'postgres', 'u', 'p@ss/w#rd:x%', 'h', 1, 'db'],
  ['postgres://u:a?b@h/db', 'postgres', 'u', 'a?b', 'h', undefined, 'db'],
  ['postgres://u:p@h/db?application_name=me@here', 'postgres', 'u', 'p', 'h', undefined, 'db'],
  ['postgres://h/db?application_name=me@here', 'postgres', undefined, undefined, 'h', undefined, 'db'],
  ['postgres:///db?host=/var/run', 'postgres', undefined, undefined, '', undefined, 'db'],
  ['postgres://u@%2Fvar%2Frun:1/db', 'postgres', 'u', undefined, '/var/run', 1, 'db'],
];

test.each(SERVERS)('%s', (url, scheme, user, password, host, port, database) => {
  const parsed = parseStoreUrl(url);
  expect([parsed.scheme, parsed.user, parsed.password, parsed.host, parsed.port, parsed.database]).toEqual([
    scheme,
    user,
    password,
    host,
    port,
    database,
  ]);
  expect(parsed.href).toBe(url);
});

test('the query is decoded', () => {
  expect(
    parseStoreUrl('postgres://h/db?sslmode=require&application_name=a%20b').query.get('application_name'),
  ).toBe('a b');
});

test.each(['memory:', 'sqlite::memory:', 'sqlite:./a.db', 'file:///a.db'])(
  '%s names an embedded store',
  (url) => {
    expect(['memory', 'sqlite']).toContain(parseStoreUrl(url).scheme);
    expect(String(parseStoreUrl(url))).toBe(url);
  },
);

test('the query of an embedded store is no part of what is printed', () => {
  const parsed = parseStoreUrl('sqlite:./a.db?authToken=canary');
  expect(parsed.query.get('authToken')).toBe('canary');
  expect(String(parsed)).toBe('sqlite:./a.db');
});

function refusal(url: unknown, wanted?: 'postgres' | 'sqlite'): unknown {
  try {
    return parseStoreUrl(url as string, wanted);
  } catch (error) {
    return error;
  }
}

test.each<
  [url: string, servers: readonly (readonly [host: string, port: number | undefined])[], text: string]
>([
  ['postgres://u:p@a:1/db', [['a', 1]], 'postgres://a:1/db'],
  [
    'postgres://u:p@a,b/db',
    [
      ['a', undefined],
      ['b', undefined],
    ],
    'postgres://a,b/db',
  ],
  [
    'postgresql://u:p@a:1,b:2/db?sslmode=require',
    [
      ['a', 1],
      ['b', 2],
    ],
    'postgres://a:1,b:2/db',
  ],
  [
    'mysql://u:p@a,b:3307,c/db',
    [
      ['a', undefined],
      ['b', 3307],
      ['c', undefined],
    ],
    'mysql://a,b:3307,c/db',
  ],
  [
    'mariadb://u:p@[::1]:1,[2001:db8::1],10.0.0.1',
    [
      ['::1', 1],
      ['2001:db8::1', undefined],
      ['10.0.0.1', undefined],
    ],
    'mysql://[::1]:1,[2001:db8::1],10.0.0.1/',
  ],
  [
    'postgres://u:p,w@x@a:1,b/db',
    [
      ['a', 1],
      ['b', undefined],
    ],
    'postgres://a:1,b/db',
  ],
  ['postgres://%2Fvar%2Frun:1/db', [['/var/run', 1]], 'postgres:///var/run:1/db'],
  ['sqlite:a.db', [], 'sqlite:a.db'],
])('%s: all servers, in their order, are read and printed, and no secret', (url, servers, text) => {
  const parsed = parseStoreUrl(url);
  expect(parsed.servers).toEqual(servers.map(([host, port]) => ({ host, port })));
  expect([parsed.host, parsed.port]).toEqual(servers[0] ?? ['', undefined]);
  for (const shown of [String(parsed), parsed.toJSON()]) expect(shown).toBe(text);
});

test.each([
  'postgres://u:hunter2@a:0,b/db',
  'postgres://u:hunter2@a,b:65536/db',
  'mysql://u:hunter2@a,b:x/db',
])('%s has a port that is none', (url) => {
  expect(refusal(url)).toMatchObject({ code: 'UNSUPPORTED_URL' });
  expect(inspect(refusal(url), { depth: 9 })).not.toContain('hunter2');
});

test.each(['./dev.db', 'dev.db', '/var/lib/app/dev.sqlite', '../a b/dev.sqlite3', 'C:\\data\\dev.db'])(
  '%s: did you mean the file?',
  (path) => {
    for (const wanted of [undefined, 'sqlite'] as const)
      expect(refusal(path, wanted)).toMatchObject({
        code: 'UNSUPPORTED_URL',
        message: expect.stringContaining(`Did you mean sqlite:${path}?`),
      });
    expect(refusal(path, 'postgres')).toMatchObject({ message: expect.not.stringContaining(path) });
  },
);

test.each(['me:hunter2@h/dev.db', 'hunter2', './dev.db?key=hunter2', 'hunter2%40.db'])(
  '%s may be a secret: no hint repeats it',
  (url) => {
    expect(inspect(refusal(url), { depth: 9 })).not.toContain('hunter2');
  },
);

test('an absent URL is a TypeError that says where to look, and so is any other value', () => {
  expect(refusal(undefined)).toBeInstanceOf(TypeError);
  expect(String(refusal(undefined))).toContain('environment variable');
  for (const value of [null, 1, Symbol('canary'), ['canary'], { url: 'canary' }, () => 'canary']) {
    expect(refusal(value)).toBeInstanceOf(TypeError);
    expect(String(refusal(value))).not.toContain('canary');
  }
});

test('memory: has no name', () => {
  expect(refusal('memory:canary')).toMatchObject({ code: 'UNSUPPORTED_URL' });
  expect(String(refusal('memory:canary'))).not.toContain('canary');
});

describe('secrets', () => {
  const url = 'postgres://canary-user:canary-password@db.example.com:5432/chats?password=canary-query';

  test('no way of printing a URL shows them', () => {
    const parsed = parseStoreUrl(url);
    for (const text of [
      `${parsed}`,
      JSON.stringify({ parsed }),
      inspect(parsed, { depth: 9, showHidden: true }),
    ]) {
      expect(text).toContain('postgres://db.example.com:5432/chats');
      expect(text).not.toContain('canary');
    }
  });

  test.each([
    'mssql://sa:hunter2@h/db',
    'hunter2',
    'postgres:hunter2',
    'postgres://u:hunter2@h:x/db',
    'mysql://u:hunter2@a b c/d/e/f',
  ])('the error for %s names the schemes or the form, never the URL', (bad) => {
    let error: unknown;
    try {
      parseStoreUrl(bad);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
    expect((error as Error).message).toMatch(/postgres:|\/\/user:password@host/);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });
});
