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
import { TARGETS } from './server-choice.js';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;
const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

const KERBEROS = refusedParameter('The driver "pg" does not log in through GSSAPI.');
const OAUTH = refusedParameter('The driver "pg" does not log in with OAuth.');
const SCRAM_KEYS = refusedParameter('The driver "pg" logs in with the password itself.');
const REVOCATION = refusedParameter('The driver "pg" reads no lists of revoked certificates.');
const KEEP_ALIVE = refusedParameter('Node sets only when keep-alive begins: keepalives_idle, in seconds.');
const PROTOCOL = refusedParameter('The driver "pg" speaks version 3.0 of the protocol.');
const SERVICE = refusedParameter(
  'Service files are not read. Write host, port, user and database into the URL.',
);
const WAIT = refusedParameter(
  'Write socket_timeout, or give the option "timeout": it bounds this wait, too.',
);
const LIFETIME = refusedParameter('The store decides itself how long connections are kept.');

/**
 * The parameters of a URL: those that libpq, `pg` and Prisma document, and two that Supabase adds.
 * docs/url-parameters.md says what each does.
 */
export const POSTGRES_URL_PARAMETERS = {
  ...SERVER_PARAMETERS,
  dbname: textParameter,
  database: aliasOf('dbname'),
  schema: {
    read: (text) => (isSchemaName(text) === undefined ? text : undefined),
    expects: 'a name of 1 to 63 bytes, without NUL',
  },

  sslmode: wordParameter(...SSL_MODES),
  ssl: wordParameter('true', '1', 'false', '0', ...SSL_MODES),
  sslaccept: wordParameter('strict', 'accept_invalid_certs'),
  uselibpqcompat: wordParameter('true', 'false'),
  sslrootcert: textParameter,
  sslcert: textParameter,
  sslkey: textParameter,
  sslpassword: textParameter,
  sslnegotiation: wordParameter('postgres', 'direct'),
  ssl_min_protocol_version: wordParameter(...TLS_VERSIONS),
  ssl_max_protocol_version: wordParameter(...TLS_VERSIONS),
  channel_binding: wordParameter('disable', 'prefer', 'require'),
  sslcompression: onlyParameter(['0'], 'TLS is not compressed.'),
  sslsni: onlyParameter(['1'], 'The name of the host is always sent.'),
  sslcertmode: onlyParameter(['allow'], 'A certificate is shown where there is one and the server asks.'),
  gssencmode: onlyParameter(['disable', 'prefer'], 'The driver "pg" encrypts with TLS, not with GSSAPI.'),

  connect_timeout: secondsParameter(1),
  connection_limit: wholeNumberParameter(1),
  socket_timeout: secondsParameter(1),
  keepalives: onlyParameter(['1'], 'Keep-alive is always on.'),
  keepalives_idle: secondsParameter(0),
  statement_timeout: wholeNumberParameter(0, 2_147_483_647),
  lock_timeout: wholeNumberParameter(0, 2_147_483_647),
  idle_in_transaction_session_timeout: wholeNumberParameter(0, 2_147_483_647),
  application_name: textParameter,
  fallback_application_name: textParameter,
  options: textParameter,
  client_encoding: onlyParameter(['UTF8', 'utf8', 'UTF-8', 'utf-8'], 'The driver "pg" speaks UTF-8.'),
  encoding: aliasOf('client_encoding'),
  target_session_attrs: wordParameter(...TARGETS),
  load_balance_hosts: onlyParameter(['disable'], 'Hosts are tried in their order.'),
  pgbouncer: wordParameter('true', 'false'),
  statement_cache_size: wholeNumberParameter(0),
  supa: textParameter,
  workaround: textParameter,

  hostaddr: refusedParameter(
    'Write the address as the host, and its name into the option ssl: { servername }.',
  ),
  passfile: refusedParameter('Password files are not read. Write the password into the URL.'),
  service: SERVICE,
  servicefile: SERVICE,
  require_auth: refusedParameter(
    'The server chooses the way to log in. Ask for TLS, and channel_binding=require.',
  ),
  requirepeer: refusedParameter('The owner of a socket is not checked.'),
  requiressl: refusedParameter('Write sslmode=require.'),
  tty: refusedParameter('It has no meaning any more.'),
  authtype: refusedParameter('It has no meaning any more.'),
  keepalives_interval: KEEP_ALIVE,
  keepalives_count: KEEP_ALIVE,
  tcp_user_timeout: KEEP_ALIVE,
  replication: refusedParameter('A store sends statements, and those of replication are others.'),
  min_protocol_version: PROTOCOL,
  max_protocol_version: PROTOCOL,
  sslcrl: REVOCATION,
  sslcrldir: REVOCATION,
  sslkeylogfile: refusedParameter('Secrets are not written to files. Start Node with --tls-keylog to debug.'),
  sslidentity: refusedParameter('Make PEM files of it, and write sslcert, sslkey and sslrootcert.'),
  krbsrvname: KERBEROS,
  gsslib: KERBEROS,
  gssdelegation: KERBEROS,
  scram_client_key: SCRAM_KEYS,
  scram_server_key: SCRAM_KEYS,
  oauth_issuer: OAUTH,
  oauth_client_id: OAUTH,
  oauth_client_secret: OAUTH,
  oauth_scope: OAUTH,
  pool_timeout: WAIT,
  query_timeout: refusedParameter('Write statement_timeout: the server then ends the statement itself.'),
  max_connection_lifetime: LIFETIME,
  max_idle_connection_lifetime: LIFETIME,
  single_use_connections: LIFETIME,
  search_path: refusedParameter('Write schema=name, or options=-c%20search_path%3Dname.'),
  currentSchema: refusedParameter('Write schema=name.'),
} satisfies UrlParameters;

/** What the parameters of one URL say. */
export type PostgresUrlValues = UrlParameterValues<typeof POSTGRES_URL_PARAMETERS>;
