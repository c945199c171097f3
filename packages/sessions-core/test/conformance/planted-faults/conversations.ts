import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with conversations as a whole. */
export const CONVERSATION_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a page that begins behind all conversations of one time',
    line: '(a.time === b.time ? (a.id < b.id ? -1 : 1) : Number(a.time) - Number(b.time))',
    becomes: 'Number(a.time) - Number(b.time)',
    fails: 'a list in any order, read in pages, has each conversation of a beginning once',
  },
  {
    fault: 'the order of creation where that of changes was asked for',
    line: "changed: 'updatedAt'",
    becomes: "changed: 'createdAt'",
    fails: 'a list is sorted by the last change, or by the creation',
  },
  {
    fault: 'pages that begin behind where the last one was, not where it stood',
    line: 'const start = after ? all.findIndex(isBehind) : 0;',
    becomes: 'const start = after ? all.findIndex(({ id }) => id === after.id) + 2 : 0;',
    fails: 'conversations that stay are listed once while others come, change and go between the pages',
  },
  {
    fault: 'a beginning that is looked for in any case',
    line: 'id.startsWith(prefix))',
    becomes: 'id.toLowerCase().startsWith(prefix.toLowerCase()))',
    fails: 'a beginning is taken byte for byte, and those of another beginning can be left out',
  },
  {
    fault: 'a time that is not asked for',
    line: '.filter(({ updatedAt }) => updatedAt < changedBefore)',
    becomes: '',
    fails: 'those that changed after or before a time are listed and counted',
  },
  {
    fault: 'times of another zone',
    line: "return found && { ...described(found), time: '' };",
    becomes: "return found && { ...described(found), createdAt: found.createdAt + 3_600_000, time: '' };",
    fails: 'get tells when a conversation began and changed, and nothing of one that is not there',
  },
  {
    fault: 'a session that is left behind',
    line: 'sessions = sessions.filter(({ id }) => id !== sessionId);\n        return removed;',
    becomes: 'return removed;',
    fails: 'remove takes all rows of one conversation, and says how many',
  },
  {
    fault: 'operations that are left behind',
    line: 'operations = operations.filter((one) => !own(one));',
    becomes: '',
    fails: 'remove forgets the operations of the conversation',
  },
  {
    fault: 'a description without a conversation',
    line: 'if (description && make && !isThere)',
    becomes: 'if (false)',
    fails: 'describe makes a conversation that is not there, and any text of it is given back as it was',
  },
  {
    fault: 'a description that is decided upon without the one before',
    line: 'decide(descriptions.get(sessionId))',
    becomes: 'decide(undefined)',
    fails:
      'describe shows what was stored last, and nothing changes where nothing is returned or it is refused',
  },
  {
    fault: 'a description that counts as a turn',
    line: 'if (description) descriptions.set(sessionId, description);',
    becomes:
      'if (description) descriptions.set(sessionId, description);\n        if (isThere) insert(sessionId, []);',
    fails: 'describe leaves the time of the last change as it is',
  },
  {
    fault: 'a description that goes with the items',
    line: 'clear(sessionId) {\n      return locked(() => {',
    becomes: 'clear(sessionId) {\n      return locked(() => {\n        descriptions.delete(sessionId);',
    fails: 'a description outlives clear, and can be changed without making the conversation',
  },
  {
    fault: 'a description that is left behind',
    line: 'metadata: Number(descriptions.delete(sessionId)),',
    becomes: 'metadata: Number(descriptions.has(sessionId)),',
    fails: 'remove takes the description along, also where nothing else is left',
  },
  {
    fault: 'a description that is looked for in any case',
    line: 'description?.text.includes(part)',
    becomes: 'description?.text.toLowerCase().includes(part.toLowerCase())',
    fails: 'conversations are listed and counted by parts of their descriptions, byte for byte',
  },
];

/** Faults of `toy-store.mjs` that have to do with `sessions`. */
export const STORE_CONVERSATION_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a list that ends with its first page',
    line: 'const nextCursor = start + limit < ids.length ? order + data.at(-1).id : undefined;',
    becomes: 'const nextCursor = undefined;',
    fails: 'a list is awaited for a page, and iterated over all',
  },
  {
    fault: 'a removal that removes nothing',
    line: 'database.rows = database.rows.filter((row) => !gone.includes(row));',
    becomes: '',
    fails: 'a conversation is described, and deleted with all that it has',
  },
  {
    fault: 'a store that lists the conversations of tenants',
    line: "!id.startsWith('$tenant:') : id.startsWith(mark)",
    becomes: 'true : id.startsWith(mark)',
    fails: 'a tenant lists, counts, describes and deletes its own conversations only',
  },
  {
    fault: 'a cursor of a list in the other order',
    line: "if (after !== undefined && !after.startsWith(order)) throw new TypeError('No cursor of this list.');",
    becomes: '',
    fails: 'what no list can be is a TypeError, and after close() every call is CLOSED',
  },
  {
    fault: 'an update that forgets what was there',
    line: 'const merged = new Map(Object.entries(current.metadata));',
    becomes: 'const merged = new Map();',
    fails: 'update makes a conversation, and merges with what it was given before',
  },
  {
    fault: 'a version for what was never updated',
    line: '{ metadata: {}, version: 0 }',
    becomes: '{ metadata: {}, version: 1 }',
    fails: 'a conversation that was never updated has no title, no metadata and version 0',
  },
  {
    fault: 'a version that nobody looks at',
    line: 'if (ifVersion !== undefined && ifVersion !== current.version)',
    becomes: 'if (false)',
    fails: 'an update of another version is VERSION_CONFLICT and changes nothing',
  },
  {
    fault: 'a description that is not locked',
    line: 'locks: database.locks /* of all stores */',
    becomes: 'locks: new Map()',
    fails: 'updates of two stores at once lose none',
  },
  {
    fault: 'a title that goes when the items are cleared',
    line: 'database.descriptions.delete(wanted); // with the conversation',
    becomes: '',
    fails: 'title and metadata stay when the items are cleared, and go with delete',
  },
  {
    fault: 'metadata of any size',
    line: 'if (Buffer.byteLength(JSON.stringify({ title, metadata })) > 65_536)',
    becomes: 'if (false)',
    fails: 'what is too large or no JSON is refused before anything is written',
  },
  {
    fault: 'metadata that are the objects of the caller',
    line: 'const { title: newTitle, metadata: changes = {} } = structuredClone(change);',
    becomes: 'const { title: newTitle, metadata: changes = {} } = change;',
    fails: 'an update holds what its arguments held when it was called',
  },
  {
    fault: 'a value that is looked for under any key',
    line: 'descriptionOf(mark + id).metadata[key] === value',
    becomes: 'Object.values(descriptionOf(mark + id).metadata).includes(value)',
    fails: 'conversations are listed and counted by the values of their metadata',
  },
  {
    fault: 'one title for all tenants',
    line: 'database.descriptions.set(wanted, ',
    becomes: "database.descriptions.set(wanted.replace('globex', 'acme'), ",
    fails: 'a tenant updates its own conversations only',
  },
  {
    fault: 'a change of another form',
    line: "if (Object.keys(change).some((key) => key !== 'title' && key !== 'metadata'))",
    becomes: 'if (false)',
    fails: 'what no update can be is a TypeError, and after close() it is CLOSED',
  },
];
