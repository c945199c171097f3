// What authors of backends use besides what applications do: the port, and what all backends have in common.
export { checkSessionId, MAX_SESSION_ID_LENGTH } from './ids/session-id.js';
export type { EncryptionSettings } from './items/encryption/encryption-options.js';
export { decodeItem, encodeItems, type ItemCodec } from './items/item-codec.js';
export { type Awaitable, whenReady } from './port/awaitable.js';
export type {
  AppendBatch,
  AppendOutcome,
  Decide,
  HistoryPatch,
  HistoryQuery,
  Operation,
  SessionBackend,
  SessionEngine,
  SessionSupport,
  StoredRow,
  TimedRow,
} from './port/backend.js';
export {
  type CallLimits,
  hasConnection,
  refuseWhenEnded,
  waitsForConnection,
} from './port/call-limits.js';
export { CallOrder } from './port/call-order.js';
export { inTurn } from './port/connection-turns.js';
export {
  beforeNewest,
  behindPrefix,
  type ConversationCopy,
  type ConversationFilter,
  type ConversationPosition,
  type ConversationQuery,
  type ConversationVerbs,
  type CopyOutcome,
  changesIn,
  type DecideDescription,
  erasuresMissing,
  type Forgetting,
  inByteOrder,
  metadataMissing,
  type Removal,
  type RemovalStep,
  type RemovedRows,
  type SessionChanges,
  type StoredConversation,
  sessionErased,
} from './port/conversations.js';
export { decidePatch, outcomeOf } from './port/decisions.js';
export { digestOf } from './port/digest.js';
export { handedOver, isLoaderError, loadFailure, requireNode } from './port/driver.js';
export { type DriverError, driverErrorOf } from './port/driver-error.js';
export type { SessionErrorDetails } from './port/errors.js';
export {
  checkArgument,
  checkOptions,
  checkTarget,
  isBoolean,
  isOneOf,
  isOptionsObject,
  isWholeNumber,
  type OptionCheck,
  readArgument,
} from './port/options.js';
export { endIdleOfOthers, type IdleEnding } from './port/reloaded-pools.js';
export { RETRY_OPTION_CHECKS, retry, retryUntilBegun } from './port/retry.js';
export { rowNumber } from './port/row-number.js';
export {
  type NewRun,
  RUN_COLUMNS,
  type RunBefore,
  type RunCreation,
  type RunEnd,
  type RunEntry,
  type RunHold,
  type RunName,
  type RunQuery,
  type RunSettlement,
  type RunState,
  type RunVerbs,
  runsMissing,
  type StoredRun,
} from './port/runs.js';
export { checkSchemaVersion, tablesOutdated } from './port/schema-version.js';
export { type ListedServer, ServerList } from './port/server-list.js';
export { derivedName, isTableNames, schemaNames, tableNames } from './port/table-names.js';
export { DEFAULT_TIMEOUT, TIME_LIMIT_OPTION_CHECKS, withTimeLimit } from './port/time-limit.js';
export { afterTick, delay, now, startTimer, type Timer } from './port/timers.js';
export { isText, isTls, readPemFiles, type TlsOptions } from './port/tls.js';
export {
  parseStoreUrl,
  STORE_SCHEMES,
  StoreUrl,
  type StoreUrlScheme,
  serverName,
  type UrlServer,
} from './port/url.js';
export {
  aliasOf,
  type HonouredParameter,
  onlyParameter,
  type ParameterAlias,
  type RefusedParameter,
  readUrlParameters,
  refusedParameter,
  SERVER_PARAMETERS,
  type ServerAddress,
  secondsParameter,
  serverAddresses,
  textParameter,
  type UrlParameters,
  type UrlParameterValues,
  wholeNumberParameter,
  wordParameter,
} from './port/url-parameters.js';
export {
  DAY,
  type StoredUsage,
  USAGE_COLUMNS,
  USAGE_COUNTS,
  type UsageBatch,
  type UsageGroup,
  type UsageQuery,
  type UsageRow,
  type UsageVerbs,
  usageMissing,
} from './port/usage.js';
export type { WarningReporter } from './port/warnings.js';
export {
  type KeptConversation,
  type KeptConversations,
  type KeptRow,
  keptConversations,
  type RecordedOperation,
  type RecordedUsage,
  type RestoreOutcome,
  type StoredDescription,
  type WholeConversation,
} from './port/whole-conversations.js';
export type { RunRecord } from './runs/run-records.js';
export type { PreparedCall, SessionHost, SessionOperation } from './session/session-host.js';
export type { TenantOf } from './session/session-options.js';
export { STORE_OPTION_CHECKS } from './store/options.js';
export type { ScopedStoreParent } from './store/scoped-store.js';
export { hostOf } from './store/store.js';
