import type { Awaitable } from './awaitable.js';
import { SessionError } from './errors.js';

/** What model responses used: whole numbers of zero or more. */
export interface UsageCounts {
  /** Requests that were sent to models. */
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** As the provider counts them: mostly the input and output tokens together. */
  readonly totalTokens: number;
  /** Those of the input tokens that the provider had in its cache. */
  readonly cachedTokens: number;
  /** Those of the output tokens that the model thought with. */
  readonly reasoningTokens: number;
}

/** What one response used. */
export interface UsageRow extends UsageCounts {
  /** Names the response within its conversation: a short text of letters, digits, `-` and `_`. */
  readonly key: string;
  /** The name of the model, at most 255 characters; empty where it is not known. */
  readonly model: string;
}

/** What some responses of one conversation used. */
export interface UsageBatch {
  readonly sessionId: string;
  /** The tenant of the conversation; empty where it has none. */
  readonly tenant: string;
  /** The id of the row that their turn begins with, where that is known. */
  readonly turn?: string | undefined;
  readonly rows: readonly UsageRow[];
}

/** What usage is summed by: each combination is a sum of its own. `day` is one of UTC. */
export type UsageGroup = 'session' | 'tenant' | 'model' | 'day' | 'turn';

/** Which usage is summed. */
export interface UsageQuery {
  /** Only that of this conversation. */
  readonly sessionId?: string | undefined;
  /** Only that of this tenant; that of none if empty. */
  readonly tenant?: string | undefined;
  /** Only what was recorded at this time or later, in ms since 1970. */
  readonly from?: number | undefined;
  /** Only what was recorded before this time, in ms since 1970. */
  readonly to?: number | undefined;
  /** Different groups. One sum of all where there are none. */
  readonly by: readonly UsageGroup[];
}

/** A sum, with what it was summed by; the other groups are absent. */
export interface StoredUsage extends UsageCounts {
  readonly session?: string | undefined;
  readonly tenant?: string | undefined;
  readonly model?: string | undefined;
  /** Whole days since 1970. */
  readonly day?: number | undefined;
  /** Absent also where it is not known. */
  readonly turn?: string | undefined;
}

/** The verbs on what model responses used. A backend may lack them. */
export interface UsageVerbs {
  /**
   * Keeps what responses used, with the time of the database. A row whose key is there already adds nothing: of each number the
   * greater one is kept, and the rest stays as it was. Outlives `clear`, and needs no session.
   */
  record(batch: UsageBatch): Awaitable<void>;
  /** Sums it up. In any order; without groups one sum, of zeros where there is nothing. */
  sum(query: UsageQuery): Awaitable<readonly StoredUsage[]>;
}

/** The names of the numbers. */
export const USAGE_COUNTS = [
  'requests',
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cachedTokens',
  'reasoningTokens',
] as const satisfies readonly (keyof UsageCounts)[];

/** The columns that keep {@link USAGE_COUNTS}, in the same order, on every engine with tables. */
export const USAGE_COLUMNS = [
  'requests',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cached_tokens',
  'reasoning_tokens',
] as const;

/** In ms. */
export const DAY = 86_400_000;

/**
 * What a backend throws where its table of usage is not there.
 *
 * @param statement - What makes it.
 * @example
 * ```ts
 * throw usageMissing('CREATE TABLE agent_sessions_usage (...)');
 * ```
 */
export function usageMissing(statement: string): SessionError {
  return new SessionError(
    'UNSUPPORTED',
    `The table for usage does not exist. Open the store with createTables: true, or run: ${statement}`,
  );
}
