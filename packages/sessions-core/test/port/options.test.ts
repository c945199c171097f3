import { expect, test } from 'vitest';
import {
  checkOptions,
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
  [{ creatTables: true }, 'Store: unknown option "creatTables". Known: on, wait, mode, tables.'],
  [{ toString: true }, 'unknown option "toString"'],
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

test('derived names fit into 63 bytes and never meet', () => {
  expect(derivedName('idx_', 'agent_messages', '_session_time')).toBe('idx_agent_messages_session_time');
  const long = 'ä'.repeat(31);
  const names = [long, `${long}x`, `${'ä'.repeat(30)}é`].map((table) =>
    derivedName('idx_', table, '_session_time'),
  );
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  expect(new Set(names).size).toBe(3);
});
