import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with erasure. */
export const ERASING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a removal of the newest items',
    line: 'const oldest = meant.slice(0, atMost);',
    becomes: 'const oldest = meant.slice(-atMost);',
    fails: 'removeSome takes the oldest items step by step, and in the last step all that is left',
  },
  {
    fault: 'a removal that ends too early',
    line: 'return { removed, isDone: false };',
    becomes: 'return { removed, isDone: true };',
    fails: 'removeSome takes the oldest items step by step, and in the last step all that is left',
  },
  {
    fault: 'an append that looks at no refusal',
    line: 'for (const batch of batches) refuseErased(batch.sessionId); // before anything is stored',
    becomes: '',
    fails: 'no call makes a conversation that is refused, and nothing is written',
  },
  {
    fault: 'a description that makes what is refused',
    line: 'if (description && make) refuseErased(sessionId); // a description',
    becomes: '',
    fails: 'no call makes a conversation that is refused, and nothing is written',
  },
  {
    fault: 'usage that is recorded of what is refused',
    line: 'refuseErased(sessionId); // usage',
    becomes: '',
    fails: 'no call makes a conversation that is refused, and nothing is written',
  },
  {
    fault: 'a copy that makes what is refused',
    line: 'refuseErased(to); // a copy',
    becomes: '',
    fails: 'no call makes a conversation that is refused, and nothing is written',
  },
  {
    fault: 'an edit that makes what is refused',
    line: 'if (operation || append.length > 0) refuseErased(sessionId); // an edit',
    becomes: '',
    fails: 'no call makes a conversation that is refused, and nothing is written',
  },
  {
    fault: 'an append that stores what comes before the refused one',
    line: 'for (const batch of batches) refuseErased(batch.sessionId); // before anything is stored',
    becomes: 'refuseErased(sessionId);',
    fails: 'of several sessions in one append none is stored where one is refused',
  },
  {
    fault: 'an edit that is refused whatever it does',
    line: 'if (operation || append.length > 0) refuseErased(sessionId); // an edit',
    becomes: 'refuseErased(sessionId);',
    fails: 'what makes nothing is not refused',
  },
  {
    fault: 'a refusal for ever',
    line: 'if (refusals.get(sessionId) > Date.now()) throw erased();',
    becomes: 'if (refusals.has(sessionId)) throw erased();',
    fails: 'a refusal ends, and a longer one is not made shorter',
  },
  {
    fault: 'a refusal that is made shorter',
    line: 'Math.max(refusals.get(sessionId) ?? 0, Date.now() + milliseconds)',
    becomes: 'Date.now() + milliseconds',
    fails: 'a refusal ends, and a longer one is not made shorter',
  },
];

/** Faults of `toy-store.mjs` that have to do with erasure. */
export const STORE_ERASING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'items that are not counted',
    line: 'erased.removed.messages += messages;',
    becomes: '',
    fails: 'an erasure says what it removed, and leaves the others',
  },
  {
    fault: 'refusals that nobody looks at',
    line: 'if (database.refusals.get(this.sessionId) > Date.now())',
    becomes: 'if (false)',
    fails: 'an erased conversation takes no late turn, from no store, and every other one does',
  },
  {
    fault: 'a deletion that always refuses',
    line: 'delete: (id, { refuseFor = 0 } = {}) => {',
    becomes: 'delete: (id, { refuseFor = 60_000 } = {}) => {',
    fails: 'a conversation that was deleted begins anew, unless it is to be refused',
  },
  {
    fault: 'an erasure that overtakes the turns before it',
    line: "await perform('sessions.delete', { sessionId: wanted, locks: database.locks }, work);",
    becomes: "await perform('sessions.delete', { sessionId: wanted, locks: new Map() }, work);",
    fails: 'turns that were added before an erasure are stored before it',
  },
  {
    fault: 'an erasure of another tenant',
    line: "if (tenant !== undefined && (whose ?? tenant) !== tenant) throw new TypeError('Another tenant.');",
    becomes: '',
    fails: 'a tenant erases its own conversations only, all of them or some',
  },
  {
    fault: 'an erasure of nothing in particular',
    line: 'if (!isRight || (ids === undefined) === (whose === undefined) || !Array.isArray(ids ?? []))',
    becomes: 'if (false)',
    fails: 'what no erasure can be is a TypeError, and after close() it is CLOSED',
  },
];
