import fc from 'fast-check';
import { hostileText, longText } from './texts.ts';

/** A value to be handed to a store, made anew for each call, and what has to become of it. */
export interface Hostile {
  /** What it is, for the report of a fault. */
  readonly says: string;
  make(): unknown;
  /**
   * What is to be read back, where it has to be accepted; `refused` where it has to be refused. With `either` both are right, and
   * what is read back has to be what `meaning` says.
   */
  readonly fate: 'kept' | 'refused' | 'either';
  readonly meaning?: () => unknown;
  /** What a history transaction takes it for, as the SDK's MemorySession does, where all else has to refuse it. */
  readonly plain?: (() => unknown) | undefined;
}

const say = (value: unknown) => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
};

/** Prints itself as what it is, in the report of a fault. */
export function hostile(fields: Hostile): Hostile {
  return { ...fields, ...{ [fc.toStringMethod]: () => fields.says } };
}

const kept = (says: string, make: () => unknown, meaning = make) =>
  hostile({ says, make, fate: 'kept', meaning });
const refused = (says: string, make: () => unknown, plain?: () => unknown) =>
  hostile({ says, make, fate: 'refused', plain });
const either = (says: string, make: () => unknown, meaning: () => unknown) =>
  hostile({ says, make, fate: 'either', meaning });

class Point {
  x = 1;
}
class List extends Array<unknown> {}
class Table extends Map<unknown, unknown> {}
class Moment extends Date {}
class Bytes extends Uint8Array {}

/** What accessors and Proxies throw: it must not be seen in any error. */
export const THROWN = 'canary of an accessor';
const fail = () => {
  throw new Error(THROWN);
};

function cycle(object: Record<string, unknown> | unknown[]): object {
  if (Array.isArray(object)) object.push(object);
  else object.self = object;
  return object;
}

function nested(levels: number, open: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = open(value);
  return value;
}

function revoked(object: object): unknown {
  const { proxy, revoke } = Proxy.revocable(object, {});
  revoke();
  return proxy;
}

/** Says another thing each time it is asked. */
function changing(answers: readonly unknown[]): object {
  let asked = 0;
  return Object.defineProperty({}, 'x', {
    enumerable: true,
    get: () => answers[Math.min(asked++, answers.length - 1)],
  });
}

const own = (key: string, value: unknown) =>
  Object.defineProperty({}, key, { value, enumerable: true, writable: true, configurable: true });

/** What JSON says as it is. */
const PLAIN: fc.Arbitrary<Hostile> = fc.oneof(
  longText.map((text) => kept(say(text), () => text)),
  fc
    .oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    )
    .map((number) => kept(String(number), () => number)),
  fc.constantFrom(true, false, null).map((value) => kept(String(value), () => value)),
  fc.constantFrom(
    kept(
      'an object without a prototype',
      () => Object.assign(Object.create(null), { a: 1 }),
      () => ({ a: 1 }),
    ),
    kept(
      'a Proxy of an object',
      () => new Proxy({ a: 1 }, {}),
      () => ({ a: 1 }),
    ),
    kept(
      'a Proxy of an array',
      () => new Proxy([1], {}),
      () => [1],
    ),
    kept(
      'an accessor',
      () => Object.defineProperty({}, 'x', { enumerable: true, get: () => 1 }),
      () => ({ x: 1 }),
    ),
    kept('__proto__ with fields', () => own('__proto__', { polluted: 'yes' })),
    kept('constructor with a prototype', () => ({ constructor: { prototype: { polluted: 'yes' } } })),
    kept('toJSON that is a text', () => ({ toJSON: 'x' })),
    kept('then that is a text', () => own('then', 'x')),
    kept('what cannot be a text', () => ({ toString: 1, valueOf: 1 })),
    kept('one object twice', () => {
      const object = { a: 1 };
      return [object, object];
    }),
    kept('400 levels of objects', () => nested(400, (a) => ({ a }))),
    kept('400 levels of arrays', () => nested(400, (a) => [a])),
    kept('an escape of ours', () => ({ $sessions: ['Date', 0] })),
    kept('an escape within an escape', () => ({ $sessions: ['Object', { $sessions: ['undefined'] }] })),
    kept('what looks encrypted', () => ({ __enc__: 1, v: 1, kid: 'hkdf-v1', payload: 'gAAAAA' })),
  ),
);

