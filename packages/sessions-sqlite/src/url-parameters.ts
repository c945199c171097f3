import {
  onlyParameter,
  refusedParameter,
  type UrlParameters,
  wholeNumberParameter,
} from '@stackone/sessions-core/backend';

const FILE_SYSTEM = refusedParameter(
  'It would change how SQLite locks and writes files, which a store relies on.',
);
const BUSY = refusedParameter('Give the option "busyTimeout", in ms.');
const LIFETIME = refusedParameter('A store keeps its one connection until it is closed.');
const SERVER = refusedParameter('The driver "better-sqlite3" opens files of this machine, and no server.');

/**
 * The parameters of a URL: those that SQLite and Prisma document. docs/url-parameters.md says what each does.
 */
export const SQLITE_URL_PARAMETERS = {
  mode: onlyParameter(['rwc', 'rw'], 'A store writes; one in memory is sqlite::memory:.'),
  cache: onlyParameter(['private'], 'A store has a cache of its own.'),
  connection_limit: wholeNumberParameter(1),
  vfs: FILE_SYSTEM,
  nolock: FILE_SYSTEM,
  immutable: FILE_SYSTEM,
  psow: FILE_SYSTEM,
  modeof: FILE_SYSTEM,
  socket_timeout: BUSY,
  busy_timeout: BUSY,
  timeout: BUSY,
  max_connection_lifetime: LIFETIME,
  max_idle_connection_lifetime: LIFETIME,
  authToken: SERVER,
  tls: SERVER,
} satisfies UrlParameters;
