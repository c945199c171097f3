import type { PlantedFault } from './fault.js';

/** Faults of `toy-store.mjs` that have to do with the transactions that it begins. */
export const OWN_TRANSACTION_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a transaction that never commits',
    line: 'Object.assign(database, { rows: inside.rows, lastId: inside.lastId });',
    becomes: '',
    fails: 'the turns of several conversations commit together',
  },
  {
    fault: 'calls inside that take effect at once',
    line: 'const inside = { ...database, rows, locks: new Map() };',
    becomes: 'const inside = database;',
    fails: 'what the callback throws rolls everything back, and reaches the caller as it is',
  },
  {
    fault: 'a commit before all calls are done',
    line: 'await Promise.all(inside.locks.values());',
    becomes: '',
    fails: 'calls that nobody waits for are inside, and none is taken after the end',
  },
  {
    fault: 'calls after the end',
    line: "if (over) throw new SessionError('NOT_OPEN', 'The transaction is over.');",
    becomes: '',
    fails: 'calls that nobody waits for are inside, and none is taken after the end',
  },
  {
    fault: 'close() that does not wait for transactions',
    line: 'const ended = Promise.allSettled([result]).then(() => underWay.delete(ended));\n      underWay.add(ended);',
    becomes: '',
    fails: 'close() waits for a transaction, and a closed store begins none',
  },
];
