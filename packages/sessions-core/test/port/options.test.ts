import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  checkOptions,
  checkTarget,
  derivedName,
  isBoolean,
  isOneOf,
  isTableNames,
  isWholeNumber,
} from '../../src/backend.js';

const checks = { on: isBoolean, wait: isWholeNumber(0), mode: isOneOf('a', 'b'), tables: isTableNames };

test.each([{}, { on: true, wait: 0, mode: 'a', tables: { sessions: 's' } }, { on: undefined }])(
  '%j is fine',
  (options) => {
    expect(() => checkOptions('Store', options, checks)).not.toThrow();
  },
);

test.each([
  [{ canaryOn: true }, 'Store: unknown option. Known: on, wait, mode, tables.'],
  [{ toString: true }, 'unknown option. Known'],
  [{ on: 1 }, 'option "on" must be true or false'],
  [{ wait: -1 }, 'at least 0'],
  [{ wait: '5' }, 'at least 0'],
  [{ mode: 'canary' }, "one of 'a', 'b'"],
  [{ tables: { session: 'x' } }, 'no other key'],
  [{ tables: { sessions: '' } }, '1 to 63 bytes'],
  [{ tables: { sessions: 'é'.repeat(32) } }, '1 to 63 bytes'],
  [{ tables: { sessions: 'a\0b' } }, '1 to 63 bytes'],
  [{ tables: { sessions: 'same', messages: 'same' } }, 'two different names'],
  [null, 'options must be an object'],
  ['canary', 'options must be an object'],
  [['canary'], 'options must be an object'],
  [new Map([['mode', 'canary']]), 'options must be an object'],
  [Promise.resolve({ mode: 'canary' }), 'options must be an object'],
  [() => 'canary', 'options must be an object'],
  [new Date(), 'options must be an object'],
])('%j is refused', (options, message) => {
  let error: unknown;
  try {
    checkOptions('Store', options, checks);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).not.toContain('canary');
});

test('options may be an instance of a class, and a module', async () => {
  class Config {
    on = true;
  }
  expect(() => checkOptions('Store', new Config(), checks)).not.toThrow();
  expect(() => checkOptions('Store', new Config(), {})).toThrow(TypeError);
  const module: unknown = await import('data:text/javascript,export const wait = -1' as string);
  expect(() => checkOptions('Store', module, checks)).toThrow('option "wait"');
});

describe('checkTarget', () => {
  const check = (target: unknown) => checkTarget('Store', target, ['url', 'pool']);

  test('tells which key the target has', () => {
    expect(check({ url: 'a' })).toBe('url');
    expect(check({ pool: undefined })).toBe('pool');
  });

  test.each([
    'postgres://me:canary@h/db',
    undefined,
    null,
    7,
    Symbol('canary'),
    () => 'canary',
    ['canary'],
    {},
    { uri: 'canary' },
    { url: 'canary', pool: {} },
    { url: 'canary', max: 5 },
    new URL('postgres://me:canary@h/db'),
  ])('%o is refused, and not repeated', (target) => {
    let error: unknown;
    try {
      check(target);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(
      'Store: the first argument must be { url } or { pool }, and nothing else.',
    );
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
  });

  test('says where a URL goes', () => {
    expect(() => check('postgres://me:canary@h/db')).toThrow('A URL goes into it as { url }.');
  });
});

test('derived names fit into 63 bytes and never meet', () => {
  expect(derivedName('idx_', 'agent_messages', '_session_time')).toBe('idx_agent_messages_session_time');
  const long = 'ä'.repeat(31);
  const names = [long, `${long}x`, `${'ä'.repeat(30)}é`].map((table) =>
    derivedName('idx_', table, '_session_time'),
  );
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  expect(new Set(names).size).toBe(3);
});
