import { isSessionError, type SessionErrorCode } from '@stackone/sessions-core';
import { checkSchemaVersion, tablesOutdated } from '@stackone/sessions-core/backend';
import { SCHEMA_VERSION } from './ddl.js';
import type { Send } from './driver-types.js';
import { type MysqlNames, qualifiedName } from './statements.js';

/** The tables of our own, which those of others lack. */
const SIDE_TABLES = ['operations', 'erasures', 'metadata', 'usage', 'runs', 'schemaVersion'] as const;

type SideTable = (typeof SIDE_TABLES)[number];

/** Which of them are there. */
export type SideTables = Readonly<Record<SideTable, boolean>>;

const question = (names: MysqlNames, kind: SideTable) =>
  `SHOW COLUMNS FROM ${qualifiedName(names, names[kind])}`;

/** What is asked about them. */
export function sideTableQuestions(names: MysqlNames): string[] {
  return SIDE_TABLES.map((kind) => question(names, kind));
}

/**
 * Looks for the side tables, before anything is changed.
 *
 * @throws SessionError `SCHEMA_MISMATCH` for tables of a later version.
 */
export async function findSideTables(send: Send, names: MysqlNames): Promise<SideTables> {
  const found = {
    operations: false,
    metadata: false,
    usage: false,
    runs: false,
    erasures: false,
    schemaVersion: false,
  };
  for (const kind of SIDE_TABLES) {
    const defaults = await columnDefaults(send, question(names, kind));
    if (defaults && kind === 'schemaVersion')
      checkSchemaVersion(names.schemaVersion, defaults.get('version'), SCHEMA_VERSION);
    found[kind] = defaults !== undefined;
  }
  return found;
}

/**
 * Makes the side tables that are missing. Tables of others work as they are, without what this user may not add to them.
 *
 * @param change - Makes a table; absent where none are made.
 * @param others - What else an earlier version lacks: statements that are told along.
 * @throws SessionError `SCHEMA_MISMATCH` for tables of an earlier version that stay without some of them.
 */
export async function completeSideTables(
  found: SideTables,
  change: Send | undefined,
  statements: Readonly<Record<SideTable, string>>,
  others: readonly string[],
): Promise<SideTables> {
  const there = { ...found };
  for (const kind of SIDE_TABLES) {
    if (!there[kind] && change)
      there[kind] = (await unless(REFUSALS, () => change(statements[kind]))) !== undefined;
  }
  const lacking = SIDE_TABLES.filter((kind) => !there[kind]);
  if (lacking.length === 0 || lacking.length === SIDE_TABLES.length) return there;
  throw tablesOutdated([...others, ...lacking.map((kind) => statements[kind])]);
}

/** A table that is not there and may not be seen is one that the server refuses to describe. */
async function columnDefaults(send: Send, columns: string) {
  const described = await unless(['TABLE_MISSING', ...REFUSALS], () => send(columns));
  return described && new Map(described.rows.map(({ Field, Default }) => [Field, Default]));
}

const REFUSALS: readonly SessionErrorCode[] = ['PERMISSION_DENIED', 'READ_ONLY'];

async function unless<T>(codes: readonly SessionErrorCode[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isSessionError(error) && codes.includes(error.code)) return undefined;
    throw error;
  }
}
