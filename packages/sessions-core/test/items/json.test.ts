import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/items/json.js';

test('keys with escapes are right, whatever was parsed before', () => {
  JSON.parse('{"h":[],"\\\\":0,"a\\\\":0}');
  for (const key of ['"', '\n', '\u0000', '\ud800', '\\', 'a"', 'a\t', 'key0']) {
    const object = { h: 1, [key]: 2 };
    for (const text of [JSON.stringify(object), JSON.stringify(object).replaceAll(':', ' \n:')])
      expect(Object.keys(parseJson(text) as object)).toEqual(['h', key]);
  }
});

test('any JSON is parsed as JSON.parse does', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '\\', '"', ':', '{', '\n', 'key', '_', '0', '😀', '\ud800'),
  });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  fc.assert(
    fc.property(value, fc.boolean(), (original, spaced) => {
      expect(parseJson(JSON.stringify(original, null, spaced ? 1 : 0))).toStrictEqual(original);
    }),
    { numRuns: 2000 },
  );
});

test('strings of millions of escapes are parsed', () => {
  const object = { content: '"'.repeat(6_000_000), '"': '\n'.repeat(6_000_000) };
  expect(parseJson(JSON.stringify(object)) as typeof object).toEqual(object);
  expect(parseJson(JSON.stringify({ content: object.content }))).toEqual({ content: object.content });
});

test('a text that is made for it does not stop the process', () => {
  const text = JSON.stringify({ content: `key${'_'.repeat(1_000_000)}`, '"': 1 });
  expect(JSON.stringify(parseJson(text))).toBe(text);
});

test('what is no JSON is refused, also with escapes in its keys', () => {
  for (const text of [
    '',
    '{',
    '"\\',
    '"\\"',
    '{"\\n":1',
    '{"a":"\\x","\\n":1}',
    '{"\\x":1}',
    '{"\\n":1}}',
    '{"\n":1,"\\n":2}',
  ]) {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  }
});

test('keys written twice, like numbers or as __proto__ behave as in JSON.parse', () => {
  for (const text of ['{"a":1,"\\u0061":2,"b":3}', '{"x":1,"\\u0031":2}', '{"\\u005f_proto__":{"\\n":1}}']) {
    expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
  }
});

test('a long text with many escapes takes linear time', () => {
  const text = JSON.stringify({ content: 'line\n"quoted"\\'.repeat(200_000), '"': 'x\n'.repeat(200_000) });
  expect(JSON.stringify(parseJson(text))).toBe(text);
});
