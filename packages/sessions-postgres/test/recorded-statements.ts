import pg from 'pg';

/** A statement as the server got it. */
export interface RecordedStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Which connection sent it. */
  readonly client: object;
}

/** A pool whose clients note what they send. */
export function recordingPool(url: string, max: number, sent: RecordedStatement[]): pg.Pool {
  class RecordingClient extends pg.Client {
    override query(...query: unknown[]): never {
      const [sql, parameters] = query;
      if (typeof sql === 'string')
        sent.push({ sql, parameters: Array.isArray(parameters) ? parameters : [], client: this });
      return Reflect.apply(super.query, this, query) as never;
    }
  }
  return new pg.Pool({ connectionString: url, max, Client: RecordingClient });
}

const NAME = /"(?:[^"]|"")*"/g;
const TEXT = /'(?:[^']|'')*'/g;
const WRITES_OR_LOCKS = /\b(?:INSERT INTO|UPDATE|DELETE FROM)\b|\bFOR UPDATE\b/;
const VOLATILE =
  /\b(?:clock_timestamp|statement_timestamp|now|random|gen_random_uuid|nextval)\s*\(|\bCURRENT_TIMESTAMP\b|\bxmin\b/i;
/** A comparison that is no equality, of the id or of it and other columns. */
const RANGE = /\bsession_id\s*(?:<|>)|\(\s*(?:\w+\.)?session_id\s*,[^()]*\)\s*(?:<|>)/;
const BY_EQUALITY = /\bsession_id = \$\d/;
/** Of a row that belongs to no conversation. */
const BY_DIGEST = /\bdigest = \$\d|\(digest, ends_at\) VALUES/;
const NEW_ROWS = /\bINSERT INTO "[^ ]+(?: AS \w+)? \([^)]*\bsession_id\b[^)]*\) VALUES /;
/** What asks for several conversations, or for one that is not known yet, and only reads. */
const OF_SEVERAL =
  /starts_with\(|\bORDER BY page\.|\bGROUP BY\b|^SELECT max\(|^SELECT count\(\*\)::text AS n FROM|= ANY \(ARRAY|\brun_id = \$1 AND entry = 'x'|\bstate = \$\d|\bstate IN\b|\bends_at <=|\bcreated_at < |^SELECT coalesce\(sum|AS requests,/;

/**
 * Why an engine of many nodes would refuse a statement, or ask more nodes than it has to.
 *
 * @returns `undefined` where there is nothing to say against it.
 */
export function objectionTo(sql: string): string | undefined {
  const bare = sql.replaceAll(TEXT, "'x'").replaceAll(NAME, '"x"');
  if (/;\s*\S/.test(bare)) return 'several statements in one text';
  if (!/"x"/.test(bare)) return undefined; // of no table
  const writes = WRITES_OR_LOCKS.test(bare);
  if (writes && VOLATILE.test(bare))
    return 'a function whose answer changes, where something is written or locked';
  const isOfOne = BY_EQUALITY.test(bare) || NEW_ROWS.test(bare) || BY_DIGEST.test(bare);
  if (writes && !isOfOne) return 'a change that names no conversation';
  if (isOfOne && RANGE.test(bare)) return 'a range of conversations where one is meant';
  if (isOfOne || OF_SEVERAL.test(bare)) return undefined;
  return 'a question about one conversation that does not name it';
}
