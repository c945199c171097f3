import { SessionError } from '@stackone/sessions-core';
import type { MysqlServer } from './ddl.js';
import type { Send } from './driver-types.js';
import type { Cluster } from './errors.js';

/** Settings of a server that change what statements mean, read once when a store is opened. */
export interface ServerSettings {
  readonly server: MysqlServer;
  /** The largest statement, in bytes. */
  readonly maxPacket: number;
  /** Whether values that do not fit are refused, and not cut. */
  readonly strict: boolean;
  /** Whether table names that differ in case name one table. */
  readonly foldsNames: boolean;
  /** Whether it refuses to write to tables whose rows go with those of others: Group Replication with several primaries. */
  readonly refusesCascades: boolean;
  /** Whether, and how, transactions of other nodes can make a COMMIT fail. */
  readonly cluster: Cluster | undefined;
}

/** Those that are not there on every server are left out of the answer, where a SELECT of them would fail. */
const VARIABLES = [
  'version',
  'max_allowed_packet',
  'sql_mode',
  'lower_case_table_names',
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'wsrep_on',
  'group_replication_group_name',
  'group_replication_enforce_update_everywhere_checks',
];

/** What is asked about the server. */
export const SETTINGS_QUESTION = `SHOW VARIABLES WHERE Variable_name IN (${VARIABLES.map((name) => `'${name}'`).join(', ')})`;

/** In bytes. For a proxy that does not tell `max_allowed_packet`: ShardingSphere-Proxy was seen to take 4 MB, and to hang behind 10. */
const UNKNOWN_PACKET = 4 * 1024 * 1024;

/**
 * Reads the settings, and checks that text arrives as it is sent.
 *
 * @param mayBeUntold - Whether settings that cannot be read are not refused: ShardingSphere-Proxy answers with names and empty texts, and
 * speaks utf8mb4 with what is behind it. All others are then as the store makes them, or as on the server that takes least.
 * @throws SessionError `UNSUPPORTED` for connections that are not in utf8mb4.
 */
export async function readSettings(send: Send, mayBeUntold = false): Promise<ServerSettings> {
  const { rows } = await send(SETTINGS_QUESTION);
  const values = new Map(rows.map(({ Variable_name, Value }) => [Variable_name, Value ?? '']));
  const version = values.get('version') ?? '';
  const characterSets = ['client', 'connection', 'results'].map(
    (name) => values.get(`character_set_${name}`) || (mayBeUntold ? 'utf8mb4' : undefined),
  );
  if (characterSets.some((name) => name !== 'utf8mb4')) {
    throw new SessionError(
      'UNSUPPORTED',
      `The connection's character sets are ${characterSets.join(', ')}, so text would be changed on its way. Make the ` +
        "pool with charset: 'utf8mb4'; on MariaDB, start the server without skip-character-set-client-handshake.",
    );
  }
  return {
    server: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    maxPacket: Number(values.get('max_allowed_packet')) || UNKNOWN_PACKET,
    strict: /STRICT_(?:TRANS|ALL)_TABLES/.test(values.get('sql_mode') ?? ''),
    foldsNames: values.get('lower_case_table_names') !== '0',
    refusesCascades: values.get('group_replication_enforce_update_everywhere_checks') === 'ON',
    cluster: clusterOf(values),
  };
}

function clusterOf(values: ReadonlyMap<string | null | undefined, string>): Cluster | undefined {
  if (values.get('wsrep_on') === 'ON') return 'galera';
  if (values.get('group_replication_group_name')) return 'group-replication';
  return /tidb/i.test(values.get('version') ?? '') ? 'tidb' : undefined;
}