/** What an item keeps besides, and JSON does not say. */
const BEYOND_JSON: readonly Hostile[] = [
  kept('NaN', () => Number.NaN),
  kept('Infinity', () => Number.POSITIVE_INFINITY),
  kept('-Infinity', () => Number.NEGATIVE_INFINITY),
  kept('-0', () => -0),
  kept('undefined', () => undefined),
  kept('a BigInt', () => -(2n ** 70n)),
  kept('a Date', () => new Date(0)),
  kept('an invalid Date', () => new Date(Number.NaN)),
  kept('bytes', () => new Uint8Array([0, 255])),
  kept(
    'a Buffer',
    () => Buffer.from([1]),
    () => new Uint8Array([1]),
  ),
  kept('a Map', () => new Map<unknown, unknown>([['__proto__', { a: [undefined] }]])),
  kept('a Set', () => new Set([Number.NaN, null])),
];

/** What would not come back as it was. */
const LOST: readonly Hostile[] = [
  refused('a function', () => () => 1),
  refused('a class', () => Point),
  refused('a symbol', () => Symbol('s')),
  refused('an instance of a class', () => new Point()),
  refused('an error', () => new Error('x')),
  refused('a promise', () => Promise.resolve(1)),
  refused('a regular expression', () => /x/),
  refused('a boxed text', () => Object('x')),
  refused('a WeakMap', () => new WeakMap()),
  refused('an array with holes', () => new Array(3)),
  refused('an array with a field', () => Object.assign([1], { x: 1 })),
  refused(
    'an array of another class',
    () => List.from([1]),
    () => [1],
  ),
  refused(
    'bytes of another class',
    () => new Bytes(1),
    () => new Uint8Array(1),
  ),
  refused('a Map of another class', () => new Table()),
  refused('a Date of another class', () => new Moment(0)),
  refused('other numbers', () => new Float64Array(1)),
  refused('a Map with a field', () => Object.assign(new Map(), { x: 1 })),
  refused('bytes with a field', () => Object.assign(new Uint8Array(1), { x: 1 })),
  refused('a hidden field', () => Object.defineProperty({ a: 1 }, 'x', { value: 1 })),
  refused('a hidden toJSON', () => Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 2 })),
  refused('an own toJSON', () => ({ toJSON: () => 2 })),
  refused('an inherited toJSON', () => Object.create({ toJSON: () => 2 })),
  refused('an inherited field', () => Object.create({ a: 1 })),
  refused('a symbol as key', () => ({ [Symbol('s')]: 1 })),
  refused('a cycle of an object', () => cycle({})),
  refused('a cycle of an array', () => cycle([])),
  refused('a Map in itself', () => {
    const map = new Map<unknown, unknown>();
    return map.set('self', { map });
  }),
  refused('600 levels', () => nested(600, (a) => [a])),
  refused('100,000 levels', () => nested(100_000, (a) => ({ a }))),
  refused('an accessor that throws', () => Object.defineProperty({}, 'x', { enumerable: true, get: fail })),
  refused('a Proxy that throws when read', () => new Proxy({ x: 1 }, { get: fail })),
  refused('a Proxy that throws its keys', () => new Proxy({ x: 1 }, { ownKeys: fail })),
  refused(
    'a Proxy that throws its descriptors',
    () => new Proxy({ x: 1 }, { getOwnPropertyDescriptor: fail }),
  ),
  refused('a Proxy that throws its class', () => new Proxy({ x: 1 }, { getPrototypeOf: fail })),
  refused('a Proxy of an array that throws', () => new Proxy([1], { get: fail })),
  refused('a Proxy of a Map', () => new Proxy(new Map(), {})),
  refused('a Proxy of bytes', () => new Proxy(new Uint8Array(1), {})),
  refused(
    'an array that claims to be longer',
    () => new Proxy([1], { get: (target, key) => (key === 'length' ? 2 ** 40 : Reflect.get(target, key)) }),
  ),
  refused('a Proxy that is revoked', () => revoked({})),
  refused('a Proxy of an array that is revoked', () => revoked([])),
  refused('bytes that went to another thread', () => {
    const bytes = new Uint8Array(1);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    return bytes;
  }),
];

