import type { PlantedFault } from './fault.js';

const CLOSING = 'closing ??= Promise.all(underWay).then(() => undefined);';
const JOINED = 'new ToySession(sessionId, transaction)';
const PUBLISHED = "engine: 'toy', operation, ms,";

/** Faults of `toy-store.mjs` as a store. */
export const STORE_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a second open() refused',
    line: 'if (!open) await connect();\n      return store;',
    becomes: "if (open) throw new Error('open already');\n      await connect();\n      return store;",
    fails: 'open() gives the store, and may be called again',
  },
  {
    fault: 'calls before open() refused',
    line: 'if (!open) await connect();\n          return work();',
    becomes: "if (!open) throw new SessionError('NOT_OPEN', 'not open');\n          return work();",
    fails: 'the first call opens the store by itself, and calls that are made meanwhile keep their order',
  },
  {
    fault: 'a closed store goes on',
    line: 'if (closing && !transactions.has(locks)) return Promise.reject(closed());',
    becomes: '',
    fails: 'after close() every call fails with CLOSED',
  },
  {
    fault: 'a closed store forgets ids',
    line: 'return this.sessionId;',
    becomes: 'if (closing) throw closed();\n      return this.sessionId;',
    fails: 'getSessionId() works after close()',
  },
  {
    fault: 'close() does not wait',
    line: CLOSING,
    becomes: 'closing ??= Promise.resolve();',
    fails: 'close() waits for the calls under way',
  },
  {
    fault: 'calls accepted until close() is done',
    line: CLOSING,
    becomes:
      'if (!closing) return Promise.all(underWay).then(() => {\n        closing = Promise.resolve();\n      });',
    fails: 'a call made while the store closes fails with CLOSED',
  },
  {
    fault: 'a second close() refused',
    line: CLOSING,
    becomes: `if (closing) throw closed();\n      ${CLOSING}`,
    fails: 'close() may be called again, and on a store that was never opened',
  },
  {
    fault: 'await using closes nothing',
    line: '[Symbol.asyncDispose]: () => store.close(),',
    becomes: '[Symbol.asyncDispose]: async () => {},',
    fails: 'await using closes the store',
  },
  {
    fault: 'close() ends what others use',
    line: CLOSING,
    becomes: `database.rows = [];\n      ${CLOSING}`,
    fails: 'closing one store leaves another over the same conversations open',
  },
  {
    fault: 'making a session needs the database',
    line: 'this.#place = place;',
    becomes:
      "this.#place = place;\n      if (!place.reachable) throw new SessionError('CONNECTION_FAILED', 'out of reach');",
    fails: 'making a store and its sessions asks nothing of the database',
  },
  {
    fault: "the driver's own error",
    line: "throw new SessionError('CONNECTION_FAILED', 'The database is out of reach.');",
    becomes: "throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });",
    fails: 'a database out of reach is a SessionError of every call that needs it',
  },
  {
    fault: 'a failed opening kept for ever',
    line: 'async function connect() {',
    becomes: `let connected;
  const connect = () => (connected ??= connectOnce());
  async function connectOnce() {`,
    fails: 'a failed opening is forgotten, and the next call tries again',
  },

  {
    fault: 'an order for each object',
    line: 'locks: this.#place.locks }',
    becomes: 'locks: (this.locks ??= new Map()) }',
    fails: 'calls of several objects of one id take effect in the order in which they were made',
  },
  {
    fault: 'a failed call fails all that follow',
    line: 'result.catch(() => undefined)',
    becomes: 'result',
    fails: 'a call that fails does not hold up the next one',
  },
  {
    fault: 'ids looked at by the first call',
    line: 'checkSessionId(sessionId);',
    becomes: '',
    fails: 'a bad id is a TypeError of session() itself',
  },
  {
    fault: 'arguments looked at when their turn comes',
    line: 'const work = prepare();',
    becomes: 'const work = () => prepare()();',
    fails: 'mistakes in the arguments are told before the database is needed',
  },
  {
    fault: 'words of its own',
    line: "'Unsupported session history transaction type.'",
    becomes: "'Unknown type.'",
    fails: 'history transactions are refused with a SessionError in the words of the SDK, without data',
  },
  {
    fault: 'another class of error',
    line: "throw new TypeError('An operation id",
    becomes: "throw new RangeError('An operation id",
    fails: 'a blank operation id is a TypeError, one that was used for other items is OPERATION_CONFLICT',
  },
  {
    fault: 'a session that shows its rows',
    line: 'this.#place = place;',
    becomes: 'this.#place = place;\n      this.place = place;',
    fails: 'inspecting a store or a session shows no items',
  },

  {
    fault: 'a manifest that promises more than the open store can do',
    line: 'open = true;',
    becomes: 'open = true;\n    supports.operations = false;',
    fails: 'the manifest is the one that was promised, before the store is open and after',
  },
  {
    fault: 'a manifest that promises operation ids',
    line: 'const add = () => this.#insert(texts);',
    becomes:
      "if (operationId !== undefined) throw new SessionError('UNSUPPORTED', 'none');\n        const add = () => this.#insert(texts);",
    fails: 'addItems takes an operation id, or fails with UNSUPPORTED, as supports.operations says',
  },
  {
    fault: 'with() before the store is open',
    line: "if (!open) throw new SessionError('NOT_OPEN', 'Open the store before the transaction begins.');",
    becomes: '',
    fails: 'with() before the store is open is refused, with NOT_OPEN where opening helps',
  },
  {
    fault: 'with() on a closed store',
    line: 'if (closing) throw closed();\n      if (!open) throw',
    becomes: 'if (!open) throw',
    fails: 'with() is refused with CLOSED when the store is closed',
  },
  {
    fault: 'a manifest that promises transactions',
    line: `return { session: (sessionId) => ${JOINED} };`,
    becomes: "throw new SessionError('UNSUPPORTED', 'none');",
    fails: 'with() is refused with UNSUPPORTED exactly where supports.transactions is false',
  },

  {
    fault: 'only the first row is told',
    line: 'warn(row, fate);\n',
    becomes: 'if (!warn.told) warn(row, fate);\n      warn.told = true;\n',
    fails: 'reading tells of every row that is not an item, by the id of the row',
  },
  {
    fault: 'removed rows told as skipped',
    line: "const item = decoded(row, 'removed');",
    becomes: "const item = decoded(row, 'skipped');",
    fails: 'popping tells of the rows that it removed',
  },
  {
    fault: 'A12: a warning with the text of the row',
    line: 'message: `The row ${row.id} was ${fate}.`',
    becomes: 'message: `The row ${row.text} was ${fate}.`',
    fails: 'a warning shows nothing of what is in the row',
  },
  {
    fault: 'listeners for ever',
    line: 'off: (event, listener) => events.off(event, listener),',
    becomes: 'off: () => {},',
    fails: 'a listener that off() took away hears nothing',
  },

  {
    fault: 'calls published twice',
    line: 'result.then(() => tell(), tell)',
    becomes: 'result.then(() => { tell(); tell(); }, tell)',
    fails: 'every call is published once, with its method',
  },
  {
    fault: 'messages without a time',
    line: PUBLISHED,
    becomes: "engine: 'toy', operation,",
    fails: 'a message has the name of the engine and the time in ms',
  },
  {
    fault: 'failures all called the same',
    line: 'error: error.code ?? error.name',
    becomes: 'error: error.name',
    fails: 'a failed call is published with the code of its error',
  },
  {
    fault: 'a write that failed told as stored',
    line: "error ? 'unwritten' : 'stored'",
    becomes: "'stored'",
    fails: 'a message says whether what was to be written is stored',
  },
  {
    fault: 'A12: messages with the id of the conversation',
    line: PUBLISHED,
    becomes: `${PUBLISHED} sessionId,`,
    fails: 'messages show no item and no id of a conversation',
  },

  {
    fault: 'a turn left out of the commit',
    line: JOINED,
    becomes: 'new ToySession(sessionId, { ...transaction, rows: [...transaction.rows] })',
    fails: 'a turn commits with the transaction',
  },
  {
    fault: 'a turn outside of the transaction',
    line: JOINED,
    becomes: 'new ToySession(sessionId, database)',
    fails: 'a turn rolls back with the transaction',
  },
  {
    fault: 'rows removed outside of the transaction',
    line: 'this.#place.rows = this.#place.rows.filter((row) => !rows.includes(row));',
    becomes:
      'for (const place of [this.#place, database]) place.rows = place.rows.filter((row) => !rows.includes(row));',
    fails: 'popping rolls back with the transaction',
  },
  {
    fault: 'clearing outside of the transaction',
    line: 'this.#remove(this.#rows());\n        this.#place.operations',
    becomes:
      'database.rows = database.rows.filter((row) => row.sessionId !== this.sessionId);\n        this.#place.operations',
    fails: 'clearing rolls back with the transaction',
  },
  {
    fault: 'compaction outside of the transaction',
    line: 'this.#remove(this.#rows());\n          this.#insertNow(texts);',
    becomes:
      'database.rows = database.rows.filter((row) => row.sessionId !== this.sessionId);\n          this.#insertNow(texts);',
    fails: 'compaction rolls back with the transaction',
  },
  {
    fault: 'a transaction that sees nothing of what was there',
    line: JOINED,
    becomes: 'new ToySession(sessionId, { ...transaction, rows: [] })',
    fails: 'reading shows what the transaction may see',
  },
];
