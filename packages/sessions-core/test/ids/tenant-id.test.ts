import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSessionId } from '../../src/backend.js';
import { parseTenantSessionId, tenantSessionId } from '../../src/index.js';

/** What could confuse an encoding: its own separators, marks and digits, escapes of others, characters of two units. */
const part = fc.string({
  unit: fc.constantFrom(
    'a',
    '1',
    '2',
    ':',
    '$tenant:',
    '%3A',
    '%',
    '/',
    '\\',
    ' ',
    '\n',
    '😀',
    'é',
    'e\u0301',
  ),
  minLength: 1,
  maxLength: 6,
});
const tenantPart = part.filter((tenant) => tenant.trim() !== '');

test.each([
  ['acme', 'chat_123', '$tenant:4:acme:chat_123'],
  ['a:b', 'c', '$tenant:3:a:b:c'],
  ['a', 'b:c', '$tenant:1:a:b:c'],
  ['café 😀', '42', '$tenant:6:café 😀:42'],
  [' Acme', '$tenant:1:x:y', '$tenant:5: Acme:$tenant:1:x:y'],
])('the stored id of %j and %j', (tenant, sessionId, storedId) => {
  expect(tenantSessionId(tenant, sessionId)).toBe(storedId);
  expect(parseTenantSessionId(storedId)).toEqual({ tenant, sessionId });
});

test('every tenant and id come back from their stored id, so no two pairs share one', () => {
  fc.assert(
    fc.property(tenantPart, part, (tenant, sessionId) => {
      expect(parseTenantSessionId(tenantSessionId(tenant, sessionId))).toEqual({ tenant, sessionId });
    }),
    { numRuns: 5000 },
  );
});

test('two pairs with the same text in a row have different stored ids', () => {
  const cuts = fc
    .array(tenantPart, { minLength: 3, maxLength: 3 })
    .map(([a, b, c]) => [a, b, c] as [string, string, string]);
  fc.assert(
    fc.property(cuts, fc.constantFrom('', ':', '/'), ([a, b, c], join) => {
      expect(tenantSessionId(a + join + b, c)).not.toBe(tenantSessionId(a, b + join + c));
    }),
    { numRuns: 5000 },
  );
});

test('a session without a tenant can have no id that a tenant has', () => {
  fc.assert(
    fc.property(tenantPart, part, (tenant, sessionId) => {
      expect(() => checkSessionId(tenantSessionId(tenant, sessionId))).toThrow(TypeError);
    }),
  );
  expect(() => checkSessionId('$tenant:')).toThrow(/store\.scoped\(tenant\)/);
  for (const id of ['tenant:4:acme:chat_123', '$tenant', ' $tenant:1:a:b', '$Tenant:1:a:b'])
    checkSessionId(id);
});

test('the inverse knows what is not of its making', () => {
  for (const text of [
    'chat_123',
    '$tenant:',
    '$tenant:4',
    '$tenant:4:acme',
    '$tenant:4:acme:',
    '$tenant:04:acme:x',
    '$tenant:+4:acme:x',
    '$tenant:4 :acme:x',
    '$tenant:3:acme:x',
    '$tenant:0::x',
    '$tenant::acme:x',
    '$tenant:1: :x',
    '$tenant:NaN:acme:x',
    `$tenant:4:acme:${'x'.repeat(300)}`,
  ]) {
    expect(parseTenantSessionId(text), text).toBeUndefined();
  }
});

test('the limit of 255 characters is that of the stored id, in code points', () => {
  const longest = (filler: string) => filler.repeat(255 - '$tenant:4:acme:'.length);
  expect(tenantSessionId('acme', longest('x'))).toHaveLength(255);
  expect(Array.from(tenantSessionId('acme', longest('😀')))).toHaveLength(255);
  expect(() => tenantSessionId('acme', `${longest('x')}y`)).toThrow(
    new TypeError(
      'A stored id must have at most 255 characters; with its tenant, this session id has 256. Use a shorter id or tenant.',
    ),
  );
});

test.each([undefined, null, 7, '', ' ', '\t\u00a0', 'a\0', 'a\ud800', 'x'.repeat(256), ['acme']])(
  'a tenant may not be %j',
  (tenant) => {
    expect(() => tenantSessionId(tenant as string, 'a')).toThrow(TypeError);
  },
);

test.each([undefined, '', 'a\0', '\udc00', 'x'.repeat(256)])('an id of a tenant may not be %j', (id) => {
  expect(() => tenantSessionId('acme', id as string)).toThrow(TypeError);
});
