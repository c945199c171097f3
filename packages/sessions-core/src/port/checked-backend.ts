import { type Awaitable, whenReady } from './awaitable.js';
import type {
  AppendOutcome,
  Decide,
  HistoryPatch,
  HistoryQuery,
  SessionBackend,
  StoredRow,
  TimedRow,
} from './backend.js';
import { backendFault } from './backend-fault.js';
import { countRead, currentCall } from './call-limits.js';
import { checkedConversations } from './checked-conversations.js';
import { checkedRuns } from './checked-runs.js';
import { checkedUsage } from './checked-usage.js';
import { SessionError } from './errors.js';

type SessionIds = NonNullable<SessionBackend['sessionIds']>;

const OUTCOMES: readonly unknown[] = ['stored', 'repeated', 'conflict'] satisfies AppendOutcome[];

/**
 * A backend whose answers are looked at: a mistake of its author is told where it is made, and no turn counts as stored
 * because nobody looked. What goes in and out is counted for the diagnostics.
 */
export function checked(backend: SessionBackend): SessionBackend {
  const { gathersByTick, gathersBySession } = backend;
  return {
    get supports() {
      return backend.supports;
    },
    ...(gathersByTick !== undefined && { gathersByTick }),
    ...(gathersBySession !== undefined && { gathersBySession }),
    append: (batches) => {
      // a group has no call of its own: its turns were counted when they began to wait
      const record = currentCall()?.record;
      for (const { texts } of batches) record?.written(texts);
      return whenReady(backend.append(batches), (outcomes) => checkOutcomes(outcomes, batches.length));
    },
    read: (sessionId, limit, before) =>
      whenReady(backend.read(sessionId, limit, before), (rows) => countRead(checkRows(rows), textOf)),
    pop: (sessionId) =>
      whenReady(backend.pop(sessionId), (popped) => {
        const row = checkPopped(popped);
        if (row) countRead([row], textOf);
        return row;
      }),
    edit: (sessionId, last, decide, operation) => {
      let isCounted = false; // a transaction that is repeated has the same to store
      const decideOnChecked: Decide = (rows, recorded, asked) => {
        const decision = decide(countRead(checkRows(rows), textOf), checkDigest(recorded), asked);
        if (!isCounted && !('need' in decision)) {
          isCounted = true;
          currentCall()?.record?.written(textsOf(decision));
        }
        return decision;
      };
      return backend.edit(sessionId, last, decideOnChecked, operation);
    },
    clear: (sessionId) => backend.clear(sessionId),
    close: () => backend.close(),
    ...(backend.sessionIds && {
      sessionIds: (...page: Parameters<SessionIds>): Awaitable<readonly string[]> =>
        whenReady(backend.sessionIds?.(...page) ?? [], checkIds),
    }),
    ...(backend.history && {
      history: (sessionId: string, query: HistoryQuery): Awaitable<readonly TimedRow[]> =>
        whenReady(backend.history?.(sessionId, query) ?? [], (rows) =>
          countRead(checkTimedRows(rows), textOf),
        ),
    }),
    ...(backend.conversations && { conversations: checkedConversations(backend.conversations) }),
    ...(backend.usage && { usage: checkedUsage(backend.usage) }),
    ...(backend.runs && { runs: checkedRuns(backend.runs) }),
    ...(backend.with && { with: joined(backend.with.bind(backend)) }),
    ...(backend.transaction && { transaction: begun(backend.transaction.bind(backend)) }),
    ...(backend.hasOneConnection !== undefined && { hasOneConnection: backend.hasOneConnection }),
  };
}

const textOf = ({ text }: StoredRow) => text;

function textsOf({ update = [], append = [] }: HistoryPatch): string[] {
  return [...update.map(textOf), ...append];
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
