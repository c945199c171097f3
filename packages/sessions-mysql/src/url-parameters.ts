import {
  aliasOf,
  onlyParameter,
  refusedParameter,
  SERVER_PARAMETERS,
  secondsParameter,
  textParameter,
  type UrlParameters,
  type UrlParameterValues,
  wholeNumberParameter,
  wordParameter,
} from '@stackone/sessions-core/backend';
import { isSchemaName } from './schema-name.js';
import { tlsMode, tlsOrJson } from './tls.js';

const FILES = refusedParameter('Write ssl-ca, ssl-cert and ssl-key, or give the option "ssl".');
const CIPHERS = refusedParameter(
  'Node chooses ciphers and versions. Write ssl={"minVersion":"TLSv1.3"} for a least one.',
);
const FACTORS = refusedParameter('The driver logs in with one password.');
const LOGIN = refusedParameter('The driver and the server agree on the way to log in.');
const COMPRESSION = refusedParameter('Connections are not compressed.');
const LIFETIME = refusedParameter('The store decides itself how long connections are kept.');
const OWN_QUERIES = refusedParameter(
  'It is about queries of your own. Give the store a URL without it, or a pool of yours.',
);

/**
 * The parameters of a URL: those that mysql2, MySQL and Prisma document. docs/url-parameters.md says what each does.
 */
export const MYSQL_URL_PARAMETERS = {
  ...SERVER_PARAMETERS,
  database: textParameter,
  schema: {
    read: (text) => (isSchemaName(text) === undefined ? text : undefined),
    expects: 'a name of 1 to 64 characters, without NUL',
  },
  socketPath: { ...textParameter, read: (text) => text.replace(/^\((.*)\)$/, '$1') || undefined },
  socket: aliasOf('socketPath'),

  ssl: tlsOrJson,
  'ssl-mode': tlsMode,
  ssl_mode: aliasOf('ssl-mode'),
  sslmode: aliasOf('ssl-mode'),
  'ssl-ca': textParameter,
  'ssl-cert': textParameter,
  'ssl-key': textParameter,
  sslaccept: wordParameter('strict', 'accept_invalid_certs'),

  connectTimeout: wholeNumberParameter(1, 2_147_483_647),
  connect_timeout: aliasOf('connectTimeout', secondsParameter(1)),
  connectionLimit: wholeNumberParameter(1),
  connection_limit: aliasOf('connectionLimit'),
  socket_timeout: secondsParameter(1),
  waitForConnections: onlyParameter(['true'], 'A call waits for a free connection.'),
  queueLimit: onlyParameter(['0'], 'A call waits for a free connection.'),
  enableKeepAlive: onlyParameter(['true'], 'Keep-alive is always on.'),
  charset: onlyParameter(['utf8mb4', 'UTF8MB4'], 'Connections are in utf8mb4, so that every text is kept.'),
  statement_cache_size: wholeNumberParameter(0),

  'connect-timeout': refusedParameter('Clients do not agree on its unit. Write connectTimeout, in ms.'),
  sslcert: refusedParameter(
    'Write ssl-ca for the authority, and ssl-cert for the certificate of the client.',
  ),
  sslkey: FILES,
  sslrootcert: FILES,
  sslidentity: FILES,
  sslpassword: FILES,
  'ssl-capath': FILES,
  'ssl-crl': FILES,
  'ssl-crlpath': FILES,
  'ssl-cipher': CIPHERS,
  'ssl-fips-mode': CIPHERS,
  'tls-version': CIPHERS,
  'tls-versions': CIPHERS,
  'tls-ciphers': CIPHERS,
  'tls-ciphersuites': CIPHERS,
  password1: FACTORS,
  password2: FACTORS,
  password3: FACTORS,
  passwordSha1: FACTORS,
  'auth-method': LOGIN,
  'get-server-public-key': LOGIN,
  'server-public-key-path': LOGIN,
  authPlugins: LOGIN,
  authSwitchHandler: LOGIN,
  insecureAuth: LOGIN,
  enableCleartextPlugin: LOGIN,
  compress: COMPRESSION,
  compression: COMPRESSION,
  'compression-algorithms': COMPRESSION,
  'compression-level': COMPRESSION,
  'connection-attributes': refusedParameter('The store tells the server its own name.'),
  connectAttributes: refusedParameter('The store tells the server its own name.'),
  'net-read-timeout': refusedParameter('Set net_read_timeout on the server.'),
  'net-write-timeout': refusedParameter('Set net_write_timeout on the server.'),
  pool_timeout: refusedParameter(
    'Write socket_timeout, or give the option "timeout": it bounds this wait, too.',
  ),
  prefer_socket: refusedParameter('Write socketPath for the socket of the server, and nothing for TCP.'),
  max_connection_lifetime: LIFETIME,
  max_idle_connection_lifetime: LIFETIME,
  maxIdle: LIFETIME,
  idleTimeout: LIFETIME,
  resetOnRelease: LIFETIME,
  gracefulEnd: LIFETIME,
  keepAliveInitialDelay: LIFETIME,
  charsetNumber: refusedParameter('Write charset=utf8mb4, or nothing: the store asks for it.'),
  localAddress: refusedParameter('The system chooses the address of this side.'),
  uri: refusedParameter('It is a URL inside a URL.'),
  flags: refusedParameter('The store chooses the flags of the protocol.'),
  debug: refusedParameter('It would print conversations.'),
  trace: refusedParameter('Errors of the store say where they come from.'),
  bigNumberStrings: OWN_QUERIES,
  dateStrings: OWN_QUERIES,
  decimalNumbers: OWN_QUERIES,
  disableEval: OWN_QUERIES,
  infileStreamFactory: OWN_QUERIES,
  jsonStrings: OWN_QUERIES,
  maxPreparedStatements: OWN_QUERIES,
  multipleStatements: OWN_QUERIES,
  namedPlaceholders: OWN_QUERIES,
  nestTables: OWN_QUERIES,
  queryFormat: OWN_QUERIES,
  rowsAsArray: OWN_QUERIES,
  stringifyObjects: OWN_QUERIES,
  supportBigNumbers: OWN_QUERIES,
  timezone: OWN_QUERIES,
  typeCast: OWN_QUERIES,
} satisfies UrlParameters;

/** What the parameters of one URL say. */
export type MysqlUrlValues = UrlParameterValues<typeof MYSQL_URL_PARAMETERS>;
