import type { AgentInputItem } from '@openai/agents-core';
import { checkSessionId } from '../ids/session-id.js';
import { givenIds, tenantSessionId } from '../ids/tenant-id.js';
import type { ItemCodec } from '../items/item-codec.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import { isSessionError, type SessionError } from '../port/errors.js';
import type {
  NewRun,
  RunCreation,
  RunEntry,
  RunHold,
  RunName,
  RunQuery,
  RunSettlement,
  RunVerbs,
  StoredRun,
} from '../port/runs.js';
import type { SessionHost, SessionOperation } from '../session/session-host.js';
import { passedOver, readRun, runCodecId, shownId } from '../turns/pending-runs.js';
import { orderOf, runsOf } from './run-ending.js';
import { runCancelled, runLost, runNotFound } from './run-errors.js';
import type { RunContent } from './run-info.js';
import type { JournalStore } from './run-journal.js';

/** A run with all that is kept of it. */
export interface FoundRun {
  readonly run: StoredRun;
  readonly entries: readonly RunEntry[];
}

/** The verbs on runs, as calls of a store. */
export class RunStore implements JournalStore {
  readonly host: SessionHost;

  constructor(host: SessionHost) {
    this.host = host;
  }

  /** What the texts of a run are encrypted with: it stays the same where its conversation gets another id. */
  codec(runId: string): ItemCodec {
    return this.host.codec(runCodecId(runId));
  }

  /** What is kept of a run besides its steps. @throws SessionError `DECRYPTION_FAILED`, `CORRUPT_ITEM` */
  content(run: StoredRun): RunContent {
    return readRun(this.codec(run.runId), run) as RunContent;
  }

  /**
   * What is kept of a run; nothing, and a warning, where that cannot be read: it holds up no other run.
   *
   * @param told - The runs that were warned of.
   */
  readable(run: StoredRun, told: Set<string>): RunContent | undefined {
    try {
      return this.content(run);
    } catch (error) {
      if (!isSessionError(error) || (error.code !== 'CORRUPT_ITEM' && error.code !== 'DECRYPTION_FAILED'))
        throw error;
      if (!told.has(run.runId)) this.host.warn(passedOver(error, shownId(run)));
      told.add(run.runId);
      return undefined;
    }
  }

  /** The id that a run is stored under. @throws TypeError */
  storedId(runId: string, tenant: string | undefined = this.host.tenant): string {
    if (tenant !== undefined) return tenantSessionId(tenant, runId);
    checkSessionId(runId);
    return runId;
  }

  create(run: NewRun): Promise<RunCreation> {
    return this.#call('runs.create', run.runId, (verbs) => verbs.create(run));
  }

  read(runId: string): Promise<FoundRun | undefined> {
    return this.#call('runs.read', runId, (verbs) => verbs.read(runId));
  }

  /** @throws SessionError `NOT_FOUND` */
  async found(runId: string): Promise<FoundRun> {
    const found = await this.read(runId);
    if (!found) throw runNotFound(givenId(runId));
    return found;
  }

  take(run: RunName, lease: number): Promise<StoredRun | undefined> {
    return this.#call('runs.take', run.runId, (verbs) => verbs.take(run, lease));
  }

  write(hold: RunHold, entry?: RunEntry): Promise<boolean> {
    return this.#call('runs.write', hold.runId, (verbs) => verbs.write(hold, entry));
  }

  add(run: RunName, entry: RunEntry): Promise<RunEntry | undefined> {
    return this.#call('runs.add', run.runId, (verbs) => verbs.add(run, entry));
  }

  settle(settlement: RunSettlement): Promise<boolean> {
    return this.#call('runs.settle', settlement.runId, (verbs) => verbs.settle(settlement));
  }

  list(query: RunQuery): Promise<readonly StoredRun[]> {
    return this.#call('runs.list', '', (verbs) => verbs.list(query));
  }

  get store(): object {
    return this.host.store;
  }

  idsOf({ runId, sessionId }: RunHold): { runId: string; sessionId: string } {
    return { runId: givenId(runId), sessionId: givenId(sessionId) };
  }

  async whyLost({ runId }: RunHold): Promise<SessionError> {
    const found = await this.read(runId);
    const id = givenId(runId);
    return found?.run.state === 'cancelled' ? runCancelled(id) : runLost(id);
  }

  #call<T>(operation: SessionOperation, runId: string, work: (verbs: RunVerbs) => Awaitable<T>): Promise<T> {
    return this.host.perform(operation, () => ({
      storedId: orderOf(runId),
      work: (backend) => whenReady(work(runsOf(backend)), (result) => result),
    }));
  }
}

/** The id without its tenant. */
const givenId = (storedId: string) => givenIds(storedId).sessionId;

/** Ids that sort by the time at which they were made. */
export function newRunId(): string {
  const time = Date.now().toString(36).padStart(9, '0');
  return `run_${time}_${process.getBuiltinModule('node:crypto').randomUUID().replaceAll('-', '').slice(0, 20)}`;
}

export type RunInput = string | AgentInputItem[];

export function nameOf({ runId, sessionId }: StoredRun): RunName {
  return { runId, sessionId };
}
