import {
  type NewRun,
  now,
  type RunCreation,
  type RunEntry,
  type RunHold,
  type RunName,
  type RunQuery,
  type RunSettlement,
  type RunVerbs,
  type StoredRun,
} from '@stackone/sessions-core/backend';

interface KeptRun {
  run: Omit<StoredRun, 'heldFor' | 'alone'>;
  readonly alone: boolean;
  /** In ms, of a clock that only goes forward. */
  heldUntil: number;
  readonly entries: Map<string, RunEntry>;
}

/** Runs, in maps. */
export class MemoryRuns implements RunVerbs {
  readonly #runs = new Map<string, KeptRun>();
  readonly #refuseErased: (sessionId: string) => void;

  /** @param refuseErased - Throws for a conversation that was erased. */
  constructor(refuseErased: (sessionId: string) => void) {
    this.#refuseErased = refuseErased;
  }

  create({ alone, lease, was, ...run }: NewRun): RunCreation {
    const found = this.#runs.get(run.runId);
    if (found) return { outcome: 'found', run: shown(found) };
    const others = [...this.#runs.values()].filter((one) => one.run.sessionId === run.sessionId);
    const busy = alone ? others.find((one) => one.alone && isOpen(one)) : undefined;
    if (busy) return { outcome: 'busy', run: shown(busy) };
    this.#refuseErased(run.sessionId);
    const createdAt = Date.now();
    const kept: KeptRun = {
      run: { ...run, state: 'running', fence: 1, createdAt, changedAt: createdAt, ...was },
      alone,
      heldUntil: was ? 0 : now() + lease,
      entries: new Map(),
    };
    this.#runs.set(run.runId, kept);
    return { outcome: 'created', run: shown(kept) };
  }

  read(runId: string): { run: StoredRun; entries: RunEntry[] } | undefined {
    const kept = this.#runs.get(runId);
    return kept && { run: shown(kept), entries: [...kept.entries.values()] };
  }

  take({ runId, sessionId }: RunName, lease: number): StoredRun | undefined {
    const kept = this.#named(runId, sessionId);
    const isFree =
      kept?.run.state === 'waiting' || (kept?.run.state === 'running' && kept.heldUntil <= now());
    if (!kept || !isFree) return undefined;
    kept.heldUntil = now() + lease;
    kept.run = { ...kept.run, state: 'running', fence: kept.run.fence + 1, changedAt: Date.now() };
    return shown(kept);
  }

  write(hold: RunHold, entry?: RunEntry): boolean {
    const kept = this.#held(hold, hold.fence);
    if (!kept) return false;
    kept.heldUntil = now() + hold.lease;
    if (entry && !kept.entries.has(entry.key)) kept.entries.set(entry.key, entry);
    return true;
  }

  add({ runId, sessionId }: RunName, entry: RunEntry): RunEntry | undefined {
    const kept = this.#named(runId, sessionId);
    if (kept && !kept.entries.has(entry.key)) kept.entries.set(entry.key, entry);
    return kept?.entries.get(entry.key);
  }

  settle({ fence, state, content, ...name }: RunSettlement): boolean {
    const named = this.#named(name.runId, name.sessionId);
    const isReleased = fence === undefined && state === 'running';
    const isThere = named && (isReleased ? named.run.state === 'waiting' : isOpen(named));
    const kept = fence === undefined ? isThere && named : this.#held(name, fence);
    if (!kept) return false;
    kept.heldUntil = 0;
    kept.run = {
      ...kept.run,
      state,
      fence: fence ?? kept.run.fence + (isReleased ? 0 : 1),
      content: content ?? kept.run.content,
      changedAt: Date.now(),
    };
    return true;
  }

  list({ state, free, sessionId, tenant, after, limit }: RunQuery): StoredRun[] {
    return [...this.#runs.values()]
      .filter(({ run }) => run.state === state)
      .filter(({ heldUntil }) => !free || heldUntil <= now())
      .filter(({ run }) => sessionId === undefined || run.sessionId === sessionId)
      .filter(({ run }) => tenant === undefined || run.tenant === tenant)
      .filter(({ run }) => after === undefined || run.runId > after)
      .sort((one, other) => (one.run.runId < other.run.runId ? -1 : 1))
      .slice(0, limit)
      .map(shown);
  }

  /** @returns How many runs and steps went. */
  remove(sessionId: string): number {
    const own = [...this.#runs.values()].filter(({ run }) => run.sessionId === sessionId);
    for (const { run } of own) this.#runs.delete(run.runId);
    return rowsOf(own);
  }

  /** Forgets runs of some conversations that ended before a time, in ms since 1970. @returns How many runs and steps. */
  forget(isMeant: (sessionId: string) => boolean, endedBefore: number, atMost: number): number {
    const ended = [...this.#runs.values()]
      .filter((kept) => !isOpen(kept) && kept.run.changedAt < endedBefore && isMeant(kept.run.sessionId))
      .slice(0, atMost);
    for (const { run } of ended) this.#runs.delete(run.runId);
    return rowsOf(ended);
  }

  /** Whether a run of the conversation goes on. */
  hasOpen(sessionId: string): boolean {
    return [...this.#runs.values()].some((kept) => kept.run.sessionId === sessionId && isOpen(kept));
  }

  move(from: string, to: string): void {
    for (const kept of this.#runs.values())
      if (kept.run.sessionId === from) kept.run = { ...kept.run, sessionId: to };
  }

  sessionIds(): string[] {
    return [...this.#runs.values()].map(({ run }) => run.sessionId);
  }

  clear(): void {
    this.#runs.clear();
  }

  #named(runId: string, sessionId: string): KeptRun | undefined {
    const kept = this.#runs.get(runId);
    return kept?.run.sessionId === sessionId ? kept : undefined;
  }

  #held({ runId, sessionId }: RunName, fence: number): KeptRun | undefined {
    const kept = this.#named(runId, sessionId);
    const isHeld = kept?.run.state === 'running' && kept.run.fence === fence && kept.heldUntil > now();
    return isHeld ? kept : undefined;
  }
}

function rowsOf(runs: readonly KeptRun[]): number {
  return runs.reduce((sum, { entries }) => sum + 1 + entries.size, 0);
}

function isOpen({ run: { state } }: KeptRun): boolean {
  return state === 'running' || state === 'waiting';
}

function shown(kept: KeptRun): StoredRun {
  const { run, alone, heldUntil } = kept;
  return { ...run, alone: alone && isOpen(kept), heldFor: Math.round(heldUntil - now()) };
}
