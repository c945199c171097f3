import mysql from 'mysql2';

type Query = (this: unknown, ...parameters: unknown[]) => unknown;

/** The texts that connections of mysql2 send, from now on until it is disposed of. */
export class SentTexts {
  texts: string[] = [];
  readonly #driver = mysql.Connection.prototype as unknown as { query: Query };
  readonly #original = this.#driver.query;

  constructor() {
    const { texts } = this;
    const original = this.#original;
    this.#driver.query = function (...parameters) {
      const [options] = parameters as [string | { sql: string }];
      texts.push(typeof options === 'string' ? options : options.sql);
      return original.apply(this, parameters);
    };
  }

  /** Those of a call. */
  async of(call: () => unknown): Promise<string[]> {
    this.texts.length = 0;
    await call();
    return [...this.texts];
  }

  [Symbol.dispose](): void {
    this.#driver.query = this.#original;
  }
}

const BRACKETS =
  /^(?:START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT \w+|RELEASE SAVEPOINT \w+|ROLLBACK TO SAVEPOINT \w+|DO 0)$/;
const LOOKS = /^SHOW (?:VARIABLES|FULL COLUMNS|COLUMNS|CREATE TABLE) /;
const EQUALITY = /\b(?:session_id = '|digest = '|digest IN \('[^']*'\))/;
const COMMENT = /\/\*.*?\*\/ ?/g;

/**
 * What an engine that splits the tables by `session_id` would refuse in a text, or do on more than one node, if there is something.
 *
 * @param asksAll - Whether it is of a call on several conversations, which may ask every node, but not lock or change rows there.
 */
export function faultOf(text: string, asksAll: boolean): string | undefined {
  const sql = text.replace(COMMENT, '');
  if (/;\s*\S/.test(sql.replace(/'[^']*'/g, "''"))) return 'several statements in one text';
  if (BRACKETS.test(sql) || LOOKS.test(sql)) return undefined;
  if (/\bGET_LOCK\b/.test(sql)) return 'a lock that proxies grant twice';
  if (/\bRETURNING\b/.test(sql)) return 'RETURNING, which may have a volatile function';
  if (/\bUNION\b/.test(sql)) return 'a union of nodes';
  if (/^INSERT\b.*\bSELECT\b/s.test(sql)) return 'rows of one node for another';
  if (/\bSET (?:.*, )?session_id =/.test(sql)) return 'a row that would go to another node';
  if (/^INSERT\b/.test(sql)) return sessionsOf(sql) > 1 ? 'rows of several conversations' : undefined;
  const writes = /^(?:UPDATE|DELETE)\b|\bFOR UPDATE$/.test(sql);
  if (asksAll && !writes) return undefined;
  if (/\bsession_id (?:[<>]|IN\b|LIKE\b|BETWEEN\b)/.test(sql)) return 'a range over session_id';
  return EQUALITY.test(sql) ? undefined : 'no equality on session_id';
}

/** In how many conversations, or under how many digests, an INSERT puts rows. */
function sessionsOf(insert: string): number {
  const [, column, values = ''] =
    /^INSERT (?:IGNORE )?INTO \S+ \((\w+)[^)]*\) VALUES (.*)$/s.exec(insert) ?? [];
  const starts = column === 'run_id' ? /\('[^']*', '[^']*', ('[^']*')/g : /(?:^|\), )\(('[^']*')/g;
  return new Set([...values.matchAll(starts)].map(([, id]) => id)).size || 2;
}
