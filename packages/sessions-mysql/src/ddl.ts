import type { TableNames } from '@stackone/sessions-core';
import { checkOptions, derivedName, isBoolean, isOneOf, isTableNames } from '@stackone/sessions-core/backend';
import { quoteName } from './literals.js';
import { isSchemaName } from './schema-name.js';
import { type MysqlNames, mysqlNames, qualifiedName } from './statements.js';

/** Raised only by a change of the tables that stores of earlier versions must not meet: they then refuse to open. */
export const SCHEMA_VERSION = 1;

/** The two servers. They differ, here, in the name of one collation. */
export type MysqlServer = 'mysql' | 'mariadb';

/** Binary, so that ids compare byte for byte, and NO PAD, so that a space at the end counts. */
const EXACT_COLLATIONS: Readonly<Record<MysqlServer, string>> = {
  mysql: 'utf8mb4_0900_bin',
  mariadb: 'utf8mb4_nopad_bin',
};

/** The type of session ids on tables that we make. */
export function sessionIdType(server: MysqlServer): string {
  return `VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ${EXACT_COLLATIONS[server]}`;
}

/** The type of the items' texts: unlimited, and in utf8mb4 whatever the database's default is. */
export const TEXT_TYPE = 'LONGTEXT CHARACTER SET utf8mb4';

const TIME_TYPE = 'TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)';

/** What differs between tables. */
interface TableLayout {
  /** Whether rows refer to their session; a store does not need it. */
  readonly foreignKeys: boolean;
  /** Whether they are to be split over nodes: each key of what belongs to a conversation begins with `session_id`, and no row refers to another. */
  readonly distributed: boolean | DistributedMysql;
}

/** Engines that split tables over nodes, and speak MySQL's protocol. */
export type DistributedMysql = 'tidb' | 'vitess' | 'shardingsphere';

/** Those that give ids themselves: of AUTO_INCREMENT each node would count for itself, and ids would repeat. */
const GIVE_IDS: readonly (boolean | DistributedMysql)[] = ['vitess', 'shardingsphere'];

/** One TiDB server hands out ids then, so that they ascend whichever server a turn comes through. To all others it is a comment. */
const ONE_COUNTER = ' /*T![auto_id_cache] AUTO_ID_CACHE=1 */';

/**
 * The tables as the Python SDK's `SQLAlchemySession` expects them (it cannot make them on these servers itself), the
 * indexes that find the newest items and the conversations that changed last, and side tables of our own: those of metadata, usage and runs outlive their
 * session, which Python deletes when it clears it, that of erasures has digests of ids whose conversations were erased, and that
 * of the version has no rows. Indexes stand inside CREATE TABLE, because MySQL
 * has no CREATE INDEX IF NOT EXISTS.
 *
 * @param idType - The type of session ids; that of the sessions table, where it is there already.
 */
