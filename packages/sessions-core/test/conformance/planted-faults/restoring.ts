import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with conversations as they were elsewhere. */
export const RESTORING_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'items that are new',
    line: 'for (const row of given) rows.push({ ...row, id: ++lastId, sessionId: id });',
    becomes: 'insert(id, given.map(({ text }) => text));',
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
    line: "if (sessions.some((one) => one.id === id) || descriptions.has(id)) return 'taken'; // a restoration",
    becomes: 'rows = rows.filter(({ sessionId }) => sessionId !== id);',
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
];
