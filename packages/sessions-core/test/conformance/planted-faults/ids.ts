import type { PlantedFault } from './fault.js';

/** Ids that a database takes for one: both sides of the comparison go through `change`. */
function comparedBy(fault: string, change: string, difference: string): PlantedFault {
  return {
    fault,
    line: '.filter((row) => row.sessionId === this.sessionId)',
    becomes: `.filter((row) => row.sessionId${change} === this.sessionId${change})`,
    fails: `ids that differ in ${difference} are two conversations`,
  };
}

/** The check of ids, without one of its parts. */
function uncheckedWhere(fault: string, check: string, what: string): PlantedFault {
  return {
    fault,
    line: 'checkSessionId(sessionId);',
    becomes: check,
    fails: `an id that is or has ${what} is refused with a TypeError`,
  };
}

/** Faults of `toy-store.mjs` that have to do with the ids of conversations. */
export const ID_FAULTS: readonly PlantedFault[] = [
  comparedBy('A13: case-folding ids', '.toLowerCase()', 'case'),
  comparedBy('A13: accent-blind ids', '.normalize("NFD").replace(/\\p{M}/gu, "")', 'accents'),
  comparedBy('ids in Unicode normal form', '.normalize()', 'Unicode normal form'),
  comparedBy('A13: ids padded with spaces', '.trimEnd()', 'a space at the end'),
  comparedBy('ids trimmed', '.replace(/(?<=[0-9a-f]{12}) /, "")', 'a space at the start'),
  comparedBy('ids beyond the basic plane lost', '.replace(/[\\u{10000}-\\u{10ffff}]/gu, "?")', 'emoji'),
  {
    fault: 'ids matched with LIKE',
    line: '.filter((row) => row.sessionId === this.sessionId)',
    becomes:
      '.filter((row) => new RegExp(`^${this.sessionId.replace(/[.*+?^${}()|[\\]\\\\]/g, "\\\\$&").replaceAll("_", ".")}$`, "s").test(row.sessionId))',
    fails: 'ids that differ in a wildcard are two conversations',
  },
  comparedBy('ids as numbers', '.replace(/0+(?=1$)/, "")', 'a leading zero'),
  comparedBy('ids in the collation of German', '.replaceAll("ß", "ss")', 'ß and ss'),
  comparedBy('characters without a weight ignored', '.replaceAll("\\u200b", "")', 'an invisible character'),
  comparedBy('ids cut to 191 characters', '.slice(0, 191)', 'the last of 255 characters'),
  {
    fault: 'ids reduced to what needs no quotes',
    line: '.filter((row) => row.sessionId === this.sessionId)',
    becomes:
      '.filter((row) => row.sessionId.replace(/[^\\w-]/g, "") === this.sessionId.replace(/[^\\w-]/g, ""))',
    fails: 'ids may hold quotes, backslashes, percent signs, newlines and SQL',
  },
  uncheckedWhere('ids not checked', '', 'an empty text'),
  uncheckedWhere(
    'NUL not refused',
    'if (!String(sessionId).includes("\\0")) checkSessionId(sessionId);',
    'a NUL',
  ),
  uncheckedWhere(
    'lone surrogates replaced',
    'checkSessionId(typeof sessionId === "string" ? sessionId.toWellFormed() : sessionId);',
    'a lone surrogate',
  ),
  uncheckedWhere(
    'long ids cut',
    'checkSessionId(typeof sessionId === "string" ? sessionId.slice(0, 255) : sessionId);',
    '256 characters',
  ),
  uncheckedWhere(
    'long ids cut, with the last emoji whole',
    'checkSessionId([...(sessionId ?? [])].length === 256 ? "x" : sessionId);',
    '256 emoji',
  ),
  uncheckedWhere('numbers made texts', 'checkSessionId(String(sessionId));', 'a number'),
  uncheckedWhere('a default id', 'checkSessionId(sessionId ?? "default");', 'undefined'),
];