export function tableStatements(
  names: MysqlNames,
  idType: string,
  { foreignKeys, distributed }: TableLayout,
) {
  const sessions = qualifiedName(names, names.sessions);
  const foreignKey = (name: string) =>
    foreignKeys && !distributed
      ? `,
  CONSTRAINT ${quoteName(name)} FOREIGN KEY (session_id) REFERENCES ${sessions} (session_id) ON DELETE CASCADE`
      : '';
  const givesIds = GIVE_IDS.includes(distributed);
  // InnoDB and TiDB take a column that counts only where an index begins with it; `store.watch` reads by it on each node
  const messageKeys = distributed
    ? `PRIMARY KEY (session_id, id),
  KEY ${quoteName(names.countedIndex)} (id),
  KEY ${quoteName(names.timeIndex)} (session_id, created_at)`
    : `PRIMARY KEY (id),
  KEY ${quoteName(names.timeIndex)} (session_id, created_at),
  KEY ${quoteName(names.idIndex)} (session_id, id)`;
  const runKeys = distributed
    ? `PRIMARY KEY (session_id, run_id, entry),
  UNIQUE KEY ${quoteName(names.runsIdIndex)} (run_id, entry),
  UNIQUE KEY ${quoteName(names.runsPlaceIndex)} (session_id, place)`
    : `PRIMARY KEY (run_id, entry),
  UNIQUE KEY ${quoteName(names.runsPlaceIndex)} (place)`;
  return {
    sessions: `CREATE TABLE IF NOT EXISTS ${sessions} (
  session_id ${idType} NOT NULL,
  created_at ${TIME_TYPE},
  updated_at ${TIME_TYPE},
  PRIMARY KEY (session_id),
  KEY ${quoteName(names.changedIndex)} (updated_at, session_id)
)`,
    messages: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.messages)} (
  id BIGINT NOT NULL${givesIds ? '' : ' AUTO_INCREMENT'},
  session_id ${idType} NOT NULL,
  message_data ${TEXT_TYPE} NOT NULL,
  created_at ${TIME_TYPE},
  ${messageKeys}${foreignKey(names.messagesKey)}
)${distributed && !givesIds ? ONE_COUNTER : ''}`,
    operations: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.operations)} (
  session_id ${idType} NOT NULL,
  operation_id ${idType} NOT NULL,
  digest VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL,
  created_at ${TIME_TYPE},
  PRIMARY KEY (session_id, operation_id)${foreignKey(names.operationsKey)}
)`,
    erasures: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.erasures)} (
  digest VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ends_at BIGINT NOT NULL,
  PRIMARY KEY (digest)
)`,
    metadata: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.metadata)} (
  session_id ${idType} NOT NULL,
  description ${TEXT_TYPE} NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (session_id)
)`,
    usage: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.usage)} (
  session_id ${idType} NOT NULL,
  response ${idType} NOT NULL,
  tenant ${idType} NOT NULL,
  turn BIGINT,
  model ${idType} NOT NULL,
  recorded_at BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  total_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  PRIMARY KEY (session_id, response),
  KEY ${quoteName(names.usageTimeIndex)} (recorded_at)
)`,
    runs: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.runs)} (
  run_id ${idType} NOT NULL,
  entry ${idType} NOT NULL,
  session_id ${idType} NOT NULL,
  tenant ${idType} NOT NULL,
  state ${idType} NOT NULL,
  fence BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  place ${idType},
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  content ${TEXT_TYPE} NOT NULL,
  ${runKeys},
  KEY ${quoteName(names.runsSessionIndex)} (session_id, state),
  KEY ${quoteName(names.runsStateIndex)} (state, run_id)
)`,
    schemaVersion: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.schemaVersion)} (
  version INT NOT NULL DEFAULT ${SCHEMA_VERSION},
  PRIMARY KEY (version)
)`,
  };
}

/** What adds the indexes to tables that others, or stores of an earlier version, made. */
export function indexStatements(names: MysqlNames) {
  const add = (table: string, index: string, columns: string) =>
    `ALTER TABLE ${qualifiedName(names, table)} ADD INDEX ${quoteName(index)} (${columns})`;
  return {
    /** Finds the newest items. */
    newest: add(names.messages, names.idIndex, 'session_id, id'),
    /** Finds the conversations that changed last. */
    changed: add(names.sessions, names.changedIndex, 'updated_at, session_id'),
  };
}

/**
 * What makes tables of others fit: exact ids and unlimited texts. A foreign key stands in the way of the first
 * statement, so it goes and comes back; where there is none, as in a group with several primaries, none is made.
 *
 * @param foreignKeys - The foreign keys of the messages table.
 */
export function repairStatements(
  names: MysqlNames,
  server: MysqlServer,
  foreignKeys: readonly string[],
): string[] {
  const messages = qualifiedName(names, names.messages);
  const sessions = qualifiedName(names, names.sessions);
  const idType = sessionIdType(server);
  return [
    ...foreignKeys.map((key) => `ALTER TABLE ${messages} DROP FOREIGN KEY ${quoteName(key)}`),
    `ALTER TABLE ${sessions} MODIFY session_id ${idType} NOT NULL`,
    `ALTER TABLE ${messages} MODIFY session_id ${idType} NOT NULL, MODIFY message_data ${TEXT_TYPE} NOT NULL`,
    ...(foreignKeys.length > 0
      ? [
          `ALTER TABLE ${messages} ADD CONSTRAINT ${quoteName(names.messagesKey)} FOREIGN KEY (session_id) ` +
            `REFERENCES ${sessions} (session_id) ON DELETE CASCADE`,
        ]
      : []),
  ];
}

/** What {@link schemaSql} takes. */
export interface SchemaSqlOptions {
  /** Custom table names, as in the store's `tables` option. */
  tables?: TableNames | undefined;
  /** The database, as in the store's `schema` option; that of the connection if absent. */
  schema?: string | undefined;
  /** Which server the statements are for. Default `mysql`. */
  server?: MysqlServer | undefined;
  /**
   * Whether messages and operations refer to their session, so that they go with it when a program of yours deletes it. Default
   * true. False for Group Replication with several primaries, which writes to no table with such keys: a store that makes its
   * tables there leaves them out by itself.
   */
  foreignKeys?: boolean | undefined;
  /**
   * For tables that are split over nodes by `session_id`, and stores with `distributed: true`: the engine, or `true` for plain tables of
   * this form. Without foreign keys. For Vitess and ShardingSphere the first statement begins with a comment that has what they are told
   * besides: the VSchema and the sequence, or the sharding rules.
   */
  distributed?: boolean | DistributedMysql | undefined;
}

/**
 * The statements that make the tables, for people who run migrations and open stores with `createTables: false`.
 * Each can run alone, and again.
 *
 * @returns SQL statements, in the order in which they must run, without a `;` at their end.
 * @example
 * ```ts
 * for (const statement of schemaSql({ server: 'mariadb' })) await connection.query(statement);
 * ```
 */
export function schemaSql(options: SchemaSqlOptions = {}): string[] {
  checkOptions('schemaSql', options, {
    tables: isTableNames,
    schema: isSchemaName,
    server: isOneOf('mysql', 'mariadb'),
    foreignKeys: isBoolean,
    distributed: isOneOf(true, false, 'tidb', 'vitess', 'shardingsphere'),
  });
  const { tables, schema, server = 'mysql', foreignKeys = true, distributed = false } = options;
  if (server === 'mariadb' && (distributed === 'tidb' || distributed === 'vitess'))
    throw new TypeError(
      `schemaSql: "distributed" is "${distributed}", which is not MariaDB. Leave out "server".`,
    );
  const names = mysqlNames(tables, schema);
  const [first = '', ...others] = Object.values(
    tableStatements(names, sessionIdType(server), { foreignKeys, distributed }),
  );
  return [`${configuration(names, distributed)}${first}`, ...others];
}

/** By which column the rows of each table are found. */
function splitColumns(names: MysqlNames): readonly (readonly [table: string, column: string])[] {
  const { sessions, messages, operations, metadata, usage, runs, erasures, schemaVersion } = names;
  return [
    ...[sessions, messages, operations, metadata, usage, runs].map((table) => [table, 'session_id'] as const),
    [erasures, 'digest'],
    [schemaVersion, 'version'],
  ];
}

/** What an engine has to be told that is no SQL, as a comment. */
function configuration(names: MysqlNames, distributed: boolean | DistributedMysql): string {
  const text =
    distributed === 'vitess'
      ? vitessConfiguration(names)
      : distributed === 'shardingsphere'
        ? shardingSphereConfiguration(names)
        : undefined;
  return text === undefined ? '' : `/*\n${text.replaceAll('*/', '*\\/')}\n*/\n`;
}

