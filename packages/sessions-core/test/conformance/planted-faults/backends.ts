import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs`. */
export const BACKEND_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'operations that are never forgotten',
    line: 'operations = operations.filter((one) => one.sessionId !== sessionId || one.at >= oldest);',
    becomes: '',
    fails: 'recording an operation forgets the older ones of its session, if it says so',
  },
  {
    fault: 'old operations of all sessions forgotten',
    line: '(one) => one.sessionId !== sessionId || one.at >= oldest',
    becomes: '(one) => one.at >= oldest',
    fails: 'recording an operation forgets the older ones of its session, if it says so',
  },
  {
    fault: 'old operations forgotten before they are looked up',
    line: 'batches.map(({ sessionId, texts, operation }) => {',
    becomes:
      'batches.map(({ sessionId, texts, operation }) => {\n' +
      '          const oldest = Date.now() - (operation?.forgetOlderThan ?? Infinity) * 1000;\n' +
      '          operations = operations.filter((one) => one.sessionId !== sessionId || one.at >= oldest);',
    fails: 'an operation that is repeated late is not forgotten by its own repetition',
  },
  {
    fault: 'only the first batch is stored',
    line: 'batches.map(({ sessionId, texts, operation }) => {',
    becomes:
      'batches.map(({ sessionId, texts, operation }, index) => {\n          if (index > 0) return "stored";',
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'ids that repeat',
    line: 'for (const text of texts) rows.push({ id: ++lastId, sessionId, text, createdAt: Date.now() });',
    becomes:
      '++lastId;\n    for (const text of texts) rows.push({ id: lastId, sessionId, text, createdAt: Date.now() });',
    fails: 'gives every row an id of its own, as text',
  },
  {
    fault: 'ids of removed rows that are used again',
    line: 'for (const text of texts) rows.push({ id: ++lastId, sessionId, text, createdAt: Date.now() });',
    becomes:
      'for (const text of texts) rows.push({ id: Math.max(0, ...rows.map(({ id }) => id)) + 1, sessionId, text, createdAt: Date.now() });',
    fails: 'gives no id again, not even that of a row that was removed',
  },
  {
    fault: 'operations not recorded',
    line: 'if (operation) record(sessionId, operation);',
    becomes: '',
    fails: 'stores an operation once and tells repetition from conflict',
  },
  {
    fault: 'another change under the same operation id passes for a repetition',
    line: "return before === operation.digest ? 'repeated' : 'conflict';",
    becomes: "return 'repeated';",
    fails: 'stores an operation once and tells repetition from conflict',
  },
  {
    fault: 'operation ids shared by all sessions',
    line: 'operations.find((one) => one.sessionId === sessionId && one.id === id)',
    becomes: 'operations.find((one) => one.id === id)',
    fails: 'keeps the operations of two sessions apart',
  },
  {
    fault: 'the oldest rows instead of the newest',
    line: 'return (limit === undefined ? older : older.slice(-limit)).map(shown);',
    becomes: 'return (limit === undefined ? older : older.slice(0, limit)).map(shown);',
    fails: 'gives the newest rows, oldest first',
  },
  {
    fault: 'a page repeats its border',
    line: 'row.id < Number(before));',
    becomes: 'row.id <= Number(before));',
    fails: 'pages backwards from a row, which may be gone by then',
  },
  {
    fault: 'popping without removing',
    line: 'rows = rows.filter((one) => one !== row);',
    becomes: '',
    fails: 'removes and returns the newest row with its id',
  },
  {
    fault: 'popping chooses its row before it waits for the lock',
    line: 'return locked(() => {\n        const row = ofSession(sessionId).at(-1);',
    becomes: 'const row = ofSession(sessionId).at(-1);\n      return locked(() => {',
    fails: 'a pop and an edit at the same time take effect one after the other',
  },
  {
    fault: 'no more rows when decide needs them',
    line: "while ('need' in patch) patch = decide(newest(sessionId, patch.need), before, patch.need);",
    becomes: "while ('need' in patch) patch = decide(newest(sessionId, last), before, patch.need);",
    fails: 'shows the newest rows, oldest first, and more when asked',
  },
  {
    fault: 'decide is told how many rows were asked for at first',
    line: 'before, patch.need);',
    becomes: 'before, last);',
    fails: 'shows the newest rows, oldest first, and more when asked',
  },
  {
    fault: 'an update moves its row to the end',
    line: 'if (mine(row) && String(row.id) === id) row.text = text;',
    becomes: 'if (mine(row) && String(row.id) === id) Object.assign(row, { text, id: ++lastId });',
    fails: 'removes, updates in place and appends',
  },
  {
    fault: 'clears after it appended',
    line: 'insert(sessionId, append);',
    becomes: 'insert(sessionId, append);\n        if (clear) rows = rows.filter((row) => !mine(row));',
    fails: 'clears before it appends',
  },
  {
    fault: 'rows found by id alone',
    line: 'const mine = (row) => row.sessionId === sessionId;',
    becomes: 'const mine = () => true;',
    fails: 'changes nothing of other sessions',
  },
  {
    fault: 'an edit of an unknown session does nothing',
    line: 'const { clear, remove = [], update = [], append = [] } = patch;',
    becomes:
      'if (!rows.some((row) => row.sessionId === sessionId) && !operation) return;\n        const { clear, remove = [], update = [], append = [] } = patch;',
    fails: 'makes a session that appends, also if it was not there',
  },
  {
    fault: "decide's refusal is wrapped",
    line: 'return locked(() => {\n        const before = operation && recorded(sessionId, operation.id);\n        let patch = decide(newest(sessionId, last), before, last);',
    becomes:
      'return locked(() => {\n        const before = operation && recorded(sessionId, operation.id);\n        let patch;\n        try { patch = decide(newest(sessionId, last), before, last); } catch (error) { throw new Error("failed", { cause: error }); }',
    fails: 'what decide throws cancels it and reaches the caller unchanged',
  },
  {
    fault: 'edits read before they wait for the lock',
    line: 'edit(sessionId, last, decide, operation) {',
    becomes:
      'edit(sessionId, last, decide, operation) {\n      const early = newest(sessionId, last);\n      const decideLater = decide;\n      decide = (rows, digest, asked) => decideLater(rows.length > 1 ? early : rows, digest, asked);',
    fails: 'edits of one session do not overlap',
  },
  {
    fault: 'an operation recorded before decide had its say',
    line: 'let patch = decide(newest(sessionId, last), before, last);',
    becomes:
      'if (operation && before === undefined) operations.push({ sessionId, ...operation });\n        let patch = decide(newest(sessionId, last), before, last);',
    fails: 'records its operation with the patch, shows it later, and not after a refusal',
  },
  {
    fault: 'an operation without changes is not recorded',
    line: 'if (operation && before === undefined) record(sessionId, operation);',
    becomes:
      'if (operation && before === undefined && append.length) operations.push({ sessionId, ...operation });',
    fails: 'records an operation that changes nothing',
  },
  {
    fault: 'clearing keeps the operations',
    line: 'operations = operations.filter((one) => one.sessionId !== sessionId);',
    becomes: '',
    fails: 'forgets the operations of the session',
  },
  {
    fault: 'ids that differ in case are listed as one',
    line: 'const ids = [...new Set([...known, ...descriptions.keys()])].sort();',
    becomes:
      'const ids = [...new Map(rows.map(({ sessionId }) => [sessionId.toLowerCase(), sessionId])).values()].sort();',
    fails: 'gives every session once, also those whose ids are similar',
  },
  {
    fault: 'a page begins with the last session of the page before',
    line: 'id > after);',
    becomes: 'id >= after);',
    fails: 'a page begins after the given session, and has no more sessions than were asked for',
  },
  {
    fault: 'pages without a limit',
    line: 'return later.slice(0, limit);',
    becomes: 'return later;',
    fails: 'a page begins after the given session, and has no more sessions than were asked for',
  },
  {
    fault: 'clearing keeps the rows',
    line: 'rows = rows.filter((row) => row.sessionId !== sessionId);',
    becomes: '',
    fails: 'a session that was cleared is not listed',
  },
];
