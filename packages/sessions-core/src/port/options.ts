/** Checks one option: returns what it must be, as the end of a sentence, or nothing if it is right. */
export type OptionCheck = (value: unknown) => string | undefined;

/**
 * Checks the options that a factory was given, so that a misspelt one is not silently without effect.
 *
 * @param owner - Who takes the options, for the message.
 * @param options - What the caller passed. `undefined` values count as absent.
 * @param checks - The known options, each with its check.
 * @throws TypeError that names the option, never its value. An unknown name is not repeated: a text in the wrong place
 * may be a secret.
 * @example
 * ```ts
 * checkOptions('MyStore', options, { ...STORE_OPTION_CHECKS, poolSize: isWholeNumber(1) });
 * ```
 */
export function checkOptions(
  owner: string,
  options: unknown,
  checks: Readonly<Record<string, OptionCheck>>,
): void {
  if (!isOptionsObject(options)) throw new TypeError(`${owner}: options must be an object.`);
  const entries = readArgument(`${owner}: options must be an object that can be read.`, () =>
    Object.entries(options),
  );
  for (const [name, value] of entries) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check) throw new TypeError(`${owner}: unknown option. Known: ${Object.keys(checks).join(', ')}.`);
    const problem = value === undefined ? undefined : problemOf(value, check);
    if (problem) throw new TypeError(`${owner}: option "${name}" must be ${problem}.`);
  }
}

/**
 * What `reading` gives of arguments.
 *
 * @throws TypeError that says the problem, where an accessor or a Proxy of the caller throws: that may say anything, and is not repeated.
 * @example
 * ```ts
 * const { execute } = readArgument('MyStore: this is not a transaction.', () => ({ execute: transaction.execute }));
 * ```
 */
export function readArgument<T>(problem: string, reading: () => T): T {
  try {
    return reading();
  } catch {
    throw new TypeError(problem);
  }
}

/**
 * Checks an argument that may be anything.
 *
 * @throws TypeError that says the problem, where the check fails, or throws as {@link readArgument} says.
 * @example
 * ```ts
 * checkArgument('MyStore: this is not a pool.', () => typeof pool.connect === 'function');
 * ```
 */
export function checkArgument(problem: string, isRight: () => boolean): void {
  if (!readArgument(problem, isRight)) throw new TypeError(problem);
}

function problemOf(value: unknown, check: OptionCheck): string | undefined {
  try {
    return check(value);
  } catch {
    return 'something that can be read';
  }
}

/**
 * Whether a value is an object that may hold options. A list, a Map or a promise has none of ours, and would pass as if
 * none were given.
 *
 * @example
 * ```ts
 * isOptionsObject([]); // false
 * ```
 */
export function isOptionsObject(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    return /^\[object (?:Object|Module)\]$/.test(Object.prototype.toString.call(value));
  } catch {
    return false; // a Proxy that is revoked, or that throws
  }
}

/**
 * Whether a value is an array that is as long as it says. A Proxy may say any length, and who goes through it does not come back.
 */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value) && value.length < Reflect.ownKeys(value).length;
  } catch {
    return false; // a Proxy that is revoked, or that throws
  }
}

/**
 * Checks what says where the conversations of a store are: an object with one of the given keys and no other.
 *
 * @param owner - Who takes it, for the message.
 * @param target - What the caller passed.
 * @param keys - The keys that it may have.
 * @returns The key that it has.
 * @throws TypeError that names the keys, never what was passed.
 * @example
 * ```ts
 * checkTarget('MyStore', { url: 'mine:a' }, ['url', 'pool']); // 'url'
 * ```
 */
export function checkTarget<const Key extends string>(
  owner: string,
  target: unknown,
  keys: readonly Key[],
): Key {
  const given = typeof target === 'object' && target !== null ? Object.keys(target) : [];
  const [key] = given;
  const found = keys.find((one) => one === key);
  if (found !== undefined && given.length === 1) return found;
  const forms = keys.map((one) => `{ ${one} }`).join(' or ');
  const hint = typeof target === 'string' ? ' A URL goes into it as { url }.' : '';
  throw new TypeError(`${owner}: the first argument must be ${forms}, and nothing else.${hint}`);
}

/** `true` or `false`. */
export const isBoolean: OptionCheck = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

/**
 * A whole number of `least` or more; for times in ms and for counts.
 *
 * @example
 * ```ts
 * const checks = { timeout: isWholeNumber(0) };
 * ```
 */
export const isWholeNumber =
  (least: number): OptionCheck =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least
      ? undefined
      : `a whole number of at least ${least}`;

/** Text with more in it than blanks. */
export const isFilledText: OptionCheck = (value) =>
  typeof value === 'string' && value.trim() !== '' ? undefined : 'a text that is not blank';

/** What ends a call early. */
export const isSignal: OptionCheck = (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal');

/** A number of days that is not zero; `Infinity` for ever. */
export const isDays: OptionCheck = (value) =>
  typeof value === 'number' && value > 0 ? undefined : 'a number of days above 0';

/**
 * One of the given words.
 *
 * @example
 * ```ts
 * const checks = { mode: isOneOf('fast', 'safe') };
 * ```
 */
export const isOneOf =
  (...values: readonly (string | boolean)[]): OptionCheck =>
  (value) =>
    values.includes(value as string | boolean)
      ? undefined
      : `one of ${values.map((one) => (typeof one === 'string' ? `'${one}'` : one)).join(', ')}`;