/** Ids compare byte for byte, and xxhash is one of their bytes. A sequence is handed out by one tablet, so that ids ascend. */
function vitessConfiguration(names: MysqlNames): string {
  const sequence = derivedName('', names.messages, '_seq');
  const tables = splitColumns(names).map(([table, column]) => [
    table,
    {
      column_vindexes: [{ column, name: 'xxhash' }],
      ...(table === names.messages && { auto_increment: { column: 'id', sequence } }),
    },
  ]);
  const vschema = {
    sharded: true,
    vindexes: { xxhash: { type: 'xxhash' } },
    tables: Object.fromEntries(tables),
  };
  return [
    'In a keyspace that is not sharded, first:',
    `CREATE TABLE ${quoteName(sequence)} (id INT, next_id BIGINT, cache BIGINT, PRIMARY KEY (id)) COMMENT 'vitess_sequence';`,
    `INSERT INTO ${quoteName(sequence)} (id, next_id, cache) VALUES (0, 1, 1000);`,
    `and in its VSchema: ${JSON.stringify({ tables: { [sequence]: { type: 'sequence' } } })}`,
    'The VSchema of the keyspace of these tables:',
    JSON.stringify(vschema, undefined, 2),
  ].join('\n');
}

/** Binding tables, so that what belongs to a conversation is on one node. */
function shardingSphereConfiguration(names: MysqlNames): string {
  const columns = splitColumns(names);
  const rules = columns.map(([table, column]) => [
    `CREATE SHARDING TABLE RULE IF NOT EXISTS ${quoteName(table)} (`,
    `  STORAGE_UNITS(ds_0, ds_1), SHARDING_COLUMN=${column}, TYPE(NAME="hash_mod", PROPERTIES("sharding-count"="2"))`,
    ...(table === names.messages ? ['  , KEY_GENERATE_STRATEGY(COLUMN=id, TYPE(NAME="snowflake"))'] : []),
    ');',
  ]);
  const bound = columns.filter(([, column]) => column === 'session_id').map(([table]) => quoteName(table));
  return [
    'Run in the proxy first, with your storage units and their number. Each proxy has a worker id of its own, and clocks that agree:',
    'the ids of items ascend with them. Transactions of type XA, as in those of type LOCAL a move to another node may be done by half.',
    ...rules.flat(),
    `CREATE SHARDING TABLE REFERENCE RULE IF NOT EXISTS conversations (${bound.join(', ')});`,
  ].join('\n');
}
