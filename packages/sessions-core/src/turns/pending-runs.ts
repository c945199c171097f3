import type { AgentInputItem } from '@openai/agents-core';
import { givenIds } from '../ids/tenant-id.js';
import { decodeItem, type ItemCodec, opened } from '../items/item-codec.js';
import type { RowReaderHost } from '../items/row-reader.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { isSessionError, SessionError } from '../port/errors.js';
import { isList, isOptionsObject } from '../port/options.js';
import type { StoredRun } from '../port/runs.js';
import type { SessionWarning } from '../port/warnings.js';

/** A run of a conversation that has not ended: nothing of it is among the items yet. */
export interface PendingRun {
  readonly runId: string;
  /** `waiting`: for decisions of people. */
  readonly state: 'running' | 'waiting';
  readonly createdAt: Date;
  /** What the run was given, as items: mostly the user's message. */
  readonly input: readonly AgentInputItem[];
}

/** How many of each state are looked at. */
const AT_MOST = 100;

/** The id that the texts of a run are encrypted under: it stays the same where its conversation gets another one. */
export function runCodecId(runId: string): string {
  return `$run:${runId}`;
}

/**
 * What a text of a run says.
 *
 * @param runId - The id of the run, as it was given.
 * @throws SessionError `DECRYPTION_FAILED`; `CORRUPT_ITEM` for a text that no store wrote.
 */
export function readValue(codec: ItemCodec, content: string, runId?: string): unknown {
  const text = opened(codec, content);
  try {
    const { value } = decodeItem(text) as { value?: unknown };
    return value;
  } catch {
    throw corruptRun(runId); // what a parser says shows a part of the text
  }
}

/** What is kept of a run besides its steps, as far as it is looked at before it goes on. */
interface KeptRun {
  readonly input: string | AgentInputItem[];
  readonly agent: string;
  readonly calls?: readonly { readonly callId: string }[];
}

/** What is kept of a run. @throws SessionError `DECRYPTION_FAILED`; `CORRUPT_ITEM` where another program wrote it. */
export function readRun(codec: ItemCodec, run: StoredRun): KeptRun {
  const kept = readValue(codec, run.content, shownId(run));
  if (isOptionsObject(kept)) {
    const { input, agent, calls = [] } = kept;
    const hasInput = typeof input === 'string' || (isList(input) && input.every(isOptionsObject));
    if (hasInput && typeof agent === 'string' && isList(calls) && calls.every(isOptionsObject))
      return kept as unknown as KeptRun;
  }
  throw corruptRun(shownId(run));
}

function corruptRun(runId: string | undefined): SessionError {
  const message =
    'What the database has of a run is not what a store writes. Delete its rows, or its conversation.';
  return new SessionError('CORRUPT_ITEM', message, { runId });
}

/**
 * Runs as `shown` shows them, without those that no store wrote, of which the store warns; where `onCorruptItem` is `throw`, such a
 * one is an error.
 */
export function readableRuns<Shown>(
  runs: readonly StoredRun[],
  { onCorruptItem, warn }: RowReaderHost,
  shown: (run: StoredRun) => Shown,
): Shown[] {
  return runs.flatMap((run) => {
    try {
      return [shown(run)];
    } catch (error) {
      if (!isSessionError(error) || error.code !== 'CORRUPT_ITEM' || onCorruptItem === 'throw') throw error;
      warn(passedOver(error, shownId(run)));
      return [];
    }
  });
}

/** What the store says of a run that it passes over. */
export function passedOver({ code, message }: SessionError, runId: string): SessionWarning {
  return { code: code as SessionWarning['code'], message: `${message} It was passed over.`, runId };
}

/** The id of a run, as it was given. */
export function shownId({ runId, tenant }: Pick<StoredRun, 'runId' | 'tenant'>): string {
  return tenant === '' ? runId : givenIds(runId).sessionId;
}

/** The runs of a conversation that have not ended, the oldest first. None where the backend keeps no runs. */
export function pendingRuns(
  { runs, supports }: SessionBackend,
  sessionId: string,
  host: RowReaderHost & { codec(id: string): ItemCodec },
): Awaitable<readonly PendingRun[]> {
  if (!runs || !supports.runs) return [];
  const shown = (run: StoredRun): PendingRun => {
    const { input } = readRun(host.codec(runCodecId(run.runId)), run);
    return {
      runId: shownId(run),
      state: run.state as PendingRun['state'],
      createdAt: new Date(run.createdAt),
      // as the SDK stores a text
      input: typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input,
    };
  };
  return whenReady(runs.list({ state: 'running', sessionId, limit: AT_MOST }), (running) =>
    whenReady(runs.list({ state: 'waiting', sessionId, limit: AT_MOST }), (waiting) => {
      // one that came to wait between was seen twice
      const open = new Map([...running, ...waiting].map((run) => [run.runId, run]));
      return readableRuns([...open.values()], host, shown).sort(
        (one, other) => +one.createdAt - +other.createdAt,
      );
    }),
  );
}
