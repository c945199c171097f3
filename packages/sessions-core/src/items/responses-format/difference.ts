import { type Fields, isFields } from './fields.js';

/**
 * How to get from one value to another: all that a row has to carry besides what it says itself. An absent
 * difference means that they are equal, the order of keys included.
 */
export interface Difference {
  /** The other value, where they have nothing in common. Alone. */
  readonly set?: unknown;
  /** The value became the field of this name of an object. */
  readonly wrap?: string;
  /** The value was the only element of an array. */
  readonly only?: true;
  /** What differs inside, by key or index. */
  readonly fields?: Readonly<Record<string, Difference>>;
  /** The keys of the other object in their order, where it is another one. */
  readonly keys?: readonly string[];
}

/** Deeper values are replaced as a whole, so that what is carried is not much deeper than the item itself. */
const MAX_DEPTH = 50;

/** The difference that leads from `base` to `target`, `undefined` if they are equal. */
export function difference(base: unknown, target: unknown, depth = 0): Difference | undefined {
  if (Object.is(base, target)) return undefined;
  if (depth === MAX_DEPTH) return { set: target };
  if (Array.isArray(base) && Array.isArray(target) && base.length === target.length) {
    return between({ ...base }, { ...target }, depth);
  }
  if (!isFields(target)) return { set: target };
  if (isFields(base)) return between(base, target, depth);
  if (Array.isArray(base) && base.length === 1 && isFields(base[0])) {
    return { only: true, ...between(base[0], target, depth) };
  }
  const name = typeof base === 'string' ? Object.keys(target).find((key) => target[key] === base) : undefined;
  return name === undefined
    ? { set: target }
    : { wrap: name, ...between(Object.fromEntries([[name, base]]), target, depth) };
}

function between(base: Fields, target: Fields, depth: number): Difference | undefined {
  const keys = Object.keys(target);
  const fields: [string, Difference][] = [];
  for (const key of keys) {
    const field = Object.hasOwn(base, key)
      ? difference(base[key], target[key], depth + 1)
      : { set: target[key] };
    if (field) fields.push([key, field]);
  }
  const expected = withNewKeys(
    base,
    fields.map(([key]) => key),
  );
  const sameKeys = keys.length === expected.length && keys.every((key, index) => key === expected[index]);
  if (sameKeys && fields.length === 0) return undefined;
  return {
    ...(fields.length > 0 && { fields: Object.fromEntries(fields) }),
    ...(!sameKeys && { keys }),
  };
}

function withNewKeys(base: Fields, changed: readonly string[]): string[] {
  return Object.keys(
    Object.fromEntries([
      ...Object.keys(base).map((key): [string, unknown] => [key, true]),
      ...changed.map((key): [string, unknown] => [key, true]),
    ]),
  );
}

/** Applies a {@link difference}. A value that is not a difference, as another program may have written, changes nothing. */
export function applyDifference(base: unknown, carried: unknown): unknown {
  if (!isFields(carried)) return base;
  if (Object.hasOwn(carried, 'set')) return carried.set;
  const { wrap, only, keys } = carried;
  const from =
    typeof wrap === 'string'
      ? Object.fromEntries([[wrap, base]])
      : only === true && Array.isArray(base)
        ? base[0]
        : base;
  const fields = isFields(carried.fields) ? carried.fields : {};
  if (Array.isArray(from)) {
    return from.map((value: unknown, index) => changed(value, fields, String(index)));
  }
  if (!isFields(from)) return from;
  const order = isTexts(keys) ? keys : withNewKeys(from, Object.keys(fields));
  return Object.fromEntries(
    order.map((key) => [key, changed(Object.hasOwn(from, key) ? from[key] : undefined, fields, key)]),
  );
}

function changed(value: unknown, fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? applyDifference(value, fields[key]) : value;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}
