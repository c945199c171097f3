/** Checks one option: returns what it must be, as the end of a sentence, or nothing if it is right. */
export type OptionCheck = (value: unknown) => string | undefined;

/**
 * Checks the options that a factory was given, so that a misspelt one is not silently without effect.
 *
 * @param owner - Who takes the options, for the message.
 * @param options - What the caller passed. `undefined` values count as absent.
 * @param checks - The known options, each with its check.
 * @throws TypeError that names the option, never its value.
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
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${owner}: options must be an object.`);
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check)
      throw new TypeError(`${owner}: unknown option "${name}". Known: ${Object.keys(checks).join(', ')}.`);
    const problem = value === undefined ? undefined : check(value);
    if (problem) throw new TypeError(`${owner}: option "${name}" must be ${problem}.`);
  }
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
