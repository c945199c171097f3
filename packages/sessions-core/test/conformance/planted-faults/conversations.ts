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
    line: "return found && { ...found, time: '' };",
    becomes: "return found && { ...found, createdAt: found.createdAt + 3_600_000, time: '' };",
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
];
