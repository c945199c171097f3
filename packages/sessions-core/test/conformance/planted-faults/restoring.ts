import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with conversations as they were elsewhere. */
export const RESTORING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'items that are new',
    line: 'rows.push({ ...row, id: lastId, sessionId: id });',
    becomes: 'rows.push({ ...row, id: lastId, sessionId: id, createdAt: Date.now() });',
    fails: 'restore makes conversations with their items in order, and their times',
  },
  {
    fault: 'a conversation that is new',
    line: 'sessions.push({ id, createdAt, updatedAt });',
    becomes: 'sessions.push({ id, createdAt: Date.now(), updatedAt: Date.now() });',
    fails: 'restore makes conversations with their items in order, and their times',
  },
  {
    fault: 'a conversation that is written over',
    line: "} else if (there || descriptions.has(id)) return 'taken'; // a restoration",
    becomes: '} else rows = rows.filter(({ sessionId }) => sessionId !== id);',
    fails: 'restore leaves alone what is there, and makes the others',
  },
  {
    fault: 'a description that stays behind',
    line: 'if (description) descriptions.set(id, description); // as it was elsewhere',
    becomes: '',
    fails: 'restore brings descriptions along, with their versions',
  },
  {
    fault: 'a description that is written over',
    line: " || descriptions.has(id)) return 'taken'; // a restoration",
    becomes: ") return 'taken';",
    fails: 'restore does not take the place of one that was cleared and is described still',
  },
  {
    fault: 'what was erased, from elsewhere',
    line: "if (refusals.get(id) > Date.now()) return 'erased';",
    becomes: '',
    fails: 'restore does not bring back what was erased a short time ago',
  },
  {
    fault: 'operations that stay behind',
    line: 'operations.push({ ...one, sessionId: id, at: one.createdAt });',
    becomes: '{}',
    fails: 'wholes gives conversations with all that is kept of them, those of others not',
  },
  {
    fault: 'usage of another turn',
    line: 'const turnOf = ({ turn: place }) => (place === undefined ? undefined : String(ids[place]));',
    becomes: 'const turnOf = ({ turn: place }) => (place === undefined ? undefined : String(ids[0]));',
    fails: 'wholes gives conversations with all that is kept of them, those of others not',
  },
  {
    fault: 'usage that is new',
    line: 'used.push({ ...one, sessionId: id, tenant, turn: turnOf(one), at: one.recordedAt });',
    becomes: 'used.push({ ...one, sessionId: id, tenant, turn: turnOf(one), at: Date.now() });',
    fails: 'wholes gives conversations with all that is kept of them, those of others not',
  },
  {
    fault: 'more than there is room for',
    line: 'room -= ofSession(id).length;',
    becomes: '',
    fails: 'wholes says which conversations it had no room for',
  },
  {
    fault: 'items that are left where they are replaced',
    line: 'rows = rows.filter(({ sessionId }) => sessionId !== id); // of what is replaced',
    becomes: '',
    fails: 'restore replaces what has not changed, and all that is kept of it',
  },
  {
    fault: 'operations that are left where they are replaced',
    line: 'operations = operations.filter(({ sessionId }) => sessionId !== id); // of what is replaced',
    becomes: '',
    fails: 'restore replaces what has not changed, and all that is kept of it',
  },
  {
    fault: 'usage that is left where it is replaced',
    line: 'used = used.filter(({ sessionId }) => sessionId !== id); // of what is replaced',
    becomes: '',
    fails: 'restore replaces what has not changed, and all that is kept of it',
  },
  {
    fault: 'a description that is left where it is replaced',
    line: 'descriptions.delete(id); // of what is replaced',
    becomes: '',
    fails: 'restore replaces what has not changed, and all that is kept of it',
  },
  {
    fault: 'a turn that is written over',
    line: "if (replaces !== undefined && there?.updatedAt !== replaces) return 'taken'; // it has changed",
    becomes: '',
    fails: 'restore does not replace what has changed, or is not there',
  },
];
