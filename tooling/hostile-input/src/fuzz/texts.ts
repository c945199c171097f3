import fc from 'fast-check';

/** What has a meaning somewhere: in SQL, LIKE, JSON, paths, prototypes, our own formats. */
const MEANINGFUL = [
  '',
  ' ',
  "'",
  "''",
  '"',
  '`',
  '\\',
  "\\'",
  ';--',
  "'; DROP TABLE orders; --",
  "' OR '1'='1",
  '" OR ""="',
  "x'; DELETE FROM agent_messages; --",
  '/*',
  '*/',
  '#',
  '%',
  '_',
  '%%',
  '?',
  '$1',
  ':id',
  '{x}',
  '{}',
  '[]',
  'null',
  'NULL',
  '0',
  '-1',
  '1e999',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff',
  '\ufffd',
  '\ufeff',
  '\u200b',
  '\u202e',
  '\u0130',
  'ß',
  'é',
  'e\u0301',
  '😀',
  '\n',
  '\r\n',
  '\t',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'toJSON',
  'then',
  '$sessions',
  '{"$sessions":["undefined"]}',
  '$tenant:',
  '$tenant:1:a:b',
  '$tenant:01:a:b',
  '__enc__',
  'key___',
  '../../etc/passwd',
];

/** Short texts of any UTF-16 units, and those that mean something somewhere, alone and joined. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...MEANINGFUL) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...MEANINGFUL), { maxLength: 4 }).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 5 }),
  },
);

/** Texts as above, and some that are long in a way that may be slow. */
export const longText: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: hostileText },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('key_', '_', '"', '\\', '\\":', '{"a":', '[', '\u0001', '😀', ' :'),
        fc.constantFrom(300, 20_000),
      )
      .map(([unit, times]) => `key${unit.repeat(times)}`),
  },
);

/** Texts that are nearly the same: in case, in spaces, in Unicode form, in wildcards, in length. */
export const nearTexts: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.oneof(
      hostileText,
      fc.constantFrom('Chat_1', 'straße', 'Iı', 'café', 'a'.repeat(255), '😀'.repeat(255)),
    ),
    fc.subarray(
      [
        (text: string) => text.toUpperCase(),
        (text: string) => text.toLowerCase(),
        (text: string) => `${text} `,
        (text: string) => ` ${text}`,
        (text: string) => text.normalize('NFD'),
        (text: string) => text.normalize('NFKC'),
        (text: string) => text.replace(/.$/su, '_'),
        (text: string) => text.replace(/.$/su, '%'),
        (text: string) => text.slice(0, -1),
        (text: string) => `${text}a`,
        (text: string) => `${text}\u200b`,
        (text: string) => `${text}'`,
        (text: string) => `$tenant:${[...text].length}:${text}:${text}`,
      ],
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([text, changes]) => [...new Set([text, ...changes.map((change) => change(text))])]);
