import {
  connectionFinding,
  type Finding,
  good,
  improvable,
  type Socket,
  tlsFinding,
  wrong,
} from '@stackone/sessions-core/doctor';
import type { Send } from './driver-types.js';

/** The connection to a server. */
export interface Link {
  readonly stream: Socket;
  /** Whether it leads to something that passes statements on. */
  readonly isPooled: boolean;
}

/** What is asked of a server. */
export interface ServerState {
  readonly isMysql: boolean;
  /** Like `REPEATABLE-READ`. */
  readonly isolation: string;
  /** Settings by their names, as text; one that this server does not have is absent. */
  readonly settings: ReadonlyMap<string, string>;
  /** Connections that are open. */
  readonly used: number;
}

const SETTINGS = [
  'version',
  'max_connections',
  'max_user_connections',
  'sql_mode',
  'max_allowed_packet',
  'innodb_flush_log_at_trx_commit',
  'innodb_doublewrite',
  'log_bin',
  'sync_binlog',
  'transaction_isolation',
  'tx_isolation',
];

export async function readServerState(send: Send): Promise<ServerState> {
  const named = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');
  const { rows } = await send(`SHOW VARIABLES WHERE Variable_name IN (${named(SETTINGS)})`);
  const settings = new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), Value ?? '']));
  const { rows: status } = await send("SHOW GLOBAL STATUS WHERE Variable_name = 'Threads_connected'");
  return {
    isMysql: !/mariadb/i.test(settings.get('version') ?? ''),
    isolation: settings.get('transaction_isolation') ?? settings.get('tx_isolation') ?? '',
    settings,
    used: Number(status[0]?.Value ?? 0),
  };
}

/** @param max - How many connections a store opens. */
export function* linkFindings(
  { isMysql, settings, used }: ServerState,
  { stream, isPooled }: Link,
  max: number,
): Generator<Finding> {
  yield good('SERVER', `${isMysql ? 'MySQL' : 'MariaDB'} ${settings.get('version')}.`);
  yield tlsFinding(stream, 'ssl-mode=VERIFY_IDENTITY, with ssl-ca where the authority is your own');
  yield good('POOLER', isPooled ? 'A proxy stands in between.' : 'No proxy stands in between.');
  const ofUser = Number(settings.get('max_user_connections')) || -1; // 0 is no limit
  yield connectionFinding({ max, open: Number(settings.get('max_connections')), limits: [ofUser], used });
}

/** What an item may need with all that is around it, in bytes. */
const SMALL_PACKET = 16 * 2 ** 20;

export function* serverFindings({ settings, isolation }: ServerState): Generator<Finding> {
  const set = (...names: readonly string[]) =>
    `Run: ${names.map((name) => `SET PERSIST ${name}`).join('; ')} (in MariaDB: SET GLOBAL, and the file of settings)`;
  const loose = [
    ...(settings.get('innodb_flush_log_at_trx_commit') === '1' ? [] : ['innodb_flush_log_at_trx_commit']),
    ...(settings.get('log_bin') === 'ON' && settings.get('sync_binlog') !== '1' ? ['sync_binlog'] : []),
  ];
  if (loose.length === 0) yield good('DURABILITY', 'A turn that was acknowledged survives a crash.');
  else
    yield improvable(
      'DURABILITY',
      `${loose.map((name) => `${name} is ${settings.get(name)}`).join(', ')}: turns of the last moments before a crash are lost, though they were acknowledged.`,
      set(...loose.map((name) => `${name} = 1`)),
    );
  if (/^(?:OFF|0|DETECT_ONLY)$/i.test(settings.get('innodb_doublewrite') ?? ''))
    yield wrong(
      'CRASH_SAFETY',
      'innodb_doublewrite is off: a power cut can destroy pages of the database, unless the file system writes them whole.',
      'Start the server with innodb_doublewrite=ON.',
    );
  else yield good('CRASH_SAFETY', 'The database survives a power cut.');
  if (/STRICT_(?:TRANS|ALL)_TABLES/.test(settings.get('sql_mode') ?? ''))
    yield good('SQL_MODE', 'The server refuses what does not fit.');
  else
    yield improvable(
      'SQL_MODE',
      'sql_mode is not strict: what does not fit into a column is cut silently.',
      set("sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES')"),
    );
  const packet = Number(settings.get('max_allowed_packet'));
  if (packet >= SMALL_PACKET) yield good('PACKET_SIZE', `Statements may have ${packet / 2 ** 20} MiB.`);
  else
    yield improvable(
      'PACKET_SIZE',
      `max_allowed_packet is ${packet / 2 ** 20} MiB: items that are longer, as those with images are, are refused.`,
      set(`max_allowed_packet = ${SMALL_PACKET}`),
    );
  if (isolation === 'SERIALIZABLE')
    yield improvable(
      'ISOLATION',
      'Transactions are SERIALIZABLE: reads wait for writes.',
      set("transaction_isolation = 'READ-COMMITTED'"),
    );
  else yield good('ISOLATION', `Transactions are at ${isolation.replace('-', ' ')}.`);
}
