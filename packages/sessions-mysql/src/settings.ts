import { SessionError } from '@stackone/sessions-core';
import type { MysqlServer } from './ddl.js';
import type { Send } from './driver-types.js';

/** Settings of a server that change what statements mean, read once when a store is opened. */
export interface ServerSettings {
  readonly server: MysqlServer;
  /** The largest statement, in bytes. */
  readonly maxPacket: number;
  /** Whether values that do not fit are refused, and not cut. */
  readonly strict: boolean;
  /** Whether table names that differ in case name one table. */
  readonly foldsNames: boolean;
}

/**
 * Reads the settings, and checks that text arrives as it is sent.
 *
 * @throws SessionError `UNSUPPORTED` for connections that are not in utf8mb4.
 */
export async function readSettings(send: Send): Promise<ServerSettings> {
  const { rows } = await send(
    'SELECT VERSION() AS version, @@max_allowed_packet AS max_packet, @@sql_mode AS modes, ' +
      '@@lower_case_table_names AS folding, @@character_set_client AS sent, @@character_set_connection AS understood, ' +
      '@@character_set_results AS received',
  );
  const { version, max_packet, modes, folding, sent, understood, received } = rows[0] ?? {};
  const characterSets = [sent, understood, received];
  if (characterSets.some((name) => name !== 'utf8mb4')) {
    throw new SessionError(
      'UNSUPPORTED',
      `The connection's character sets are ${characterSets.join(', ')}, so text would be changed on its way. Make the ` +
        "pool with charset: 'utf8mb4'; on MariaDB, start the server without skip-character-set-client-handshake.",
    );
  }
  return {
    server: /mariadb/i.test(version ?? '') ? 'mariadb' : 'mysql',
    maxPacket: Number(max_packet),
    strict: /STRICT_(?:TRANS|ALL)_TABLES/.test(modes ?? ''),
    foldsNames: folding !== '0',
  };
}
