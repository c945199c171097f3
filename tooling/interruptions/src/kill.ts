import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SessionStore } from '@stackone/sessions-core';
import { startProxy } from '@stackone/test-servers';
import type { Call } from './calls.ts';
import type { Cost } from './costs.ts';
import { explained, type ServerSubject } from './cut.ts';
import { checkEnds, type Ends, judge, prepare, type Told } from './judge.ts';

/** A database in a file, in the same process as its client. */
export interface EmbeddedSubject {
  readonly url: string;
  open(url: string): Promise<SessionStore>;
}

/** What a program of its own does to a store. */
export interface ProgramModule {
  /**
   * Opens a store.
   *
   * @param onStatement - To be called before each statement, if no proxy can see them.
   */
  open(url: string, onStatement: () => void): Promise<SessionStore>;
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/**
 * Makes a call again and again, each time in a process that is killed when its next statement has left, until the
 * call is done.
 *
 * @param program - A {@link ProgramModule}.
 * @throws AssertionError if a history is neither old nor new, or the number of statements is not the documented one.
 */
export async function killAtEachStatement(
  subject: ServerSubject | EmbeddedSubject,
  program: URL,
  call: Call,
  cost: Cost,
): Promise<void> {
  const ends: Ends = new Map();
  let nth = 0;
  let told: Told;
  do {
    nth++;
    const sessionId = randomUUID();
    {
      await using store = await subject.open(subject.url);
      await prepare(store, sessionId);
    }
    told = await play(subject, program, call, sessionId, nth);
    await using store = await subject.open(subject.url);
    ends.set(
      sessionId,
      await explained(`killed at statement ${nth}`, () => judge(store, sessionId, call, told)),
    );
  } while (typeof told === 'string' && nth <= cost.statements);
  assert.equal(nth - 1, cost.statements, 'the documented number of statements');
  await using store = await subject.open(subject.url);
  await checkEnds(store, ends);
}

async function play(
  subject: ServerSubject | EmbeddedSubject,
  program: URL,
  call: Call,
  sessionId: string,
  nth: number,
): Promise<Told> {
  await using proxy =
    'server' in subject ? await startProxy(subject.server, { protocol: subject.engine }) : undefined;
  const url = proxy ? proxy.url(subject.url) : subject.url;
  const child = fork(CHILD, [program.href, url, call.name, sessionId], { execArgv: [] });
  assert.ok(typeof (await heard(child)) === 'object', 'the program ended before it made the call');
  proxy?.cut({ when: 'sent', nth, instead: () => child.kill('SIGKILL') });
  const ended = once(child, 'exit');
  child.send({ killAt: proxy ? 0 : nth });
  const last = await heard(child);
  await ended;
  if (typeof last === 'object') return last as Told;
  assert.equal(last, 'SIGKILL', 'the program ended otherwise');
  return 'nothing, because the process was killed';
}

/** The next message of a child, or the signal or code with which it ended. */
async function heard(child: ChildProcess): Promise<object | string> {
  const end = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', end).then(([message]) => message),
      once(child, 'exit', end).then(([code, signal]) => String(signal ?? code)),
    ]);
  } finally {
    end.abort();
  }
}
