import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { SessionErrorCode, SessionStore } from '@stackone/sessions-core';
import { type Cut, type Engine, startProxy } from '@stackone/test-servers';
import type { Call } from './calls.ts';
import type { Cost } from './costs.ts';
import { checkEnds, type Ends, judge, prepare, type Told } from './judge.ts';
import { costSoFar, counted } from './meter.ts';

/** A database on a server, and how stores on it are opened. */
export interface ServerSubject {
  readonly engine: Engine;
  readonly server: { readonly host: string; readonly port: number };
  readonly url: string;
  open(url: string, options?: StoreSettings): Promise<SessionStore>;
}

/** Settings that stores on every server have. */
export interface StoreSettings {
  readonly max?: number;
  readonly maxRetries?: number;
  readonly retryDelay?: number;
}

const MOMENTS: readonly Cut['when'][] = ['before', 'sent', 'answered'];

/**
 * Makes a call again and again, each time with the connection cut at its next statement, until it sends no more.
 *
 * @param cost - What the call has to cost.
 * @param maxRetries - How often the store may make a call again. The connection is cut once.
 * @throws AssertionError if a history is neither old nor new, the caller was told something untrue, or less than is
 * known, or the cost is another.
 */
export async function cutAtEachStatement(
  subject: ServerSubject,
  call: Call,
  cost: Cost,
  maxRetries: number,
): Promise<void> {
  await using witness = await subject.open(subject.url);
  const ends: Ends = new Map();
  for (let nth = 1; nth <= cost.statements; nth++) {
    for (const when of MOMENTS) {
      const { sessionId, told, cuts } = await play(subject, witness, call, { when, nth }, maxRetries);
      assert.equal(cuts, 1, `the call sent less than ${nth} statements`);
      const where = `cut at statement ${nth} of ${cost.statements} (${when})`;
      assert.equal(nameOf(told), expectedOf(call, nth === cost.statements, maxRetries), where);
      ends.set(sessionId, await explained(where, () => judge(witness, sessionId, call, told)));
    }
  }
  const unharmed = await play(
    subject,
    witness,
    call,
    { when: 'before', nth: cost.statements + 1 },
    maxRetries,
  );
  assert.equal(unharmed.cuts, 0, 'the call sent more statements than documented');
  const { roundTrips, statements } = cost;
  assert.deepEqual(unharmed.cost, { roundTrips, statements }, 'the documented cost');
  ends.set(unharmed.sessionId, await judge(witness, unharmed.sessionId, call, unharmed.told));
  await checkEnds(witness, ends);
}

async function play(
  { engine, server, url, open }: ServerSubject,
  witness: SessionStore,
  call: Call,
  cut: Cut,
  maxRetries: number,
) {
  const sessionId = randomUUID();
  await prepare(witness, sessionId);
  await using proxy = await startProxy(server, { protocol: engine });
  await using store = await open(proxy.url(url), { max: 1, maxRetries, retryDelay: 1 });
  proxy.cut(cut);
  const { result: told, cost } = await counted(
    () => costSoFar(proxy),
    () => toldBy(call.perform(store.session(sessionId))),
  );
  return { sessionId, told, cuts: proxy.cuts, cost };
}

async function toldBy(result: Promise<unknown>): Promise<Told> {
  try {
    return { answer: await result };
  } catch (error) {
    return { error };
  }
}

/** Of all statements only the last one commits. */
function expectedOf(call: Call, commits: boolean, maxRetries: number): 'done' | SessionErrorCode {
  const code = commits && !call.reads ? 'OUTCOME_UNKNOWN' : 'CONNECTION_FAILED';
  const repeats = maxRetries > 0 && (code === 'CONNECTION_FAILED' || call.once);
  return repeats ? 'done' : code;
}

function nameOf(told: Told): unknown {
  if (typeof told === 'string' || 'answer' in told) return 'done';
  return (told.error as { code?: unknown }).code ?? told.error;
}

/** Says in which round it failed. */
export async function explained<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`${where}: ${(cause as Error).message}`, { cause });
  }
}
