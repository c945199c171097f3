import {
  connectionFinding,
  type Finding,
  good,
  improvable,
  type Socket,
  tlsFinding,
  wrong,
} from '@stackone/sessions-core/doctor';
import type { ServerState } from './doctor-statements.js';

/** The connection to a server. */
export interface Link {
  readonly stream: Socket;
  /** Whether it leads to something that passes statements on. */
  readonly isPooled: boolean;
}

/** @param max - How many connections a store opens. */
export function* linkFindings(
  { version, settings, used, roleLimit, databaseLimit }: ServerState,
  { stream, isPooled }: Link,
  max: number,
): Generator<Finding> {
  yield good('SERVER', `PostgreSQL ${version}.`);
  yield tlsFinding(stream, 'sslmode=verify-full, with sslrootcert where the authority is your own');
  yield good(
    'POOLER',
    isPooled
      ? 'A pooler stands in between. The store needs nothing that one in transaction mode does not have.'
      : 'No pooler stands in between.',
  );
  const reserved = ['superuser_reserved_connections', 'reserved_connections'].map((name) =>
    Number(settings[name] ?? 0),
  );
  const open = reserved.reduce((left, number) => left - number, Number(settings.max_connections));
  yield connectionFinding({ max, open, limits: [roleLimit, databaseLimit], used });
}

const UTC = /^(?:Etc\/)?(?:UTC|UCT|GMT|Universal|Zulu)$/i;

export function* serverFindings({ settings, user, isStandby }: ServerState): Generator<Finding> {
  const change = (setting: string) => `Run: ALTER ROLE ${user} SET ${setting}`;
  if (isStandby)
    yield wrong('WRITABLE', 'The server is a standby and takes no writes.', 'Name the primary in the URL.');
  else if (settings.default_transaction_read_only === 'on')
    yield wrong(
      'WRITABLE',
      'Transactions of this user take no writes.',
      change('default_transaction_read_only = off'),
    );
  else yield good('WRITABLE', 'The server takes writes.');
  if (settings.synchronous_commit === 'off')
    yield improvable(
      'DURABILITY',
      'synchronous_commit is off: turns of the last moments before a crash are lost, though they were acknowledged.',
      change('synchronous_commit = on'),
    );
  else yield good('DURABILITY', 'A turn that was acknowledged survives a crash.');
  const unsafe = ['fsync', 'full_page_writes'].filter((name) => settings[name] === 'off');
  if (unsafe.length > 0)
    yield wrong(
      'CRASH_SAFETY',
      `${unsafe.join(' and ')} off: a power cut can destroy the whole database.`,
      `Run: ${unsafe.map((name) => `ALTER SYSTEM SET ${name} = on`).join('; ')}; SELECT pg_reload_conf()`,
    );
  else yield good('CRASH_SAFETY', 'The database survives a power cut.');
  if (settings.default_transaction_isolation === 'read committed')
    yield good('ISOLATION', 'Statements run at READ COMMITTED.');
  else
    yield improvable(
      'ISOLATION',
      `default_transaction_isolation is ${settings.default_transaction_isolation}: every turn begins a transaction of its own level, in more round trips.`,
      change("default_transaction_isolation = 'read committed'"),
    );
  if (UTC.test(settings.TimeZone ?? '')) yield good('TIME_ZONE', 'Times are written in UTC.');
  else
    yield improvable(
      'TIME_ZONE',
      `Times are written in the zone ${settings.TimeZone}, without saying so: writers in another zone leave times that are hours apart.`,
      change("timezone = 'UTC'"),
    );
}
