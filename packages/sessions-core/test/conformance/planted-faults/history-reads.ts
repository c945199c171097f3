import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with `history`. */
export const HISTORY_READ_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'the newest rows where the oldest were asked for',
    line: 'const part = oldest ? between.slice(0, limit) : between.slice(-limit);',
    becomes: 'const part = between.slice(-limit);',
    fails: 'history reads the newest rows or the oldest, all or those between two rows',
  },
  {
    fault: 'a page that begins with the row it should begin after',
    line: 'after === undefined || id > Number(after)',
    becomes: 'after === undefined || id >= Number(after)',
    fails: 'history reads the newest rows or the oldest, all or those between two rows',
  },
  {
    fault: 'a place that is looked for among the rows',
    line: 'const between = later.filter(({ id }) => before === undefined || id < Number(before));',
    becomes:
      'const end = later.findIndex(({ id }) => id === Number(before)); const between = end < 0 ? later : later.slice(0, end);',
    fails: 'history begins at places whose rows are gone',
  },
  {
    fault: 'times of another zone',
    line: 'createdAt: row.createdAt }',
    becomes: 'createdAt: row.createdAt + 3_600_000 }',
    fails: 'history tells when a row was stored, and a changed row keeps its time',
  },
  {
    fault: 'a changed row that gets a new time',
    line: 'if (mine(row) && String(row.id) === id) row.text = text;',
    becomes: 'if (mine(row) && String(row.id) === id) Object.assign(row, { text, createdAt: 1 });',
    fails: 'history tells when a row was stored, and a changed row keeps its time',
  },
  {
    fault: 'an id that nobody looks at',
    line: 'if (place !== undefined && !/^\\d+$/.test(place)) throw notFound();',
    becomes: '',
    fails: 'history refuses what cannot be the id of a row with NOT_FOUND',
  },
];
