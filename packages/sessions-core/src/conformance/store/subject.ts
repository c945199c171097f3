import assert from 'node:assert/strict';
import type { RunContext, Session } from '@openai/agents-core';
import type { SessionForkOptions, SessionUpdateOptions } from '../../conversations/conversations.js';
import type { SessionChange } from '../../conversations/description.js';
import type { SessionFilter, SessionListOptions } from '../../conversations/list-options.js';
import type { SessionInfo } from '../../conversations/session-page.js';
import type { Awaitable } from '../../port/awaitable.js';
import type { SessionSupport } from '../../port/backend.js';
import type { SessionErrorCode } from '../../port/errors.js';
import type { SessionWarning } from '../../port/warnings.js';
import type { SessionStore } from '../../store/store.js';
import type { SessionSubject } from '../harness.js';

/** What the suite asks of a page of conversations. */
interface ConformingPage {
  readonly data: readonly SessionInfo[];
  readonly nextCursor: string | undefined;
  hasNextPage(): boolean;
  getNextPage(): Promise<ConformingPage>;
}

/** What the suite asks of `store.sessions`: the public side of `Conversations`. */
export interface ConformingSessions {
  list(options?: SessionListOptions): PromiseLike<ConformingPage> & AsyncIterable<SessionInfo>;
  retrieve(id: string): Promise<SessionInfo | undefined>;
  count(filter?: SessionFilter): Promise<number>;
  /** Absent where conversations have no titles and metadata. */
  update?(id: string, change: SessionChange, options?: SessionUpdateOptions): Promise<SessionInfo>;
  /** Absent where conversations cannot be copied, as {@link rename}. */
  fork?(id: string, newId: string, options?: SessionForkOptions): Promise<SessionInfo>;
  rename?(id: string, newId: string): Promise<SessionInfo>;
  delete(id: string): Promise<{ readonly deleted: boolean; readonly removed: { readonly messages: number } }>;
}

/** What the suite asks of `usage` of a store. */
type ConformingUsage = SessionStore['usage'];
/** What the suite asks of `watch` of a store. */
type ConformingWatch = SessionStore['watch'];
/** What the suite asks of the answer of an erasure, `store.sessions.delete({ ids })`. */
export interface ConformingErasure {
  readonly conversations: number;
  readonly removed: { readonly messages: number };
}

/** What the suite asks of a store: the public side of `SessionStore`. */
export interface ConformingStore extends AsyncDisposable {
  readonly supports: SessionSupport;
  session(
    sessionId: string,
    options?: { tenant?: (runContext: RunContext<unknown>) => string | undefined },
  ): Session;
  /** Absent where the store has no tenants. */
  scoped?(tenant: string): {
    session(sessionId: string): Session;
    readonly sessions?: ConformingSessions;
    readonly usage?: ConformingUsage;
    readonly watch?: ConformingWatch;
  };
  /** Absent where the store cannot list, describe and delete its conversations. */
  readonly sessions?: ConformingSessions;
  /** Absent where the store keeps no usage. */
  readonly usage?: ConformingUsage;
  /** Absent where the store does not tell which conversations got items. */
  readonly watch?: ConformingWatch;
  with(transaction: unknown): { session(sessionId: string): Session };
  /** Absent where the store begins no transactions. */
  transaction?<T>(work: (tx: { session(sessionId: string): Session }) => Promise<T>): Promise<T>;
  on(event: 'warning', listener: (warning: SessionWarning) => void): unknown;
  off(event: 'warning', listener: (warning: SessionWarning) => void): unknown;
  open(): Promise<unknown>;
  close(): Promise<void>;
}

/** What {@link storeConformance} is run against; made anew for each case. */
export interface StoreParts {
  /** A store of its own, which need not be open. The suite closes it. */
  readonly store: ConformingStore;
  /** The same conversations again, over another connection, as another process sees them. For `reopen`. */
  reopen?(): Awaitable<ConformingStore>;
  /** Writes a row with any text to a conversation that has rows, behind the store's back. For `raw`. */
  insertRaw?(sessionId: string, text: string): Awaitable<unknown>;
  /** A store whose database cannot be opened, for some reason that `mend` ends. For `outOfReach`. */
  outOfReach?(): Awaitable<{ readonly store: ConformingStore; mend(): Awaitable<unknown> }>;
  /**
   * Begins a transaction as an application does, waits for `work` (which gets what `store.with()` takes and makes one
   * call), and ends it. For `inTransaction`.
   */
  inTransaction?(work: (transaction: unknown) => Promise<unknown>, end: TransactionEnd): Awaitable<unknown>;
  /** Called after the case, when the store is closed. */
  close?(): Awaitable<unknown>;
}

/** How the application ends its transaction. */
export type TransactionEnd = 'commit' | 'rollback';

/** What a case of the store suite gets: the parts, and the store's sessions. */
export type StoreSubject = StoreParts & SessionSubject;

/** The subject's store over the same conversations again, for the case to close. */
export async function reopenedStore({ reopen }: StoreSubject): Promise<ConformingStore> {
  assert.ok(reopen, 'the subject says it can reopen and has no reopen()');
  return (await reopen()) as ConformingStore;
}

/** A store that cannot be opened until `mend()` was called, for the case to close. */
export async function storeOutOfReach(
  subject: StoreSubject,
): Promise<{ store: ConformingStore; mend(): unknown }> {
  assert.ok(subject.outOfReach, 'the subject says its database can be out of reach and has no outOfReach()');
  return subject.outOfReach();
}

/** Checks that a call fails with a `SessionError` of this code. */
export async function failsWith(code: SessionErrorCode, call: () => unknown): Promise<void> {
  await assert.rejects(async () => call(), { name: 'SessionError', code });
}

/** Every method of a session that reaches the database, as a call. */
export function callsOf(session: Session): [name: string, call: () => unknown][] {
  const optional: [string, unknown][] = [
    ['applyHistoryTransaction', { operationId: 'o', transaction: { type: 'append_items', items: [] } }],
    ['applyHistoryMutations', { mutations: [] }],
    ['replaceHistoryWithCompaction', []],
  ];
  return [
    ['getItems', () => session.getItems()],
    ['getItems', () => session.getItems(0)],
    ['addItems', () => session.addItems([{ role: 'user', content: 'x' }])],
    ['addItems', () => session.addItems([])],
    ['popItem', () => session.popItem()],
    ['clearSession', () => session.clearSession()],
    ...optional
      .filter(([method]) => typeof Reflect.get(session, method) === 'function')
      .map(([method, argument]): [string, () => unknown] => [
        method,
        () => (Reflect.get(session, method) as (argument: unknown) => unknown).call(session, argument),
      ]),
  ];
}
