import { TENANT_MARK } from '../ids/session-id.js';
import { tenantPrefix } from '../ids/tenant-id.js';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import type { ConversationFilter, ConversationQuery } from '../port/conversations.js';
import { checkOptions, isOneOf, isOptionsObject, type OptionCheck } from '../port/options.js';
import { readCursor } from './cursor.js';
import { entryLine } from './description.js';

/** Which conversations `store.sessions.count` counts. */
export interface SessionFilter extends CallLimits {
  /** What their ids begin with, byte for byte. Default: any. */
  idPrefix?: string | undefined;
  /** Only those whose last change is later than this, to the ms. */
  changedAfter?: Date | undefined;
  /** Only those whose last change is earlier than this, to the ms. */
  changedBefore?: Date | undefined;
  /**
   * Only those whose metadata have these values under these keys: texts, numbers, `true` or `false`. Not in a store with
   * `encryption`: the database cannot read them there.
   */
  metadata?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Which conversations `store.sessions.list` lists, and in which order. */
export interface SessionListOptions extends SessionFilter {
  /**
   * What they are sorted by: their last change (a turn that was added), their creation, or their id. Default `changed`.
   * Of equal times the id decides; ids are in the order that the database gives texts.
   */
  by?: 'changed' | 'created' | 'id' | undefined;
  /** `desc`: the newest (or greatest) first. Default `desc`. */
  order?: 'asc' | 'desc' | undefined;
  /** How many a page has at most, 1 to 1000. Default 20. */
  limit?: number | undefined;
  /** Where to go on: the `nextCursor` of a page of the same list. */
  after?: string | undefined;
}

const isDate: OptionCheck = (value) =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : 'a valid Date';

const FILTER_CHECKS: Readonly<Record<keyof SessionFilter, OptionCheck>> = {
  idPrefix: (value) =>
    typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
      ? undefined
      : 'a text without NUL and lone surrogates',
  changedAfter: isDate,
  changedBefore: isDate,
  metadata: (value) =>
    isOptionsObject(value) && Object.values(value).every(isScalar)
      ? undefined
      : 'an object of texts, finite numbers, true and false',
  ...CALL_LIMIT_CHECKS,
};

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

const LIST_CHECKS: Readonly<Record<keyof SessionListOptions, OptionCheck>> = {
  ...FILTER_CHECKS,
  by: isOneOf('changed', 'created', 'id'),
  order: isOneOf('asc', 'desc'),
  limit: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000
      ? undefined
      : 'a whole number from 1 to 1000',
  after: (value) => (typeof value === 'string' ? undefined : 'the "nextCursor" of a page'),
};

/**
 * What is asked of the backend for a list. It never leaves the tenant, whatever the options and the cursor say.
 *
 * @throws TypeError
 */
export function queryOf(options: SessionListOptions, tenant: string | undefined): ConversationQuery {
  checkOptions('sessions.list', options, LIST_CHECKS);
  const { by = 'changed', order = 'desc', limit = 20, after } = options;
  return {
    ...scope(options, tenant),
    by,
    descending: order === 'desc',
    limit,
    after: after === undefined ? undefined : readCursor(after, by, order),
  };
}

/** What is asked of the backend for a number. @throws TypeError */
export function filterOf(options: SessionFilter, tenant: string | undefined): ConversationFilter {
  checkOptions('sessions.count', options, FILTER_CHECKS);
  return scope(options, tenant);
}

function scope(
  { idPrefix = '', changedAfter, changedBefore, metadata = {} }: SessionFilter,
  tenant: string | undefined,
): ConversationFilter {
  const described = Object.entries(metadata).map(([key, value]) => entryLine(key, JSON.stringify(value)));
  return {
    prefix: tenant === undefined ? idPrefix : tenantPrefix(tenant) + idPrefix,
    withoutPrefix: tenant === undefined ? TENANT_MARK : undefined,
    changedAfter: changedAfter?.getTime(),
    changedBefore: changedBefore?.getTime(),
    ...(described.length > 0 && { described }),
  };
}
