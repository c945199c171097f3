import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setImmediate as tick } from 'node:timers/promises';
import { type Call, TURN } from './calls.ts';
import type { DocumentedCall, DocumentedCommit } from './costs.ts';
import { counted, type MeteredStore } from './meter.ts';

/**
 * Makes a call on a conversation that is not there.
 *
 * @throws AssertionError if that takes another number of statements than documented.
 */
export async function checkOnNew(
  { store, sent }: MeteredStore,
  call: Call,
  { onNew }: DocumentedCall,
): Promise<void> {
  const session = store.session(randomUUID());
  await session.getItems(); // on a connection that has been idle a call may send more
  const { cost } = await counted(sent, () =>
    call.perform(session).catch(({ code }: { code?: unknown }) => {
      const isWanting = code === 'SUFFIX_MISMATCH' || code === 'HISTORY_CHANGED';
      assert.ok(isWanting, 'only calls that want something to be there are refused');
    }),
  );
  assert.equal(cost.statements, onNew);
}

/** Fewer than are worth a commit of their own while another is under way. */
const SHARED = 7;

/**
 * Adds turns to many conversations that are there, at once.
 *
 * @param commits - How many commits they go out in: on a server the first turn is under way alone, and the others
 * share the next commit; a synchronous driver gets all of them together.
 * @param options - Those of each turn.
 * @throws AssertionError if they take another number of statements than documented.
 */
export async function checkSharedCommit(
  { store, sent }: MeteredStore,
  { commit, turn }: DocumentedCommit,
  commits: 1 | 2,
  options: { operationId?: string },
): Promise<void> {
  const turns = SHARED + commits - 1;
  const sessions = Array.from({ length: turns }, () => store.session(randomUUID()));
  for (const session of sessions) await session.addItems(TURN); // the first turn may be more
  await tick(); // what was committed just now still lets others come along
  const { cost } = await counted(sent, () =>
    Promise.all(sessions.map((session) => session.addItems(TURN, undefined, options))),
  );
  assert.equal(cost.statements, commits * commit + turns * turn);
}
