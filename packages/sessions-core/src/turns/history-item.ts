import type { AgentInputItem, UserMessageItem } from '@openai/agents-core';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import { isBoolean, isWholeNumber, type OptionCheck, readArgument } from '../port/options.js';
import type { PendingRun } from './pending-runs.js';

/** One item of a conversation with its place, its time and its turn: what a page that shows the conversation needs. */
export interface HistoryItem {
  /**
   * The item's place in the conversation, for `before`, `after`, `removeItem` and `replaceItem`. It stays the same as long as
   * the item does. An opaque text.
   */
  readonly id: string;
  readonly item: AgentInputItem;
  /** When the database stored it. The items of one turn of an agent have one time, or few. */
  readonly createdAt: Date;
  /** The `id` of the user message whose turn it belongs to; absent before the first user message. */
  readonly turn?: string;
}

/** A part of a conversation, oldest first. It is plain data, and becomes JSON as it is. */
export interface HistoryPage {
  readonly data: readonly HistoryItem[];
  /** Whether there is more in the direction of reading: older items, or newer ones where `after` was given. */
  readonly hasMore: boolean;
  /** The runs that have not ended, the oldest first, where they were asked for. */
  readonly pending?: readonly PendingRun[];
}

/** Which part of a conversation `session.history` reads. */
export interface HistoryOptions extends CallLimits {
  /** The `id` of an item: only items that stand before it. */
  before?: string | undefined;
  /** The `id` of an item: the items right after it, and not the newest ones. */
  after?: string | undefined;
  /** How many items at most, 1 to 1000. Default 50. */
  limit?: number | undefined;
  /** Also the runs of `store.runs` that are under way or wait, with what they were given. Default false. */
  pending?: boolean | undefined;
}

/** A user message and all that follows it, up to the next user message. */
export interface Turn {
  /** The `id` of the user message. */
  readonly id: string;
  /** What the user said: the item that the turn begins with. */
  readonly input: UserMessageItem;
  /** When the user message was stored. */
  readonly createdAt: Date;
  /** All items of the turn, the user message first. */
  readonly items: readonly HistoryItem[];
}

/** Some turns of a conversation, oldest first. It is plain data, and becomes JSON as it is. */
export interface TurnPage {
  readonly data: readonly Turn[];
  /** Whether there are older turns. */
  readonly hasMore: boolean;
}

/** Which turns `session.turns` reads. */
export interface TurnOptions extends CallLimits {
  /** The `id` of a turn: only turns before it. */
  before?: string | undefined;
  /** How many turns at most, 1 to 100. Default 20. */
  limit?: number | undefined;
}

const isId: OptionCheck = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'the "id" of an entry of the history';

const upTo =
  (most: number): OptionCheck =>
  (value) =>
    isWholeNumber(1)(value) || (value as number) > most ? `a whole number from 1 to ${most}` : undefined;

/** The checks of {@link HistoryOptions}. */
export const HISTORY_CHECKS: Readonly<Record<keyof HistoryOptions, OptionCheck>> = {
  before: isId,
  after: isId,
  limit: upTo(1000),
  pending: isBoolean,
  ...CALL_LIMIT_CHECKS,
};

/** The checks of {@link TurnOptions}. */
export const TURN_CHECKS: Readonly<Record<keyof TurnOptions, OptionCheck>> = {
  before: isId,
  limit: upTo(100),
  ...CALL_LIMIT_CHECKS,
};

/** @throws TypeError for anything that does not name an item or a turn. */
export function idOf(named: string | { readonly id: string }, method: string): string {
  const problem = `${method}: the first argument must be an entry of the history or of the turns, or its id.`;
  const id: unknown = readArgument(problem, () => (typeof named === 'string' ? named : named?.id));
  if (typeof id === 'string' && id !== '') return id;
  throw new TypeError(problem);
}
