import type { AgentInputItem } from '@openai/agents-core';
import { givenIds } from '../ids/tenant-id.js';
import { decodeItem, type ItemCodec, opened } from '../items/item-codec.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import type { StoredRun } from '../port/runs.js';

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

/** What a text of a run says. @throws SessionError `DECRYPTION_FAILED` */
export function readValue(codec: ItemCodec, content: string): unknown {
  const { value } = decodeItem(opened(codec, content)) as { value?: unknown };
  return value;
}

/** The id of a run, as it was given. */
export function shownId({ runId, tenant }: Pick<StoredRun, 'runId' | 'tenant'>): string {
  return tenant === '' ? runId : givenIds(runId).sessionId;
}

/** The runs of a conversation that have not ended, the oldest first. None where the backend keeps no runs. */
export function pendingRuns(
  { runs, supports }: SessionBackend,
  sessionId: string,
  codecOf: (id: string) => ItemCodec,
): Awaitable<readonly PendingRun[]> {
  if (!runs || !supports.runs) return [];
  const shown = (run: StoredRun): PendingRun => {
    const { input } = readValue(codecOf(runCodecId(run.runId)), run.content) as {
      input: string | AgentInputItem[];
    };
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
      return [...open.values()].map(shown).sort((one, other) => +one.createdAt - +other.createdAt);
    }),
  );
}