/** What may be kept as it was looked at, or refused: above all what answers otherwise the next time. */
const CHANGING: readonly Hostile[] = [
  either(
    'an accessor that ends in a function',
    () => changing([1, fail]),
    () => ({ x: 1 }),
  ),
  either(
    'an accessor that ends in nothing',
    () => changing([1, undefined]),
    () => ({ x: 1 }),
  ),
  either(
    'an accessor that grows a toJSON',
    () => changing([1, { toJSON: () => 2 }]),
    () => ({ x: 1 }),
  ),
  either(
    'a Proxy that grows a toJSON',
    () => {
      let asked = 0;
      return new Proxy(
        { x: 1 },
        { get: (target, key) => (key === 'toJSON' && asked++ ? () => 2 : Reflect.get(target, key)) },
      );
    },
    () => ({ x: 1 }),
  ),
  either(
    'an accessor that adds a field',
    () => {
      const object: Record<string, unknown> = {};
      return Object.defineProperty(object, 'x', {
        enumerable: true,
        get: () => {
          object.y = fail;
          return 1;
        },
      });
    },
    () => ({ x: 1 }),
  ),
];

function asList(parts: readonly Hostile[]): Hostile {
  return combined('[', parts, ']', (values) => [...values]);
}

function asObject(entries: readonly (readonly [string, Hostile])[]): Hostile {
  const keys = entries.map(([key]) => key);
  // fromEntries defines fields, __proto__ too
  const build = (values: readonly unknown[]) =>
    Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  const said = entries.map(([key, part]) => ({ ...part, says: `${say(key)}: ${part.says}` }));
  return combined('{', said, '}', build);
}

function combined(
  open: string,
  parts: readonly Hostile[],
  close: string,
  build: (values: readonly unknown[]) => unknown,
): Hostile {
  const fates = parts.map(({ fate }) => fate);
  const isPlain = parts.every(({ fate, plain }) => plain ?? fate === 'kept') && fates.includes('refused');
  return hostile({
    says: `${open}${parts.map(({ says }) => says).join(', ')}${close}`,
    make: () => build(parts.map((part) => part.make())),
    fate: fates.includes('refused') ? 'refused' : fates.includes('either') ? 'either' : 'kept',
    meaning: () => build(parts.map((part) => part.meaning?.())),
    plain: isPlain ? () => build(parts.map(({ plain, meaning }) => (plain ?? meaning)?.())) : undefined,
  });
}

/** Values of any kind, of which some are one of these. */
const valuesWith = (more: readonly Hostile[]): fc.Arbitrary<Hostile> =>
  fc.letrec<{ value: Hostile }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      { weight: 3, arbitrary: PLAIN },
      { weight: 3, arbitrary: fc.constantFrom(...more) },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }).map(asList) },
      {
        weight: 1,
        arbitrary: fc
          .uniqueArray(fc.tuple(hostileText, tie('value')), { maxLength: 3, selector: ([key]) => key })
          .map(asObject),
      },
    ),
  })).value;

/** What may be within an item. */
export const itemValue = valuesWith([...BEYOND_JSON, ...LOST, ...CHANGING]);

/** What may be a value of metadata, where only JSON is kept. */
export const jsonValue = valuesWith([
  ...BEYOND_JSON.map(({ says, make }) => refused(says, make)),
  ...LOST,
  ...CHANGING,
]);

/** What may stand in the place of any argument or option. */
export const anyArgument: fc.Arbitrary<Hostile> = fc.oneof(
  itemValue,
  fc.constantFrom(...LOST, ...BEYOND_JSON),
);
