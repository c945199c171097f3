import { type Awaitable, whenReady } from './awaitable.js';
import { backendFault } from './backend-fault.js';
import { countRead, countWritten } from './call-limits.js';
import type {
  ConversationCopy,
  ConversationVerbs,
  CopyOutcome,
  DecideDescription,
  Removal,
  RemovalStep,
  RemovedRows,
  SessionChanges,
  StoredConversation,
} from './conversations.js';
import { USAGE_COUNTS } from './usage.js';
import type {
  KeptConversation,
  KeptConversations,
  RecordedOperation,
  RecordedUsage,
  RestoreOutcome,
  StoredDescription,
  WholeConversation,
} from './whole-conversations.js';

/** The verbs on conversations with their answers looked at: see `checked`. */
export function checkedConversations(verbs: ConversationVerbs): ConversationVerbs {
  return {
    list: (query) => whenReady(verbs.list(query), (found) => countRead(checkList(found), describedText)),
    count: (filter) => whenReady(verbs.count(filter), checkCount),
    get: (sessionId) =>
      whenReady(verbs.get(sessionId), (found) => {
        const conversation = checkFound(found);
        if (conversation) countRead([conversation], describedText);
        return conversation;
      }),
    remove: (sessionId) => whenReady(verbs.remove(sessionId), (removed) => checkRemoved(removed)),
    ...(verbs.describe && {
      describe: (
        sessionId: string,
        decide: DecideDescription,
        make: boolean,
      ): Awaitable<StoredConversation | undefined> =>
        whenReady(
          verbs.describe?.(sessionId, (current) => decide(checkDescription(current)), make),
          checkDescribed,
        ),
    }),
    ...(verbs.copy && {
      copy: (from: string, to: string, how: ConversationCopy): Awaitable<CopyOutcome> =>
        whenReady(verbs.copy?.(from, to, how), checkCopied),
    }),
    ...(verbs.removeSome && {
      removeSome: (sessionId: string, removal: Removal): Awaitable<RemovalStep> =>
        whenReady(verbs.removeSome?.(sessionId, removal), checkStep),
    }),
    ...(verbs.refuse && { refuse: verbs.refuse.bind(verbs) }),
    ...(verbs.forget && { forget: verbs.forget.bind(verbs) }),
    ...(verbs.lease && { lease: verbs.lease.bind(verbs) }),
    ...(verbs.restore && {
      restore: (conversations: readonly WholeConversation[]): Awaitable<readonly RestoreOutcome[]> => {
        for (const { rows } of conversations) countWritten(rows, ({ text }) => text);
        return whenReady(verbs.restore?.(conversations), (outcomes) =>
          checkRestored(outcomes, conversations.length),
        );
      },
    }),
    ...(verbs.wholes && {
      wholes: (sessionIds: readonly string[], atMost?: number): Awaitable<KeptConversations> =>
        whenReady(verbs.wholes?.(sessionIds, atMost), (answer) => {
          const kept = checkKept(answer, sessionIds);
          for (const { rows } of kept.found) countRead(rows, ({ text }) => text);
          return kept;
        }),
    }),
    ...(verbs.changes && {
      changes: (after: string | undefined, limit: number): Awaitable<SessionChanges> =>
        whenReady(verbs.changes?.(after, limit), checkChanges),
    }),
  };
}

const describedText = ({ description }: StoredConversation) => description?.text ?? '';

function checkList(found: unknown): readonly StoredConversation[] {
  if (Array.isArray(found) && found.every(isConversation)) return found;
  throw backendFault('DATABASE_ERROR', `conversations.list() must return an array of ${CONVERSATION}.`);
}

function checkChanges(changes: unknown): SessionChanges {
  const { sessions, last, isLast } = (changes ?? {}) as Partial<SessionChanges>;
  const isTold = (one: unknown) => {
    const { id, newest } = (one ?? {}) as Partial<SessionChanges['sessions'][number]>;
    return typeof id === 'string' && typeof newest === 'string';
  };
  if (
    Array.isArray(sessions) &&
    sessions.every(isTold) &&
    typeof last === 'string' &&
    typeof isLast === 'boolean'
  )
    return changes as SessionChanges;
  throw backendFault(
    'DATABASE_ERROR',
    'conversations.changes() must return { sessions, last, isLast }, with { id, newest } for each session: texts.',
  );
}

function checkCount(count: unknown): number {
  if (isWholeNumber(count)) return count;
  throw backendFault('DATABASE_ERROR', 'conversations.count() must return a whole number.');
}

function checkFound(found: unknown): StoredConversation | undefined {
  if (found === undefined || isConversation(found)) return found;
  throw backendFault('DATABASE_ERROR', `conversations.get() must return ${CONVERSATION}, or undefined.`);
}

function checkDescription(current: unknown): StoredDescription | undefined {
  if (current === undefined || isDescription(current)) return current;
  throw backendFault(
    'DATABASE_ERROR',
    'conversations.describe() must hand { text, version }, or undefined, to decide().',
  );
}

