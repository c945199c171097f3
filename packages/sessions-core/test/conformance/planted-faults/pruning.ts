import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with what is old. */
export const PRUNING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a removal of what has changed',
    line: 'if (isKept) return { removed: nothing, isDone: true };',
    becomes: '',
    fails: 'removeSome leaves a conversation that has changed, decided by the database',
  },
  {
    fault: 'a removal of a part',
    line: 'if (whole && meant.length > atMost) return { removed: nothing, isDone: false };',
    becomes: '',
    fails: 'removeSome removes nothing where the whole is more than it may remove',
  },
  {
    fault: 'a removal of what stands behind',
    line: 'const meant = ofSession(sessionId).filter(({ id }) => id < Number(before));',
    becomes: 'const meant = ofSession(sessionId);',
    fails: 'removeSome takes what stands before a row, and the conversation stays as old as it was',
  },
  {
    fault: 'operations that are forgotten whatever their age',
    line: 'one.sessionId.startsWith(prefix) && one.at < oldest',
    becomes: 'one.sessionId.startsWith(prefix)',
    fails: 'forget removes operations and refusals whose time is over, of the conversations that are meant',
  },
  {
    fault: 'a lease for everybody',
    line: 'if (!held && leases.get(name) > Date.now()) return false;',
    becomes: '',
    fails: 'a lease has one holder until its time is over',
  },
];

/** Faults of `toy-store.mjs` that have to do with `prune`. */
export const STORE_PRUNING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'conversations that go whatever their age',
    line: 'const isOld = olderThan && rows.every(({ createdAt }) => createdAt < olderThan);',
    becomes: 'const isOld = olderThan !== undefined;',
    fails: 'prune removes the conversations that are old, of its tenant only',
  },
  {
    fault: 'one step for everything',
    line: 'if (isLast || index % batchSize === batchSize - 1) await onProgress?.(done);',
    becomes: 'if (isLast) await onProgress?.(done);',
    fails: 'a long conversation goes in steps of the size that is given',
  },
  {
    fault: 'a beginning that is no user message',
    line: "if (items[at].role !== 'user') continue;",
    becomes: '',
    fails: 'keep leaves the newest turns or items, beginning with a user message',
  },
  {
    fault: 'a result whose call is gone',
    line: 'if (!isEnough || !left.every((one, index) => hasPartner(left, one, index))) continue;',
    becomes: 'if (!isEnough) continue;',
    fails: 'keep parts no call from its result',
  },
  {
    fault: 'a signal that nobody looks at',
    line: 'if (signal?.aborted) throw signal.reason;',
    becomes: '',
    fails: 'what no pruning can be is a TypeError, a signal ends it, and after close() it is CLOSED',
  },
];
