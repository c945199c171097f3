import type { SchemaObject } from './ddl.js';
import { type PostgresNames, qualifiedTables, quoteText } from './statements.js';

/** Engines that split tables over nodes. */
export const DISTRIBUTED_ENGINES = ['citus', 'cockroach', 'yugabyte', 'dsql'] as const;

export type DistributedEngine = (typeof DISTRIBUTED_ENGINES)[number];

/** What makes ids ascend within a conversation, which is what its order rests on. */
const ASCENDING: Readonly<Record<DistributedEngine, string>> = {
  citus:
    'Ids ascend within a conversation where all stores connect to one node, the coordinator: each node draws them from a range of its own.',
  cockroach:
    'CACHE 1: ids that a connection or a node keeps for later do not ascend. Nor do those of unique_rowid().',
  yugabyte:
    'CACHE 1: ids that a connection keeps for later do not ascend. The servers need --ysql_sequence_cache_minval=1 as well: by default it is 100, and the larger of the two counts.',
  dsql: 'CACHE 1: ids that a connection keeps for later do not ascend.',
};

/** The statements that make tables that an engine splits over its nodes. Each is to be run alone: some engines take one DDL a transaction. */
export function distributedSchema(
  objects: readonly SchemaObject[],
  names: PostgresNames,
  engine: DistributedEngine,
): string[] {
  return objects.flatMap((object) => {
    const sql = noted(object, engine);
    if (engine === 'citus') return [sql, ...placement(names, object)];
    return [adapted(sql, object, engine)];
  });
}

function noted({ kind, sql }: SchemaObject, engine: DistributedEngine): string {
  return kind === 'messages' ? `-- ${ASCENDING[engine]}\n${sql}` : sql;
}

function adapted(sql: string, { kind }: SchemaObject, engine: DistributedEngine): string {
  if (kind === 'messages') return sql.replace(' AS IDENTITY ', ' AS IDENTITY (CACHE 1) ');
  if (engine === 'dsql') return sql.replace(/^(CREATE (?:UNIQUE )?INDEX) /, '$1 ASYNC ');
  // the first column of an index is hashed there, unless it says that it is in order
  if (engine === 'yugabyte' && (kind === 'changedIndex' || kind === 'usageTimeIndex'))
    return sql.replace(/\((updated_at|recorded_at)/, '($1 ASC');
  return sql;
}

/** Where Citus puts the rows of a table: those of a conversation together, those of no conversation by their own key. */
function placement(names: PostgresNames, { kind }: SchemaObject): string[] {
  const tables = qualifiedTables(names);
  if (!(kind in tables)) return [];
  const table = quoteText(tables[kind as keyof typeof tables]);
  const unless = `WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = ${table}::regclass)`;
  if (kind === 'schemaVersion') return [`SELECT create_reference_table(${table}) ${unless}`];
  const [column, place] =
    kind === 'erasures' ? ['digest', 'none'] : ['session_id', kind === 'sessions' ? 'none' : tables.sessions];
  return [
    `SELECT create_distributed_table(${table}, '${column}', colocate_with => ${quoteText(place)}) ${unless}`,
  ];
}
