// What applications use. Authors of backends find the rest in '@stackone/sessions-core/backend'.
export {
  Conversations,
  type DeletedSession,
  type SessionDeleteOptions,
  type SessionForkOptions,
  type SessionUpdateOptions,
} from './conversations/conversations.js';
export type { JsonValue, SessionChange } from './conversations/description.js';
export type { SessionFilter, SessionListOptions } from './conversations/list-options.js';
export { type SessionInfo, SessionList, SessionPage } from './conversations/session-page.js';
export { parseTenantSessionId, tenantSessionId } from './ids/tenant-id.js';
export type { EncryptionOptions } from './items/encryption/encryption-options.js';
export type { ItemFormat } from './items/responses-format/codec.js';
export type { OnCorruptItem } from './items/row-reader.js';
export type { SessionSupport } from './port/backend.js';
export type { RemovedRows } from './port/conversations.js';
export {
  isSessionError,
  SESSION_ERROR_CODES,
  SessionError,
  type SessionErrorCode,
} from './port/errors.js';
export type { GroupCommit } from './port/group-commit.js';
export type { RetryOptions } from './port/retry.js';
export type { TableNames } from './port/table-names.js';
export type { TimeLimitOptions } from './port/time-limit.js';
export { parseStoreUrl, StoreUrl } from './port/url.js';
export type { UsageCounts } from './port/usage.js';
export type { SessionWarning } from './port/warnings.js';
export type { AnyAgent } from './runs/agent-view.js';
export { type DurableCall, durableCall } from './runs/durable-call.js';
export type { CallDecision, PendingOptions, RunPage } from './runs/run-decisions.js';
export type { PendingCall, RunDecisionInfo, RunInfo } from './runs/run-info.js';
export type { RunResumeOptions, RunStartOptions, RunWorkOptions } from './runs/run-options.js';
export type { WorkOptions } from './runs/run-worker.js';
export { Runs } from './runs/runs.js';
export { atomicCompaction } from './session/atomic-compaction.js';
export { EncryptedSession, type EncryptedSessionOptions } from './session/encrypted-session.js';
export { type AddItemsOptions, StoreSession, type TenantSession } from './session/session.js';
export type { SessionOptions } from './session/session-options.js';
export { TurnSession } from './session/turn-session.js';
export { UsageSession } from './session/usage-session.js';
export { type CopyStoreOptions, copyStore } from './store/copy-store.js';
export { OPERATION_CHANNEL, type OperationMessage } from './store/diagnostics.js';
export { type ExportOptions, exportSessions } from './store/export-sessions.js';
export type { ImportProgress } from './store/import-progress.js';
export { type ImportOptions, importSessions } from './store/import-sessions.js';
export type { StoreOptions } from './store/options.js';
export type { PruneOptions, PruneProgress } from './store/pruning.js';
export type { ReencryptionProgress, ReencryptOptions } from './store/reencryption.js';
export type { RetentionOptions } from './store/retention.js';
export { ScopedStore } from './store/scoped-store.js';
export { recordDigest, type SessionName, type SessionRecord } from './store/session-record.js';
export { SessionStore } from './store/store.js';
export { StoreTransaction } from './store/store-transaction.js';
export { TransactionStore } from './store/transaction-store.js';
export type {
  HistoryItem,
  HistoryOptions,
  HistoryPage,
  Turn,
  TurnOptions,
  TurnPage,
} from './turns/history-item.js';
export { type ChatMessage, type MessageToolCall, toMessages } from './turns/messages.js';
export type { PendingRun } from './turns/pending-runs.js';
export { type MessageFile, textOf } from './turns/text-of.js';
export type { RecordUsageOptions, RunUsage } from './usage/run-usage.js';
export type { SessionUsageOptions, StoreUsageOptions, UsagePeriod, UsageSum } from './usage/usage-sums.js';
export type { SessionChanged, StoreWatchOptions, WatchOptions } from './watch/watch-options.js';
export type { ToolOutputBound } from './window/tool-outputs.js';
export type { SessionWindow } from './window/window.js';
