import { type EncryptionOptions, isEncryption } from '../items/encryption/encryption-options.js';
import { ITEM_FORMATS, type ItemFormat } from '../items/responses-format/codec.js';
import type { OnCorruptItem } from '../items/row-reader.js';
import { BACKLOG_OPTION_CHECKS, type BacklogOptions } from '../port/backlog.js';
import type { GroupCommit } from '../port/group-commit.js';
import { isBoolean, isDays, isOneOf, type OptionCheck } from '../port/options.js';
import { isRetention, type RetentionOptions } from './retention.js';

/** The options of every store. */
export interface StoreOptions extends BacklogOptions {
  /**
   * What a row that is not an item leads to: `skip` it with a warning, or `throw` `CORRUPT_ITEM`. Default `skip`,
   * as the Python SDK does.
   */
  onCorruptItem?: OnCorruptItem | undefined;
  /**
   * The shape in which items are stored. `agents-js`: as they are. `responses`: as the Responses API has them, which is
   * what the Python SDK stores and reads. Rows of both shapes are read whatever is set. Default `agents-js`.
   */
  itemFormat?: ItemFormat | undefined;
  /**
   * Encrypts the items, in the format of the Python SDK's `EncryptedSession`. Ids and times of sessions stay readable.
   */
  encryption?: EncryptionOptions | undefined;
  /**
   * Turns that arrive while a commit is in flight share the next one, which multiplies what a busy store can do; a
   * turn that is alone waits for nothing. `'session'` limits a commit to one conversation, for databases whose commit
   * over several shards is not atomic. Default `true`.
   */
  groupCommit?: GroupCommit | undefined;
  /**
   * Every turn gets an operation id, so that the store itself can repeat it after a lost acknowledgement
   * (`OUTCOME_UNKNOWN`), where `maxRetries` allows: it is stored once. Costs a row more for each turn. Default
   * `false`: the caller is told, and can repeat turns that have an `operationId`.
   */
  exactlyOnce?: boolean | undefined;
  /**
   * How many days operation ids are remembered at least, fractions allowed, `Infinity` for ever. Default 90. After
   * that time a repeated call takes effect again, so it must be longer than a call may be repeated: a run that waits
   * for an approval repeats its write when it is resumed. They also go when the session is cleared.
   */
  operationRetentionDays?: number | undefined;
  /**
   * Removes by itself the conversations, of all tenants, whose last turn is so many days old: see `store.prune`. It looks when the
   * store is opened and then `every` so many ms (default one hour), in one process of all that have the option at a time, and
   * keeps no process alive. Default: nothing is removed.
   */
  retention?: RetentionOptions | undefined;
}

/** The checks of {@link StoreOptions}, for `checkOptions` in a package with options of its own. */
export const STORE_OPTION_CHECKS: Readonly<Record<keyof StoreOptions, OptionCheck>> = {
  onCorruptItem: isOneOf('skip', 'throw'),
  itemFormat: isOneOf(...ITEM_FORMATS),
  encryption: isEncryption,
  groupCommit: isOneOf(true, false, 'session'),
  exactlyOnce: isBoolean,
  operationRetentionDays: isDays,
  retention: isRetention,
  ...BACKLOG_OPTION_CHECKS,
};
