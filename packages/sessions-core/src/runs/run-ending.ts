import { operationOf, withRetention } from '../items/operations.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { isSessionError, SessionError } from '../port/errors.js';
import type { RunEnd, RunHold, RunVerbs } from '../port/runs.js';
import type { UsageRow } from '../port/usage.js';
import type { Conversation } from '../session/conversation-calls.js';
import { replaceHistory } from '../session/history-rewrite.js';
import type { SessionHost } from '../session/session-host.js';
import { recordRows } from '../session/usage-session.js';
import { runLost } from './run-errors.js';
import type { RunTurn } from './run-session.js';

/** The end of a run: what becomes of it, of its conversation, and of what its models used. */
export interface RunEnding {
  readonly state: RunEnd;
  readonly turn: RunTurn;
  readonly usage: readonly UsageRow[];
  readonly content?: string | undefined;
}

/**
 * Ends a run in one transaction: its turn, what was used, and that it has ended. It may be made again after an unknown outcome: the turn
 * has the id of the run as that of its operation.
 *
 * @throws SessionError `RUN_LOST` where somebody else has the run. Nothing is stored then.
 */
export async function endRun(
  host: SessionHost,
  conversation: Conversation,
  hold: RunHold,
  ending: RunEnding,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await host.atomically((inner) => end(inner, host, conversation, hold, ending));
    } catch (error) {
      if (!isSessionError(error) || error.code !== 'OUTCOME_UNKNOWN' || attempt === ATTEMPTS) throw error;
      if (await hasEnded(host, hold, ending.state)) return;
    }
  }
}

const ATTEMPTS = 3;

function end(
  backend: SessionBackend,
  host: SessionHost,
  conversation: Conversation,
  hold: RunHold,
  { state, turn, usage, content }: RunEnding,
): Awaitable<void> {
  const verbs = runsOf(backend);
  // a backend without transactions does what follows at once: it must not begin where the run is lost
  return whenReady(verbs.write(hold), (held) => {
    if (!held) throw runLost(hold.runId);
    return whenReady(store(backend, host, conversation, hold, turn), () =>
      whenReady(host.usage ? recordRows(backend, conversation, host, { rows: usage }) : undefined, () =>
        whenReady(verbs.settle({ ...hold, state, content }), (settled) => {
          if (!settled) throw runLost(hold.runId);
        }),
      ),
    );
  });
}

function store(
  backend: SessionBackend,
  host: SessionHost,
  { storedId, codec, items: stored }: Conversation,
  { runId }: RunHold,
  { replacement, items }: RunTurn,
): Awaitable<void> {
  const operation = host.operations
    ? withRetention(operationOf(`run:${runId}`, runId, codec), host.operationRetentionDays)
    : undefined;
  if (replacement)
    return stored.edit(backend, 'all', replaceHistory([...replacement, ...items], codec), operation);
  if (items.length === 0) return;
  const texts = codec.encode(items);
  return whenReady(backend.append([{ sessionId: storedId, texts, operation }]), () => undefined);
}

function hasEnded(host: SessionHost, hold: RunHold, state: RunEnd): Promise<boolean> {
  return host.perform('runs.read', () => ({
    storedId: orderOf(hold.runId),
    work: (backend) =>
      whenReady(
        runsOf(backend).read(hold.runId),
        (found) => found?.run.fence === hold.fence && found.run.state === state,
      ),
  }));
}

/** Calls about one run take turns with each other, and with no conversation's: no conversation has this id. */
export function orderOf(runId: string): string {
  return `\0run ${runId}`;
}

/** @throws SessionError `UNSUPPORTED` */
export function runsOf({ runs }: SessionBackend): RunVerbs {
  if (runs) return runs;
  throw new SessionError('UNSUPPORTED', 'This store keeps no runs: see supports.runs.');
}
