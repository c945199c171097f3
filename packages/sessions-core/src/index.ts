export { atomicCompaction } from './atomic-compaction.js';
export type { Awaitable } from './awaitable.js';
export { whenReady } from './awaitable.js';
export type {
  AppendBatch,
  AppendOutcome,
  Decide,
  HistoryPatch,
  Operation,
  SessionBackend,
  SessionEngine,
  SessionSupport,
  StoredRow,
} from './backend.js';
export { CallOrder } from './call-order.js';
export { digestOf } from './digest.js';
export { driverError, handedOver, isLoaderError, requireNode } from './driver.js';
export { EncryptedSession, type EncryptedSessionOptions } from './encryption/encrypted-session.js';
export type { EncryptionOptions, EncryptionSettings } from './encryption/encryption-options.js';
export type { ReencryptionProgress, ReencryptOptions } from './encryption/reencryption.js';
export {
  isSessionError,
  SESSION_ERROR_CODES,
  SessionError,
  type SessionErrorCode,
  type SessionErrorDetails,
} from './errors.js';
export type { GroupCommit } from './group-commit.js';
export { decodeItem, encodeItems, type ItemCodec } from './item-codec.js';
export { checkOptions, isBoolean, isOneOf, isWholeNumber, type OptionCheck } from './options.js';
export type { ItemFormat } from './responses-format/codec.js';
export { RETRY_OPTION_CHECKS, type RetryOptions, retry } from './retry.js';
export { ScopedStore, type ScopedStoreParent } from './scoped-store.js';
export { type AddItemsOptions, StoreSession } from './session.js';
export type { OnCorruptItem, PreparedCall, SessionHost, SessionOperation } from './session-host.js';
export { checkSessionId, MAX_SESSION_ID_LENGTH } from './session-id.js';
export type { SessionOptions, TenantOf } from './session-options.js';
export {
  OPERATION_CHANNEL,
  type OperationMessage,
  SessionStore,
  STORE_OPTION_CHECKS,
  type StoreOptions,
} from './store.js';
export { derivedName, isTableNames, schemaNames, type TableNames, tableNames } from './table-names.js';
export { parseTenantSessionId, tenantSessionId } from './tenant-id.js';
export { TransactionStore } from './transaction-store.js';
export { parseStoreUrl, STORE_SCHEMES, StoreUrl, type StoreUrlScheme } from './url.js';
export type { SessionWarning, WarningReporter } from './warnings.js';
export type { SessionWindow } from './window.js';