function checkDescribed(found: unknown): StoredConversation | undefined {
  if (found === undefined || isConversation(found)) return found;
  throw backendFault(
    'OUTCOME_UNKNOWN',
    `So it is not known what was written: conversations.describe() must return ${CONVERSATION}, or undefined.`,
  );
}

function checkCopied(outcome: unknown): CopyOutcome {
  if (outcome === 'missing' || outcome === 'taken' || isConversation(outcome)) return outcome;
  throw backendFault(
    'OUTCOME_UNKNOWN',
    `So it is not known what was written: conversations.copy() must return ${CONVERSATION}, or 'missing' or 'taken'.`,
  );
}

function checkRemoved(removed: unknown, verb = 'remove() must return'): RemovedRows {
  if (typeof removed === 'object' && removed !== null) {
    const { sessions, messages, operations, metadata, usage, runs } = removed as RemovedRows;
    const optional = { ...(usage !== undefined && { usage }), ...(runs !== undefined && { runs }) };
    if ([sessions, messages, operations, metadata, ...Object.values(optional)].every(isWholeNumber))
      return { sessions, messages, operations, metadata, ...optional };
  }
  throw backendFault(
    'OUTCOME_UNKNOWN',
    `So it is not known what was removed: conversations.${verb} { sessions, messages, operations, ` +
      'metadata }, all whole numbers, and usage and runs where the backend keeps them.',
  );
}

function checkStep(step: unknown): RemovalStep {
  const { removed, isDone } = (step ?? {}) as Partial<RemovalStep>;
  const checked = checkRemoved(removed, 'removeSome() must return "removed",');
  if (typeof isDone === 'boolean') return { removed: checked, isDone };
  throw backendFault(
    'OUTCOME_UNKNOWN',
    'So it is not known what is left: conversations.removeSome() must return "isDone", true or false.',
  );
}

const OUTCOMES: readonly unknown[] = ['stored', 'taken', 'erased'] satisfies RestoreOutcome[];

function checkRestored(outcomes: unknown, count: number): readonly RestoreOutcome[] {
  if (Array.isArray(outcomes) && outcomes.length === count && outcomes.every((one) => OUTCOMES.includes(one)))
    return outcomes;
  throw backendFault(
    'OUTCOME_UNKNOWN',
    "So it is not known what was written: conversations.restore() must return 'stored', 'taken' or 'erased' for each conversation.",
  );
}

function checkKept(answer: unknown, sessionIds: readonly string[]): KeptConversations {
  const { found, left } = (answer ?? {}) as Partial<KeptConversations>;
  if (
    Array.isArray(found) &&
    Array.isArray(left) &&
    left.every((id) => sessionIds.includes(id)) &&
    found.every(isKept)
  )
    return { found, left };
  throw backendFault(
    'DATABASE_ERROR',
    'conversations.wholes() must return "found", an array of { id, createdAt, updatedAt, rows } with a description, operations and usage ' +
      'where they are kept, and "left", an array of ids.',
  );
}

function isKept(value: unknown): value is KeptConversation {
  if (typeof value !== 'object' || value === null) return false;
  const {
    id,
    createdAt,
    updatedAt,
    rows,
    description,
    operations = [],
    usage = [],
  } = value as KeptConversation;
  return (
    typeof id === 'string' &&
    [createdAt, updatedAt].every(Number.isSafeInteger) &&
    Array.isArray(rows) &&
    rows.every(isKeptRow) &&
    (description === undefined || isDescription(description)) &&
    operations.every(isRecordedOperation) &&
    usage.every((one) => isRecordedUsage(one, rows.length))
  );
}

function isKeptRow(row: KeptConversation['rows'][number]): boolean {
  return typeof row.id === 'string' && typeof row.text === 'string' && Number.isSafeInteger(row.createdAt);
}

function isRecordedOperation({ id, digest, createdAt }: RecordedOperation): boolean {
  return typeof id === 'string' && typeof digest === 'string' && Number.isSafeInteger(createdAt);
}

function isRecordedUsage(usage: RecordedUsage, items: number): boolean {
  const { key, model, recordedAt, turn = 0 } = usage;
  const isPlace = usage.turn === undefined || (isWholeNumber(turn) && turn < items);
  const counts = USAGE_COUNTS.map((name) => usage[name]);
  return (
    typeof key === 'string' &&
    typeof model === 'string' &&
    isPlace &&
    [...counts, recordedAt].every(isWholeNumber)
  );
}

const CONVERSATION =
  '{ id, createdAt, updatedAt, time }, the first and the last texts, the others whole numbers of ms, with a ' +
  'description { text, version } if there is one';

function isConversation(value: unknown): value is StoredConversation {
  if (typeof value !== 'object' || value === null) return false;
  const { id, createdAt, updatedAt, time, description } = value as StoredConversation;
  const texts = typeof id === 'string' && typeof time === 'string';
  const times = Number.isSafeInteger(createdAt) && Number.isSafeInteger(updatedAt);
  return texts && times && (description === undefined || isDescription(description));
}

function isDescription(value: unknown): value is StoredDescription {
  if (typeof value !== 'object' || value === null) return false;
  const { text, version } = value as StoredDescription;
  return typeof text === 'string' && isWholeNumber(version);
}

function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
