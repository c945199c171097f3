import type { PlantedFault } from './fault.js';

/** A store that writes `expression` instead of `text`. */
function written(fault: string, expression: string, value: string): PlantedFault {
  return {
    fault,
    line: 'const add = () => this.#insert(texts);',
    becomes: `const add = () => this.#insert(texts.map((text, index) => ${expression}));`,
    fails: `${value}: comes back exactly`,
  };
}

/** A store that reads rows with `JSON.parse` and this reviver. */
function revived(fault: string, reviver: string, value: string): PlantedFault {
  return {
    fault,
    line: 'return decodeItem(row.text);',
    becomes: `return JSON.parse(row.text, ${reviver});`,
    fails: `${value}: comes back exactly`,
  };
}

/** A store that takes values for which `is` holds as plain JSON would, in silence. */
function accepted(is: string, value: string): PlantedFault {
  return {
    fault: `${value}: stored as JSON says it`,
    line: 'const texts = encodeItems(items);\n        const add',
    becomes: `const value = items[1]?.providerData?.value?.list?.[0];
        if (${is}) items = JSON.parse(JSON.stringify(items));
        const texts = encodeItems(items);
        const add`,
    fails: `${value} is refused with its path, without its value, and nothing is written`,
  };
}

/** Faults of `toy-store.mjs` that change values. */
export const VALUE_FAULTS: readonly PlantedFault[] = [
  written('an empty text is NULL', `text.replaceAll('""', 'null')`, 'an empty text'),
  written(
    'three bytes a character',
    String.raw`text.replace(/[\u{10000}-\u{10ffff}]/gu, '?')`,
    'emoji and other planes',
  ),
  written('text in Latin-1', `Buffer.from(text, 'latin1').toString('latin1')`, 'every script'),
  written('NUL characters stripped', String.raw`text.replaceAll('\\u0000', '')`, 'a NUL character'),
  written(
    'lone surrogates replaced',
    String.raw`text.replace(/\\ud[89a-f][0-9a-f]{2}/g, '?')`,
    'lone surrogates',
  ),
  written(
    'backslashes taken for escapes',
    String.raw`text.replaceAll('\\\\', '\\')`,
    'quotes and backslashes',
  ),
  written(
    'control characters stripped',
    String.raw`text.replace(/\\u00[01][0-9a-f]/g, '')`,
    'control characters',
  ),
  written('texts trimmed', `text.replaceAll(/" +| +"/g, '"')`, 'spaces at the ends'),
  revived(
    'data URLs taken for bytes',
    `(_, one) => (String(one).startsWith('data:') ? new Uint8Array(2) : one)`,
    'text that looks like binary data',
  ),
  revived(
    'texts taken for dates',
    String.raw`(_, one) => (/^\d{4}-\d\d-\d\dT/.test(one) ? new Date(one) : one)`,
    'text that looks like a date',
  ),
  revived('null taken for absent', '(_, one) => one ?? undefined', 'null'),
  revived(
    'what is empty taken for null',
    `(_, one) => (typeof one === 'object' && Object.keys(one).length === 0 ? null : one)`,
    'empty objects and arrays',
  ),
  revived(
    'keys in alphabetical order',
    '(_, one) => (Object.getPrototypeOf(one) === Object.prototype ? Object.fromEntries(Object.entries(one).sort()) : one)',
    'key order',
  ),
  written(
    'keys that are numbers renamed',
    String.raw`text.replaceAll(/"(\d+)":/g, '"_$1":')`,
    'keys that look like numbers',
  ),
  revived(
    'objects copied by assignment',
    '(_, one) => (Object.getPrototypeOf(one) === Object.prototype ? Object.assign({}, one) : one)',
    'a key __proto__',
  ),
  written(
    'dollars stripped from keys',
    String.raw`text.replaceAll(/"\$([a-z])":/g, '"$1":')`,
    'keys with dots, dollars and emoji',
  ),
  revived(
    'numbers of four bytes',
    `(_, one) => (typeof one === 'number' ? Math.fround(one) : one)`,
    'numbers at the edges',
  ),
  written('nesting cut at 64 levels', String.raw`(/\[{64}/.test(text) ? '{}' : text)`, 'deep nesting'),

  written('A10: plain JSON instead of the codec', 'JSON.stringify(items[index])', 'Uint8Array'),
  written(
    'empty bytes taken for absent',
    `text.replace('["Uint8Array",""]', '["undefined"]')`,
    'an empty Uint8Array',
  ),
  {
    fault: 'the whole buffer under a view',
    line: 'const texts = encodeItems(items);\n        const add',
    becomes: `const whole = (one) =>
          one instanceof Uint8Array
            ? new Uint8Array(one.buffer)
            : Object.getPrototypeOf(one) === Object.prototype
              ? Object.fromEntries(Object.entries(one).map(([key, field]) => [key, whole(field)]))
              : one;
        const texts = encodeItems(items.map(whole));
        const add`,
    fails: 'a part of a larger buffer: comes back exactly',
  },
  written(
    'dates without milliseconds',
    String.raw`text.replace(/\["Date",(\d+)\d{3}\]/, (_, seconds) => '["Date",' + seconds + '000]')`,
    'Date',
  ),
  written('invalid dates as null', `(text.includes('"Date"') ? '{}' : text)`, 'an invalid Date'),
  written(
    'numbers that JSON has not as null',
    String.raw`text.replaceAll(/\{"\$sessions":\["Number","[^"]*"\]\}/g, 'null')`,
    'NaN and the infinities',
  ),
  written('no negative zero', `text.replaceAll('{"$sessions":["Number","-0"]}', '0')`, 'negative zero'),
  written(
    'BigInt as a number',
    String.raw`text.replaceAll(/\{"\$sessions":\["BigInt","(-?\d+)"\]\}/g, '$1')`,
    'BigInt',
  ),
  written('maps as sets', `text.replaceAll('["Map",', '["Set",')`, 'Map'),
  written('sets as arrays', String.raw`text.replace(/\{"\$sessions":\["Set",(\[.*\])\]\}/, '$1')`, 'Set'),
  written(
    'undefined left out',
    `text.replaceAll('"a":{"$sessions":["undefined"]},', '')`,
    'undefined as a value',
  ),
  written(
    'keys of maps not escaped',
    String.raw`text.replace(/(\["Map",\[\[\{"\$sessions")/, (start) => start.replace('$', ''))`,
    'all of them inside each other',
  ),
  {
    fault: 'items of the application taken for escapes',
    line: 'const add = () => this.#insert(texts);',
    becomes: 'const add = () => this.#insert(items.map((item) => JSON.stringify(item)));',
    fails: 'items that look like an escape of the codec come back as themselves',
  },

  accepted("typeof value === 'function'", 'a function'),
  accepted("typeof value === 'symbol'", 'a symbol'),
  {
    fault: 'A12: an error that shows the items',
    line: 'const texts = encodeItems(items);\n        const add',
    becomes: `let texts;
        try {
          texts = encodeItems(items);
        } catch (error) {
          throw Object.assign(error, { items });
        }
        const add`,
    fails: 'an instance of a class is refused with its path, without its value, and nothing is written',
  },
  accepted('value instanceof Map', 'an instance of a class derived from Map'),
  accepted('value instanceof Error', 'an error'),
  accepted('value instanceof RegExp', 'a regular expression'),
  accepted('value instanceof WeakMap', 'a WeakMap'),
  accepted('Array.isArray(value)', 'an array with holes'),
  accepted('value instanceof Number', 'a boxed number'),
  {
    fault: 'cycles left to JSON.stringify',
    line: 'const texts = encodeItems(items);\n        const add',
    becomes: 'JSON.stringify(items);\n        const texts = encodeItems(items);\n        const add',
    fails: 'a cycle is refused with its path, and nothing is written',
  },
  {
    fault: 'what is no item left out',
    line: 'const texts = encodeItems(items);\n        const add',
    becomes:
      "const texts = encodeItems(Array.from(items ?? []).filter((item) => typeof item === 'object'));\n        const add",
    fails: 'items that are not an array of plain objects are refused with a TypeError',
  },
];
