import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with copies of conversations. */
export const COPYING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a copy in another order',
    line: 'insert(to, texts.slice(0, upTo));',
    becomes: 'insert(to, texts.slice(0, upTo).reverse());',
    fails: 'copy makes another conversation of all items in their order, and leaves the first as it is',
  },
  {
    fault: 'a copy that is told as it was before it was described',
    line: 'if (!move) return shownOf(to);',
    becomes: 'if (!move) return { ...shownOf(to), description: undefined };',
    fails: 'copy makes another conversation of all items in their order, and leaves the first as it is',
  },
  {
    fault: 'a copy of the newest items',
    line: 'insert(to, texts.slice(0, upTo));',
    becomes: 'insert(to, upTo === undefined ? texts : texts.slice(-upTo));',
    fails: 'copy takes the oldest items along, as many as it is told',
  },
  {
    fault: 'a moved conversation that is new',
    line: 'Object.assign(sessions.at(-1), source, { id: to });',
    becomes: '',
    fails: 'a conversation that is moved has another id, and its times',
  },
  {
    fault: 'copies of items that are new',
    line: 'for (const [at, row] of ofSession(to).entries()) row.createdAt = times[at];',
    becomes: '',
    fails: 'items that are copied or moved keep their times',
  },
  {
    fault: 'operations that stay behind',
    line: 'for (const one of operations) if (one.sessionId === from) one.sessionId = to;',
    becomes: '',
    fails: 'operations go along with a conversation that is moved, and not with a copy',
  },
  {
    fault: 'a description that is written over',
    line: " || descriptions.has(to)) return 'taken';",
    becomes: ") return 'taken';",
    fails: 'what is not there is missing, what is there is taken, and nothing changes',
  },
  {
    fault: 'a description that keeps its text',
    line: '{ ...description, text: rewrite(description.text) }',
    becomes: 'description',
    fails: 'texts are rewritten on the way, or nothing is copied',
  },
];

/** Faults of `toy-store.mjs` that have to do with `fork` and `rename`. */
export const STORE_COPYING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a fork of all items',
    line: 'rows.slice(0, upTo).map',
    becomes: 'rows.map',
    fails: 'a fork has the items up to a place, and goes its own way',
  },
  {
    fault: 'a copy that overtakes the calls before it',
    line: '{ sessionId: from, locks: database.locks }, () => work',
    becomes: '{ sessionId: from, locks: new Map() }, () => work',
    fails: 'a renamed conversation is there under its new id alone, in the order of the calls for either',
  },
  {
    fault: 'a copy onto what is there',
    line: "if (known().includes(to)) throw new SessionError('SESSION_EXISTS', 'The other one is there.');",
    becomes: '',
    fails: 'what is not there cannot be copied, what is there is not written over',
  },
  {
    fault: 'an id that two get',
    line: "if (known().includes(to)) throw new SessionError('SESSION_EXISTS', 'The other one is there.');",
    becomes: '',
    fails: 'of two stores that want one id, one gets it',
  },
  {
    fault: 'a conversation that is left where it was',
    line: 'if (move) database.rows = database.rows.filter((row) => row.sessionId !== from);',
    becomes: '',
    fails: 'conversations that two stores rename to each other and back are never doubled or lost',
  },
  {
    fault: 'a copy out of the conversations of nobody',
    line: 'const [from, to] = [stored(id), stored(newId)];',
    becomes: 'const [from, to] = [id, stored(newId)];',
    fails: 'a tenant copies within its own conversations only',
  },
];
