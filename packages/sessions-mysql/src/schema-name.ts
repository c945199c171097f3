import type { OptionCheck } from '@stackone/sessions-core/backend';

/** Checks the name of a database. */
export const isSchemaName: OptionCheck = (value) =>
  typeof value === 'string' && /^[^\0]{1,64}$/u.test(value)
    ? undefined
    : 'a name of 1 to 64 characters, without NUL';
