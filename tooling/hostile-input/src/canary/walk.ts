import { inspect } from 'node:util';

/** What all that may not be shown has in it. */
const CANARY = 'canary-of-';

/** So much of what is printed is looked at for the report. */
const AROUND = 60;

/** What may be shown all the same. */
export interface Shown {
  /** Whether the value of an inherited property may be. */
  exempt?(key: string): boolean;
  /** Canaries that may be. */
  readonly texts?: readonly string[];
}

/** Where in a value there is a canary: in any property, own or inherited, hidden or not, or in what prints it. */
export function canaryIn(
  value: unknown,
  { exempt = () => false, texts = [] }: Shown = {},
): string | undefined {
  const hidden = (text: string) => texts.reduce((left, shown) => left.replaceAll(shown, ''), text);
  return canaryInside(value, exempt, hidden) ?? canaryInPrint(value, hidden);
}

type Hide = (text: string) => string;

function canaryInside(value: unknown, exempt: (key: string) => boolean, hidden: Hide): string | undefined {
  const seen = new Set<unknown>([Object.prototype, Array.prototype, Function.prototype, Error.prototype]);
  const waiting: [path: string, value: unknown][] = [['', value]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [path, one] = next;
    const text =
      typeof one === 'symbol'
        ? String(one.description)
        : one instanceof Uint8Array
          ? Buffer.from(one).toString('latin1')
          : one;
    if (typeof text === 'string' && hidden(text).includes(CANARY)) return `${path}: ${around(hidden(text))}`;
    if (
      (typeof one !== 'object' && typeof one !== 'function') ||
      one === null ||
      one instanceof Uint8Array ||
      seen.has(one)
    )
      continue;
    seen.add(one);
    if (one instanceof Map || one instanceof Set) waiting.push([`${path}.entries`, [...one].flat()]);
    for (
      let holder: object | null = one;
      holder && !(holder !== one && seen.has(holder));
      holder = Object.getPrototypeOf(holder)
    ) {
      for (const key of Reflect.ownKeys(holder)) {
        const name = String(key);
        if (hidden(name).includes(CANARY)) return `${path}.${name}: its name`;
        if (holder !== one && exempt(name)) continue;
        waiting.push([`${path}.${name}`, read(one, key)]);
      }
    }
  }
  return undefined;
}

function read(object: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(object, key);
  } catch {
    return undefined; // of another kind of object, or no more to be had
  }
}

function canaryInPrint(value: unknown, hidden: Hide): string | undefined {
  const prints: Record<string, () => string> = {
    inspect: () => inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    'inspect with accessors': () => inspect(value, { depth: Number.POSITIVE_INFINITY, getters: true }),
    JSON: () => JSON.stringify(value) ?? '',
    text: () => String(value),
  };
  for (const [way, print] of Object.entries(prints)) {
    let text = '';
    try {
      text = hidden(print());
    } catch {
      // JSON of a cycle, a text of an object without one
    }
    if (text.includes(CANARY)) return `${way}: ${around(text)}`;
  }
  return undefined;
}

function around(text: string): string {
  const at = text.indexOf(CANARY);
  return JSON.stringify(text.slice(Math.max(at - AROUND, 0), at + AROUND));
}
