import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore } from '@stackone/sessions-core';
import { BEFORE, type Call, FIRST, FIRST_OPERATION, SECOND } from './calls.ts';

/** What the caller knows about a call that was interrupted, or not: its answer, its error, or nothing at all. */
export type Told =
  | { readonly answer: unknown }
  | { readonly error: unknown }
  | 'nothing, because the process was killed';

type History = readonly AgentInputItem[];

/** What each conversation may hold from the end of its round on. */
export type Ends = Map<string, readonly History[]>;

/** A lock that the interrupted call left behind would hold the next one up for longer than that, in ms. */
const PATIENCE = 60_000;

/** Makes the conversation on which a call is interrupted. */
export async function prepare(store: SessionStore, sessionId: string): Promise<void> {
  const session = store.session(sessionId);
  await session.addItems(FIRST, undefined, { operationId: FIRST_OPERATION });
  await session.addItems(SECOND);
}

/**
 * Looks at a conversation after a call was interrupted: it holds what was there before or what the call makes of it,
 * with or without the recorded operations, and agrees with what the caller was told. Then makes the call again where
 * a caller may: it has an operation id, or the error says that nothing was written.
 *
 * @param store - One that has nothing to do with the interruption.
 * @returns What the conversation may hold from now on.
 * @throws AssertionError for anything else.
 */
export async function judge(
  store: SessionStore,
  sessionId: string,
  call: Call,
  told: Told,
): Promise<readonly History[]> {
  const session = store.session(sessionId);
  const look = async () => {
    // waits for the session's lock, so for the end of what the server may still be doing; is no change if its id is there
    await soon(session.addItems(FIRST, undefined, { operationId: FIRST_OPERATION }));
    return session.getItems();
  };
  const isUnwritten = isRetryable(told);
  let items = await look();
  // what is one statement takes no lock before it, and may have come to the server behind that turn; then it is done by now
  if (!isAnswer(told) && !isUnwritten && call.forgets && isEqual(items, call.after)) items = await look();
  const isOld = isEqual(items, BEFORE);
  const isNew = isEqual(items, expected(call));
  if (!isOld && !isNew) assert.deepEqual(items, expected(call), 'neither the old history nor the new one');
  if (isAnswer(told)) {
    assert.ok(isNew, 'the call succeeded and nothing was changed');
    assert.deepEqual(told.answer, call.answer);
    if (!call.once) return [items];
  }
  if (isUnwritten) assert.ok(isOld, 'the error says that nothing was written, and it was');
  // what is one statement takes no lock before it, and may come to the server after us
  if (!isUnwritten && !call.once) return [BEFORE, expected(call), call.after];
  assert.deepEqual(await call.perform(session), call.answer);
  assert.deepEqual(await session.getItems(), call.after, 'the history after the call was made again');
  return [call.after];
}

function isAnswer(told: Told): told is { readonly answer: unknown } {
  return typeof told === 'object' && 'answer' in told;
}

function isRetryable(told: Told): boolean {
  return (
    typeof told === 'object' && 'error' in told && (told.error as { retryable?: unknown }).retryable === true
  );
}

/** Looks at all conversations once more: nothing has arrived late. */
export async function checkEnds(store: SessionStore, ends: Ends): Promise<void> {
  for (const [sessionId, histories] of ends) {
    const items = await store.session(sessionId).getItems();
    if (!histories.some((history) => isEqual(items, history))) assert.deepEqual(items, histories.at(-1));
  }
}

/** The first turn, which is added again each time, is new to a conversation that has forgotten its operations. */
function expected({ after, forgets }: Call): History {
  return forgets ? FIRST : after;
}

function isEqual(items: History, others: History): boolean {
  try {
    assert.deepEqual(items, others);
    return true;
  } catch {
    return false;
  }
}

async function soon(call: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const late = wait(PATIENCE, 'late', { signal: limit.signal, ref: false }).catch(() => 'in time');
  const end = await Promise.race([call.finally(() => limit.abort()), late]);
  assert.notEqual(end, 'late', `the next call was not done within ${PATIENCE} ms: a lock was left behind`);
}
