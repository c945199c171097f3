import { areBytesAlone } from './bytes.js';

/**
 * Copies a value that is made of plain objects, dense arrays, bytes, texts, numbers, booleans, `null` and
 * `undefined` alone: what the SDK's `MemorySession` (0.20) accepts in a history transaction.
 *
 * @throws TypeError for anything else: other classes, accessors, symbols, holes, cycles, BigInt.
 */
export function plainCopy(value: unknown, above: readonly object[] = []): unknown {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : copyObject(value, above);
    default:
      throw new TypeError(`a ${typeof value}`);
  }
}

function copyObject(object: object, above: readonly object[]): object {
  if (above.includes(object)) throw new TypeError('a cycle');
  if (object instanceof Uint8Array) {
    if (!areBytesAlone(object)) throw new TypeError('bytes with fields');
    return new Uint8Array(object);
  }
  const path = [...above, object];
  const fields = Reflect.ownKeys(object)
    .filter((key) => !(Array.isArray(object) && key === 'length'))
    .map((key): [string, unknown] => [textKey(key), plainCopy(dataOf(object, key), path)]);
  if (Array.isArray(object)) {
    if (fields.length !== object.length || !fields.every(([key], index) => key === String(index))) {
      throw new TypeError('an array with holes or fields');
    }
    return fields.map(([, field]) => field);
  }
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('an instance of a class');
  return Object.fromEntries(fields);
}

function textKey(key: string | symbol): string {
  if (typeof key !== 'string') throw new TypeError('a symbol as key');
  return key;
}

function dataOf(object: object, key: string | symbol): unknown {
  const field = Object.getOwnPropertyDescriptor(object, key);
  if (!field?.enumerable || !('value' in field)) throw new TypeError('an accessor or a hidden field');
  return field.value;
}
