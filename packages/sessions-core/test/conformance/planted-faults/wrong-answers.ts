import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that do the right thing, and answer something else than the port says. */
export const WRONG_ANSWERS: readonly PlantedFault[] = [
  {
    fault: 'fewer outcomes than batches',
    line: "return 'stored';\n        }),",
    becomes: "return 'stored';\n        }).slice(0, 1),",
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'more outcomes than batches',
    line: "return 'stored';\n        }),",
    becomes: "return 'stored';\n        }).concat('stored'),",
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'one outcome for all batches',
    line: "return 'stored';\n        }),",
    becomes: "return 'stored';\n        })[0],",
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'no outcomes',
    line: 'return locked(() =>\n        batches.map(',
    becomes: 'return locked(() => void\n        batches.map(',
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'an outcome that is no word of the port',
    line: "return 'stored';",
    becomes: "return 'ok';",
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'another word for a repetition',
    line: "return before === operation.digest ? 'repeated'",
    becomes: "return before === operation.digest ? 'duplicate'",
    fails: 'stores an operation once and tells repetition from conflict',
  },
  {
    fault: 'another word for a conflict',
    line: "'repeated' : 'conflict';",
    becomes: "'repeated' : 'refused';",
    fails: 'stores an operation once and tells repetition from conflict',
  },
  {
    fault: 'row ids that are numbers',
    line: 'const shown = ({ id, text }) => ({ id: String(id), text });',
    becomes: 'const shown = ({ id, text }) => ({ id, text });',
    fails: 'gives every row an id of its own, as text',
  },
  {
    fault: 'rows whose texts were parsed',
    line: 'const shown = ({ id, text }) => ({ id: String(id), text });',
    becomes: 'const shown = ({ id, text }) => ({ id: String(id), text: JSON.parse(text) });',
    fails: 'gives the newest rows, oldest first',
  },
  {
    fault: 'texts alone, without ids',
    line: 'older.slice(-limit)).map(shown);',
    becomes: 'older.slice(-limit)).map(({ text }) => text);',
    fails: 'gives every row an id of its own, as text',
  },
  {
    fault: 'the result of a driver in place of rows',
    line: 'return (limit === undefined ? older : older.slice(-limit)).map(shown);',
    becomes: 'return { rows: (limit === undefined ? older : older.slice(-limit)).map(shown) };',
    fails: 'gives the newest rows, oldest first',
  },
  {
    fault: 'nothing in place of no rows',
    line: 'return (limit === undefined ? older : older.slice(-limit)).map(shown);',
    becomes:
      'return older.length ? (limit === undefined ? older : older.slice(-limit)).map(shown) : undefined;',
    fails: 'gives the newest rows, oldest first',
  },
  {
    fault: 'null in place of no popped row',
    line: 'return row && shown(row);',
    becomes: 'return row ? shown(row) : null;',
    fails: 'removes and returns the newest row with its id',
  },
  {
    fault: 'popping answers how many rows went',
    line: 'return row && shown(row);',
    becomes: 'return row && 1;',
    fails: 'removes and returns the newest row with its id',
  },
  {
    fault: 'popping answers a list',
    line: 'return row && shown(row);',
    becomes: 'return row && [shown(row)];',
    fails: 'removes and returns the newest row with its id',
  },
  {
    fault: 'decide is shown rows whose ids are numbers',
    line: "(count === 'all' ? ofSession(sessionId) : ofSession(sessionId).slice(-count)).map(shown);",
    becomes: "(count === 'all' ? ofSession(sessionId) : ofSession(sessionId).slice(-count));",
    fails: 'shows the newest rows, oldest first, and more when asked',
  },
  {
    fault: 'decide is shown the record of an operation, and not its digest',
    line: 'operations.find((one) => one.sessionId === sessionId && one.id === id)?.digest;',
    becomes: 'operations.find((one) => one.sessionId === sessionId && one.id === id);',
    fails: 'records its operation with the patch, shows it later, and not after a refusal',
  },
  {
    fault: 'rows of sessions in place of their ids',
    line: 'return later.slice(0, limit);',
    becomes: 'return later.slice(0, limit).map((sessionId) => ({ sessionId }));',
    fails: 'gives every session once, also those whose ids are similar',
  },
  {
    fault: 'a list of ids in place of conversations',
    line: 'all.slice(start, start + limit);',
    becomes: 'all.slice(start, start + limit).map(({ id }) => id);',
    fails: 'a list in any order, read in pages, has each conversation of a beginning once',
  },
  {
    fault: 'conversations without the time that they are sorted by',
    line: 'all.slice(start, start + limit);',
    becomes: 'all.slice(start, start + limit).map(({ time, ...one }) => one);',
    fails: 'a list is sorted by the last change, or by the creation',
  },
  {
    fault: 'a count that is a text',
    line: 'count: (filter) => locked(() => filtered(filter).length),',
    becomes: 'count: (filter) => locked(() => String(filtered(filter).length)),',
    fails: 'those that changed after or before a time are listed and counted',
  },
  {
    fault: 'times that are texts',
    line: "return found && { ...described(found), time: '' };",
    becomes:
      "return found && { ...described(found), createdAt: new Date(found.createdAt).toISOString(), time: '' };",
    fails: 'get tells when a conversation began and changed, and nothing of one that is not there',
  },
  {
    fault: 'null in place of no conversation',
    line: "return found && { ...described(found), time: '' };",
    becomes: "return found ? { ...described(found), time: '' } : null;",
    fails: 'get tells when a conversation began and changed, and nothing of one that is not there',
  },
  {
    fault: 'a removal that tells only how many rows went',
    line: 'return removed;',
    becomes: 'return removed.messages;',
    fails: 'remove takes all rows of one conversation, and says how many',
  },
];
