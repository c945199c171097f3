import type { Query } from './executor.js';
import { asParameter } from './parameters.js';

/** How a column is read as a text, and written from one that stands at a place. */
export interface TextColumn {
  read(column: string): string;
  write(place: string): string;
}

/** The same text under every `DateStyle`. */
export const EXACT_TIME = "'YYYY-MM-DD HH24:MI:SS.US'";

export const TEXT: TextColumn = { read: (column) => column, write: (place) => `${place}::text` };
export const NUMBER: TextColumn = {
  read: (column) => `${column}::text`,
  write: (place) => `${place}::text::bigint`,
};
/** A time without a zone. */
export const TIME: TextColumn = {
  read: (column) => `to_char(${column}, ${EXACT_TIME})`,
  write: (place) => `${place}::text::timestamp`,
};
/** Written from ms since 1970, as a time of the connection's `TimeZone`. */
export const INSTANT: TextColumn = {
  read: TIME.read,
  write: (place) => `to_timestamp(${place}::text::float8 / 1000)`,
};
/** The same in UTC. */
export const INSTANT_IN_UTC: TextColumn = {
  read: TIME.read,
  write: (place) => `to_timestamp(${place}::text::float8 / 1000) AT TIME ZONE 'UTC'`,
};

/** A table of rows that belong to conversations, with those of its columns that are read or written beside the conversation's id. */
export interface RowTable<Column extends string> {
  /** Quoted. */
  readonly name: string;
  readonly columns: Readonly<Record<Column, TextColumn>>;
  /** What becomes of a row that is there already, where that is no mistake. */
  readonly onConflict?: string;
}

export type TextRow<Column extends string> = Readonly<Record<Column, string | null>>;

/** A statement has at most so many parameters for rows, which is well below the limit of the protocol. */
const MAX_PARAMETERS = 4_000;
/** And at most so many characters, unless one row alone has more. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Reads all rows of a conversation. The names in answers are small words, which drivers that change names leave alone. */
export async function readRows<Column extends string>(
  query: Query,
  { name, columns }: RowTable<Column>,
  sessionId: string,
  more = '',
  parameters: readonly unknown[] = [],
): Promise<TextRow<Column>[]> {
  const names = Object.keys(columns) as Column[];
  const selected = names.map((column, at) => `${columns[column].read(column)} AS c${at}`);
  const sql = `SELECT ${selected.join(', ')} FROM ${name} WHERE session_id = $1${more}`;
  const rows = (await query(sql, [sessionId, ...parameters])) as Readonly<Record<string, string | null>>[];
  return rows.map(
    (row) => Object.fromEntries(names.map((column, at) => [column, row[`c${at}`]])) as TextRow<Column>,
  );
}

/**
 * Adds rows to a conversation, in their order: an engine draws ids for the rows of `VALUES` as they stand there.
 *
 * @param returning - What each row is answered with, if anything.
 */
export async function writeRows<Column extends string>(
  query: Query,
  { name, columns, onConflict = '' }: RowTable<Column>,
  sessionId: string,
  rows: readonly TextRow<NoInfer<Column>>[],
  returning = '',
): Promise<unknown[]> {
  const names = Object.keys(columns) as Column[];
  const answers: unknown[] = [];
  for (const part of partsOf(rows, Math.floor(MAX_PARAMETERS / names.length))) {
    const parameters: unknown[] = [sessionId];
    const values = part.map((row) => {
      const places = names.map((column) => {
        const value = row[column];
        return columns[column].write(`$${parameters.push(value === null ? null : asParameter(value))}`);
      });
      return `($1::text, ${places.join(', ')})`;
    });
    const sql =
      `INSERT INTO ${name} (session_id, ${names.join(', ')}) VALUES ${values.join(', ')}` +
      `${onConflict && ` ${onConflict}`}${returning && ` RETURNING ${returning}`}`;
    for (const answer of await query(sql, parameters)) answers.push(answer);
  }
  return answers;
}

function* partsOf<Row extends Readonly<Record<string, string | null>>>(
  rows: readonly Row[],
  most: number,
): Generator<readonly Row[]> {
  let part: Row[] = [];
  let characters = 0;
  for (const row of rows) {
    const length = Object.values(row).reduce((sum, text) => sum + (text?.length ?? 0), 0);
    if (part.length > 0 && (part.length >= most || characters + length > MAX_CHARACTERS)) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(row);
    characters += length;
  }
  if (part.length > 0) yield part;
}

/** Texts as one parameter: an array, as PostgreSQL writes it. JavaScript's own are not arrays to every driver. */
export function asArray(texts: readonly string[]): string {
  return asParameter(`{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join()}}`);
}
