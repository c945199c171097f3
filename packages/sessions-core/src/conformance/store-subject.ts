import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import type { SessionErrorCode } from '../errors.js';
import type { ConformingStore, StoreSubject } from './stores.js';

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
