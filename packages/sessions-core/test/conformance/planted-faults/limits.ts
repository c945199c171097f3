import type { PlantedFault } from './fault.js';

/** How a limit becomes a part of the items. */
const SLICE = 'return items.slice(Math.max(items.length - Math.ceil(limit), 0));';
const NO_LIMIT = 'if (limit === undefined || Number.isNaN(limit)) return items;';
const NONE = 'if (limit <= 0) return [];';

/** Faults of `getItems(limit)`. */
export const LIMIT_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a limit of its own where none was given',
    line: NO_LIMIT,
    becomes: 'if (limit === undefined) limit = 2;',
    fails: 'getItems(undefined) of three items gives 3',
  },
  {
    fault: 'NaN taken for zero',
    line: NO_LIMIT,
    becomes: 'if (limit === undefined) return items;\n        if (!limit) return [];',
    fails: 'getItems(NaN) of three items gives 3',
  },
  {
    fault: 'one too few where all are asked for',
    line: SLICE,
    becomes: 'return items.slice(Math.max(items.length - Math.ceil(limit), limit < items.length ? 0 : 1));',
    fails: 'getItems(3) of three items gives 3',
  },
  {
    fault: 'limits as 32-bit integers',
    line: SLICE,
    becomes: 'return items.slice(Math.max(items.length + 1 - ((Math.ceil(limit) + 1) | 0), 0));',
    fails: 'getItems(2147483647) of three items gives 3',
  },
  {
    fault: 'limits written as numbers with an exponent',
    line: SLICE,
    becomes: `if (String(limit).includes('e')) throw new Error('syntax error');\n        ${SLICE}`,
    fails: 'getItems(1.7976931348623157e+308) of three items gives 3',
  },
  {
    fault: 'infinity written as a number',
    line: SLICE,
    becomes: `if (limit === Infinity) throw new Error('no such column: Infinity');\n        ${SLICE}`,
    fails: 'getItems(Infinity) of three items gives 3',
  },
  {
    fault: 'slice(-0) for a negative zero',
    line: NONE,
    becomes:
      'if (limit < 0 || Object.is(limit, 0)) return [];\n        if (limit === 0) return items.slice(limit);',
    fails: 'getItems(-0) of three items gives 0',
  },
  {
    fault: 'a negative fraction counts from the end',
    line: NONE,
    becomes:
      'if (limit <= 0 && Number.isInteger(limit)) return [];\n        if (limit < 0) return items.slice(limit);',
    fails: 'getItems(-2.5) of three items gives 0',
  },
  {
    fault: 'what is not finite is no limit',
    line: NONE,
    becomes: `if (!Number.isFinite(limit)) return items;\n        ${NONE}`,
    fails: 'getItems(-Infinity) of three items gives 0',
  },
  {
    fault: 'less than one is none',
    line: NONE,
    becomes: 'if (limit < 1) return [];',
    fails: 'getItems(0.5) of three items gives 1',
  },
];
