import { isTableNames, type OptionCheck } from '@stackone/sessions-core/backend';

/** Checks the name of a schema: PostgreSQL would cut a longer one. */
export const isSchemaName: OptionCheck = (value) =>
  isTableNames({ sessions: value }) === undefined ? undefined : 'a name of 1 to 63 bytes, without NUL';
