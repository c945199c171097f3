import { whenReady } from './awaitable.js';
import { backendFault } from './backend-fault.js';
import { countRead, countWritten } from './call-limits.js';
import type { RunCreation, RunEntry, RunVerbs, StoredRun } from './runs.js';

/** The verbs on runs with their answers looked at: see `checked`. */
export function checkedRuns(verbs: RunVerbs): RunVerbs {
  return {
    create: (run) => {
      countWritten([run], contentOf);
      return whenReady(verbs.create(run), checkCreation);
    },
    read: (runId) =>
      whenReady(verbs.read(runId), (answer) => {
        const found = checkRead(answer);
        if (found) countRead([found.run, ...found.entries], contentOf);
        return found;
      }),
    take: (run, lease) => whenReady(verbs.take(run, lease), checkTaken),
    write: (hold, entry) => {
      countWritten(entry ? [entry] : [], contentOf);
      return whenReady(verbs.write(hold, entry), (held) => checkFlag('write', held));
    },
    add: (run, entry) => {
      countWritten([entry], contentOf);
      return whenReady(verbs.add(run, entry), checkEntry);
    },
    settle: (settlement) => whenReady(verbs.settle(settlement), (done) => checkFlag('settle', done)),
    list: (query) => whenReady(verbs.list(query), (found) => countRead(checkList(found), contentOf)),
  };
}

const contentOf = ({ content }: { readonly content: string }) => content;

const RUN =
  '{ runId, sessionId, tenant, state, alone, fence, heldFor, createdAt, changedAt, content }: texts, of "alone" true or false, and of the fence and the times whole numbers';

function checkCreation(creation: unknown): RunCreation {
  const { outcome, run } = (creation ?? {}) as Partial<RunCreation>;
  if ((outcome === 'created' || outcome === 'found' || outcome === 'busy') && isRun(run))
    return { outcome, run };
  throw backendFault(
    'OUTCOME_UNKNOWN',
    `runs.create() must return "outcome", 'created', 'found' or 'busy', and a run ${RUN}.`,
  );
}

function checkRead(found: unknown): { run: StoredRun; entries: readonly RunEntry[] } | undefined {
  if (found === undefined) return undefined;
  const { run, entries } = (found ?? {}) as { run?: unknown; entries?: unknown };
  if (isRun(run) && Array.isArray(entries) && entries.every(isEntry)) return { run, entries };
  throw backendFault('DATABASE_ERROR', `runs.read() must return a run ${RUN} and "entries", or undefined.`);
}

function checkTaken(run: unknown): StoredRun | undefined {
  if (run === undefined || isRun(run)) return run;
  throw backendFault('OUTCOME_UNKNOWN', `runs.take() must return a run ${RUN}, or undefined.`);
}

function checkEntry(entry: unknown): RunEntry | undefined {
  if (entry === undefined || isEntry(entry)) return entry;
  throw backendFault('OUTCOME_UNKNOWN', 'runs.add() must return { key, content }, both texts, or undefined.');
}

function checkFlag(verb: string, flag: unknown): boolean {
  if (typeof flag === 'boolean') return flag;
  throw backendFault('OUTCOME_UNKNOWN', `runs.${verb}() must return true or false.`);
}

function checkList(found: unknown): readonly StoredRun[] {
  if (Array.isArray(found) && found.every(isRun)) return found;
  throw backendFault('DATABASE_ERROR', `runs.list() must return an array of runs ${RUN}.`);
}

function isRun(value: unknown): value is StoredRun {
  if (typeof value !== 'object' || value === null) return false;
  const { runId, sessionId, tenant, state, content, alone, fence, heldFor, createdAt, changedAt } =
    value as StoredRun;
  return (
    [runId, sessionId, tenant, state, content].every((text) => typeof text === 'string') &&
    typeof alone === 'boolean' &&
    [fence, heldFor, createdAt, changedAt].every(Number.isSafeInteger)
  );
}

function isEntry(value: unknown): value is RunEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { key, content } = value as RunEntry;
  return typeof key === 'string' && typeof content === 'string';
}
