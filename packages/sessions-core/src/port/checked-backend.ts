import { type Awaitable, whenReady } from './awaitable.js';
import type { AppendOutcome, HistoryQuery, SessionBackend, StoredRow, TimedRow } from './backend.js';
import { backendFault } from './backend-fault.js';
import { checkedConversations } from './checked-conversations.js';
import { checkedRuns } from './checked-runs.js';
import { checkedUsage } from './checked-usage.js';
import { SessionError } from './errors.js';

type SessionIds = NonNullable<SessionBackend['sessionIds']>;

const OUTCOMES: readonly unknown[] = ['stored', 'repeated', 'conflict'] satisfies AppendOutcome[];

/**
 * A backend whose answers are looked at: a mistake of its author is told where it is made, and no turn counts as stored
 * because nobody looked.
 */
export function checked(backend: SessionBackend): SessionBackend {
  const { gathersByTick } = backend;
  return {
    get supports() {
      return backend.supports;
    },
    ...(gathersByTick !== undefined && { gathersByTick }),
    append: (batches) =>
      whenReady(backend.append(batches), (outcomes) => checkOutcomes(outcomes, batches.length)),
    read: (sessionId, limit, before) => whenReady(backend.read(sessionId, limit, before), checkRows),
    pop: (sessionId) => whenReady(backend.pop(sessionId), checkPopped),
    edit: (sessionId, last, decide, operation) =>
      backend.edit(
        sessionId,
        last,
        (rows, recorded, asked) => decide(checkRows(rows), checkDigest(recorded), asked),
        operation,
      ),
    clear: (sessionId) => backend.clear(sessionId),
    close: () => backend.close(),
    ...(backend.sessionIds && {
      sessionIds: (...page: Parameters<SessionIds>): Awaitable<readonly string[]> =>
        whenReady(backend.sessionIds?.(...page) ?? [], checkIds),
    }),
    ...(backend.history && {
      history: (sessionId: string, query: HistoryQuery): Awaitable<readonly TimedRow[]> =>
        whenReady(backend.history?.(sessionId, query) ?? [], checkTimedRows),
    }),
    ...(backend.conversations && { conversations: checkedConversations(backend.conversations) }),
    ...(backend.usage && { usage: checkedUsage(backend.usage) }),
    ...(backend.runs && { runs: checkedRuns(backend.runs) }),
    ...(backend.with && { with: joined(backend.with.bind(backend)) }),
    ...(backend.transaction && { transaction: begun(backend.transaction.bind(backend)) }),
    ...(backend.hasOneConnection !== undefined && { hasOneConnection: backend.hasOneConnection }),
  };
}

function joined(join: (transaction: unknown) => SessionBackend): (transaction: unknown) => SessionBackend {
  return (transaction) => checked(join(transaction));
}

function begun(
  transaction: NonNullable<SessionBackend['transaction']>,
): NonNullable<SessionBackend['transaction']> {
  return (work) => transaction((inner, client) => work(checked(inner), client));
}

function checkOutcomes(outcomes: unknown, batches: number): readonly AppendOutcome[] {
  if (!Array.isArray(outcomes) || outcomes.length !== batches) {
    throw unknownOutcome(`append() must return one outcome for each of its ${batches} batches, in an array.`);
  }
  if (!outcomes.every((outcome) => OUTCOMES.includes(outcome))) {
    throw unknownOutcome(
      `The outcomes of append() must be ${OUTCOMES.map((one) => `'${one}'`).join(' or ')}.`,
    );
  }
  return outcomes;
}

function checkRows(rows: unknown): readonly StoredRow[] {
  if (Array.isArray(rows) && rows.every(isRow)) return rows;
  throw wrongAnswer('Its rows must be an array of { id, text }, both texts.');
}

function checkTimedRows(rows: unknown): readonly TimedRow[] {
  const isTimed = (row: unknown) => isRow(row) && Number.isSafeInteger((row as TimedRow).createdAt);
  if (Array.isArray(rows) && rows.every(isTimed)) return rows;
  throw wrongAnswer(
    'history() must return an array of { id, text, createdAt }: two texts and a whole number of ms.',
  );
}

function checkPopped(row: unknown): StoredRow | undefined {
  if (row === undefined || isRow(row)) return row;
  throw unknownOutcome('pop() must return { id, text }, both texts, or undefined.');
}

function checkDigest(digest: unknown): string | undefined {
  if (digest === undefined || typeof digest === 'string') return digest;
  throw wrongAnswer('edit() must hand a digest that is a text, or undefined, to decide().');
}

function checkIds(ids: unknown): readonly string[] {
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids;
  throw wrongAnswer('sessionIds() must return an array of texts.');
}

function isRow(row: unknown): row is StoredRow {
  return (
    typeof row === 'object' &&
    row !== null &&
    typeof (row as StoredRow).id === 'string' &&
    typeof (row as StoredRow).text === 'string'
  );
}

function wrongAnswer(rule: string): SessionError {
  return backendFault('DATABASE_ERROR', rule);
}

function unknownOutcome(rule: string): SessionError {
  return new SessionError(
    'OUTCOME_UNKNOWN',
    `The backend of this store has a fault, so it is not known what was written. ${rule}`,
  );
}
