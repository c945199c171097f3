import type { PlantedFault } from './fault.js';

/** Faults of `toy-store.mjs` in what ends a call. */
export const CALL_LIMIT_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'popping does not know of signals',
    line: 'popItem: 1, clearSession: 1 }',
    becomes: 'clearSession: 1 }',
    fails: 'a signal that was aborted before lets no call begin',
  },
  {
    fault: 'what was ended in the queue is sent all the same',
    line: 'begin?.();\n',
    becomes: 'if (!locks.has(sessionId)) begin?.();\n',
    fails: 'a call that is ended while it waits for another is ABORTED, and is not made later',
  },
  {
    fault: '"nothing was written" of a statement that is under way',
    line: "writes && stage === 'statement' ? 'OUTCOME_UNKNOWN' : 'ABORTED'",
    becomes: "'ABORTED'",
    fails: 'a call that was ABORTED has stored nothing, whenever its signal came',
  },
  {
    fault: 'any limits taken',
    line: "throw new TypeError('A limit is",
    becomes: "new TypeError('A limit is",
    fails: 'limits of another form are a TypeError, and nothing is stored',
  },
  {
    fault: "an application's transaction whose calls do not know of signals",
    line: 'new ToySession(sessionId, transaction)',
    becomes: '{ addItems: (items) => new ToySession(sessionId, transaction).addItems(items) }',
    fails: 'inside a transaction of the application a call whose signal was aborted does nothing',
  },
  {
    fault: "a store's transaction whose calls do not know of signals",
    line: 'return target[name](...args);',
    becomes: 'return target[name](args[0]);',
    fails:
      'inside a transaction of the store a call whose signal was aborted does nothing, and the others commit',
  },
];
