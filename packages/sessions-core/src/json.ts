/** From a backslash to the end of its string, and the colon that makes the string a key. */
const REST_OF_STRING = /(?:\\.[^"\\]*)+"\s*(:?)/sy;

/** A whole string, and the colon that makes it a key. */
const STRING = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/gs;

/**
 * `JSON.parse`, with the right keys.
 *
 * V8 from 12.8 on (Node 24 and 26) may take a key that is written with an escape, like `"\""`, for another key
 * ending in a backslash that it has seen before in an object of the same shape
 * (https://github.com/nodejs/node/issues/63785). Such keys are therefore parsed under other names.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJson(text: string): unknown {
  return hasEscapedKey(text) ? parseEscapedKeys(text) : JSON.parse(text);
}

function hasEscapedKey(text: string): boolean {
  let at = text.indexOf('\\');
  while (at >= 0) {
    REST_OF_STRING.lastIndex = at;
    const rest = REST_OF_STRING.exec(text);
    if (!rest) return false; // no JSON: parsing it will say so
    if (rest[1] === ':') return true;
    at = text.indexOf('\\', REST_OF_STRING.lastIndex);
  }
  return false;
}

function parseEscapedKeys(text: string): unknown {
  JSON.parse(text); // what is no JSON must not become some by the replacement
  let mark = 'key';
  while (text.includes(mark)) mark += '_';
  const keys = new Map<string, string>();
  const plain = text.replace(STRING, (whole, string: string, colon: string | undefined) => {
    if (colon === undefined || !string.includes('\\')) return whole;
    const name = `${mark}${keys.size}`;
    keys.set(name, JSON.parse(string) as string);
    return `"${name}"${colon}`;
  });
  return renamed(JSON.parse(plain), keys);
}

function renamed(value: unknown, keys: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => renamed(element, keys));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [keys.get(name) ?? name, renamed(field, keys)]),
  );
}
