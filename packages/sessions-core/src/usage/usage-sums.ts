import { givenIds } from '../ids/tenant-id.js';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import { isList, type OptionCheck } from '../port/options.js';
import {
  DAY,
  type StoredUsage,
  USAGE_COUNTS,
  type UsageCounts,
  type UsageGroup,
  type UsageQuery,
} from '../port/usage.js';

/** Which usage is summed. */
export interface UsagePeriod extends CallLimits {
  /** Only what was recorded at this time or later. */
  from?: Date | undefined;
  /** Only what was recorded before this time. */
  to?: Date | undefined;
}

/** Which usage of a conversation is summed, and by what. */
export interface SessionUsageOptions extends UsagePeriod {
  /** One thing, or several: then each combination has a sum of its own. Default: one sum of all. */
  by?: SessionUsageGroup | readonly SessionUsageGroup[] | undefined;
}

/** Which usage of a store is summed, and by what. */
export interface StoreUsageOptions extends UsagePeriod {
  /** One thing, or several: then each combination has a sum of its own. Default: one sum of all. */
  by?: StoreUsageGroup | readonly StoreUsageGroup[] | undefined;
}

type SessionUsageGroup = 'turn' | 'model' | 'day';
type StoreUsageGroup = 'session' | 'tenant' | 'model' | 'day';

/** Options that ask for a list of sums. */
export type Grouped<Options extends { by?: unknown }> = Options & { by: NonNullable<Options['by']> };

/** A sum, with what it was summed by. What was not asked for is absent. */
export interface UsageSum extends UsageCounts {
  /** The id of the conversation, as its session was given it. */
  readonly sessionId?: string;
  /** The tenant; `undefined` for conversations without one. */
  readonly tenant?: string | undefined;
  /** The model; `undefined` where nobody said which. */
  readonly model?: string | undefined;
  /** A day of UTC, like `2026-11-28`. */
  readonly day?: string;
  /** The id of the turn, as `turns()` gives it; `undefined` where it is not known. */
  readonly turn?: string | undefined;
}

export const SESSION_USAGE_GROUPS: readonly SessionUsageGroup[] = ['turn', 'model', 'day'];
export const STORE_USAGE_GROUPS: readonly StoreUsageGroup[] = ['session', 'tenant', 'model', 'day'];

const isDate: OptionCheck = (value) =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : 'a valid Date';

/** The checks of options that say which usage is summed. */
export function usageChecks<Group extends UsageGroup>(
  groups: readonly Group[],
): Readonly<Record<string, OptionCheck>> {
  const isGroups: OptionCheck = (value) => {
    const list = listOf(value as Group | readonly Group[]);
    const isRight = list.every((one) => groups.includes(one)) && new Set(list).size === list.length;
    return isRight
      ? undefined
      : `one of ${groups.map((one) => `'${one}'`).join(', ')}, or a list of different ones`;
  };
  return { by: isGroups, from: isDate, to: isDate, ...CALL_LIMIT_CHECKS };
}

/** What is asked of the backend. */
export function usageQuery<Group extends UsageGroup>(
  options: UsagePeriod & { by?: Group | readonly Group[] | undefined },
): UsageQuery {
  return { by: listOf(options.by), from: options.from?.getTime(), to: options.to?.getTime() };
}

function listOf<Group>(by: Group | readonly Group[] | undefined): readonly Group[] {
  if (by === undefined) return [];
  return isList(by) ? [...(by as readonly Group[])] : [by as Group];
}

/** The numbers alone of the one sum of all. */
export function usageTotals([sum]: readonly StoredUsage[]): UsageCounts {
  return Object.fromEntries(USAGE_COUNTS.map((name) => [name, sum?.[name] ?? 0])) as unknown as UsageCounts;
}

/** Sums as they are shown, sorted by what they were summed by. */
export function shownSums(sums: readonly StoredUsage[], by: readonly UsageGroup[]): UsageSum[] {
  const shown = sums.map((sum) => ({ ...groupsOf(sum, by), ...usageTotals([sum]) }));
  const keys = by.map((group) => (group === 'session' ? 'sessionId' : group));
  return shown.sort((one, other) => {
    const key = keys.find((name) => one[name] !== other[name]);
    return key === undefined ? 0 : compared(one[key], other[key]);
  });
}

function compared(one: string | undefined = '', other: string | undefined = ''): number {
  // ids of turns are numbers of any length
  return one.localeCompare(other, 'en', { numeric: true }) || (one < other ? -1 : 1);
}

function groupsOf(sum: StoredUsage, by: readonly UsageGroup[]): Partial<UsageSum> {
  const { session = '', tenant, model, day = 0, turn } = sum;
  return {
    ...(by.includes('session') && { sessionId: givenIds(session).sessionId }),
    ...(by.includes('tenant') && { tenant: tenant || undefined }),
    ...(by.includes('model') && { model: model || undefined }),
    ...(by.includes('day') && { day: new Date(day * DAY).toISOString().slice(0, 10) }),
    ...(by.includes('turn') && { turn }),
  };
}
