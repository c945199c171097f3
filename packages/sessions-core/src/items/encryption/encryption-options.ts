import { isBoolean, isList, isOptionsObject, isWholeNumber, type OptionCheck } from '../../port/options.js';

/** What encryption needs besides its keys. */
export interface EncryptionSettings {
  /**
   * How long items can be read, in seconds after they were written, as the Python SDK's `ttl`. Older ones, and
   * those that come from more than a minute ahead, are left out when reading and removed when popping. Default:
   * for ever.
   */
  ttlSeconds?: number | undefined;
  /**
   * Whether rows that are not encrypted are read as items. Default `false`. With `true` anybody who can write to the
   * database can put words into a conversation, so set it only until `reencrypt()` has been through a store that was
   * not encrypted before.
   */
  acceptPlaintext?: boolean | undefined;
}

/**
 * How items are encrypted: with one key, or with several while keys are changed. The first one encrypts, and all of
 * them decrypt.
 *
 * A key is 32 random bytes in base64, as `openssl rand -base64 32` makes them. As in the Python SDK any other text is
 * taken for a password, which is only as strong as it is hard to guess.
 */
export type EncryptionOptions = EncryptionSettings &
  ({ key: string; keys?: undefined } | { key?: undefined; keys: readonly [string, ...string[]] });

/** The checks of {@link EncryptionOptions}, field by field. */
export const ENCRYPTION_FIELD_CHECKS: Readonly<Record<keyof EncryptionOptions, OptionCheck>> = {
  key: (value) => (isKey(value) ? undefined : 'a text that is not empty'),
  keys: (value) =>
    isList(value) && value.length > 0 && value.every(isKey) ? undefined : 'a list of texts, none empty',
  ttlSeconds: isWholeNumber(0),
  acceptPlaintext: isBoolean,
};

function isKey(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.isWellFormed();
}

/** The option `encryption` of a store. Never shows a key. */
export const isEncryption: OptionCheck = (value) => {
  if (!isOptionsObject(value)) return 'an object with "key" or "keys"';
  for (const [name, field] of Object.entries(value)) {
    const check = Object.hasOwn(ENCRYPTION_FIELD_CHECKS, name)
      ? ENCRYPTION_FIELD_CHECKS[name as keyof EncryptionOptions]
      : undefined;
    if (!check) return `an object of ${Object.keys(ENCRYPTION_FIELD_CHECKS).join(', ')}, and nothing else`;
    const problem = field === undefined ? undefined : check(field);
    if (problem) return `an object whose "${name}" is ${problem}`;
  }
  const { key, keys } = value as { key?: unknown; keys?: unknown };
  return (key === undefined) === (keys === undefined) ? 'an object with either "key" or "keys"' : undefined;
};
