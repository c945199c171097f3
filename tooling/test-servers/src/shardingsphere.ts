import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { EngineUnavailable } from './choice.ts';
import { keepOnce } from './keep-once.ts';
import { mustRun, runCommand } from './run-command.ts';
import { writeForServer } from './server-identity.ts';
import { launch, TEST_PASSWORD, TEST_USER, type ThrowawayServer } from './throwaway.ts';

/** The newest that Maven Central has whole, and the driver with which it speaks to MySQL. */
const VERSION = '5.1.0';
const JARS = {
  'org.apache.shardingsphere:shardingsphere-proxy-bootstrap': VERSION,
  'mysql:mysql-connector-java': '8.0.28',
};
/** What clients connect to, whatever the databases behind it are called. */
const SCHEMA = 'sessions';

/** How a table is spread over the databases. */
export interface ShardedTable {
  readonly name: string;
  /** The column whose value says where a row is. */
  readonly column: string;
  /** A column that the proxy fills with numbers that ascend. */
  readonly id?: string | undefined;
}

/** Options of {@link startShardingProxy}. */
export interface ShardingProxyOptions {
  /** URLs of the MySQL databases that rows are spread over. */
  readonly databases: readonly string[];
  readonly tables: readonly ShardedTable[];
}

/**
 * Starts ShardingSphere-Proxy before MySQL databases. It needs Java and Maven, and about 10 s; the first time some minutes, as
 * it fetches two hundred archives.
 *
 * Source of the settings: ShardingSphere 5.1.0 Document, "YAML Configuration" and "ShardingSphere-Proxy / Startup".
 *
 * @returns The proxy, and the URL of what clients see as one database.
 * @throws EngineUnavailable without Java or Maven; Error with its log, if it does not come up.
 * @example
 * const tables = [{ name: 'notes', column: 'session_id', id: 'id' }];
 * const { proxy, url } = await startShardingProxy({ databases: [one, other], tables });
 */
export async function startShardingProxy(
  options: ShardingProxyOptions,
): Promise<{ proxy: ThrowawayServer; url: string }> {
  const jars = await fetchedJars();
  const proxy = await launch({
    engine: 'mysql',
    origin: `ShardingSphere-Proxy ${VERSION} from Maven Central`,
    endSignal: 'SIGKILL',
    async prepare(folder) {
      await writeForServer(join(folder, 'server.yaml'), serverYaml());
      await writeForServer(join(folder, 'config-sharding.yaml'), shardingYaml(options));
      await writeForServer(join(folder, 'logback.xml'), LOGBACK);
    },
    command: (folder, port) => ({
      command: 'java',
      args: [
        '-Xmx512m',
        '-cp',
        [folder, join(jars, '*')].join(delimiter),
        'org.apache.shardingsphere.proxy.Bootstrap',
        String(port),
        folder,
      ],
    }),
    async whenUp(server) {
      await server.query('SELECT 1', SCHEMA);
      return VERSION;
    },
  });
  return { proxy, url: proxy.url(SCHEMA) };
}

/** A folder with the proxy and all that it needs, fetched once. */
async function fetchedJars(): Promise<string> {
  for (const program of ['java', 'mvn']) {
    const { code } = await runCommand(program, ['-version']);
    if (code !== 0) throw new EngineUnavailable('shardingsphere', [`no ${program} on this machine`]);
  }
  const folder = await keepOnce(`shardingsphere-proxy-${VERSION}`, async (part) => {
    const dependencies = Object.entries(JARS).map(([name, version]) => {
      const [group, artifact] = name.split(':');
      return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
    });
    await writeFile(
      join(part, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>proxy</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>`,
    );
    const jars = join(part, 'jars');
    await mkdir(jars);
    const copy = [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      `-DoutputDirectory=${jars}`,
      '-DincludeScope=runtime',
    ];
    await mustRun('mvn', copy, { cwd: part });
  });
  return join(folder, 'jars');
}

/** By default every statement and every packet is written down. */
const LOGBACK = `<configuration><appender name="console" class="ch.qos.logback.core.ConsoleAppender">
<encoder><pattern>%d %level %logger{0} %msg%n</pattern></encoder></appender>
<root level="WARN"><appender-ref ref="console"/></root></configuration>`;

function serverYaml(): string {
  return `rules:
  - !AUTHORITY
    users:
      - ${TEST_USER}@%:${TEST_PASSWORD}
    provider:
      type: ALL_PRIVILEGES_PERMITTED
  - !TRANSACTION
    defaultType: LOCAL
`;
}

function shardingYaml({ databases, tables }: ShardingProxyOptions): string {
  const sources = databases.map((url, at) => {
    const { host, pathname, username, password } = new URL(url);
    return `  node_${at}:
    url: jdbc:mysql://${host}${pathname}?useSSL=false&allowPublicKeyRetrieval=true
    username: ${decodeURIComponent(username)}
    password: ${decodeURIComponent(password)}
    maxPoolSize: 100
    minPoolSize: 1
`;
  });
  const all = `node_\${0..${databases.length - 1}}`;
  const rules = tables.map(
    ({ name, column, id }) => `    ${name}:
      actualDataNodes: ${all}.${name}
      databaseStrategy:
        standard: {shardingColumn: ${column}, shardingAlgorithmName: by_${column}}
${id ? `      keyGenerateStrategy: {column: ${id}, keyGeneratorName: ascending}\n` : ''}`,
  );
  const columns = [...new Set(tables.map(({ column }) => column))];
  const algorithms = columns.map(
    (column) => `    by_${column}:
      type: INLINE
      props:
        algorithm-expression: node_\${Math.abs(${column}.hashCode()) % ${databases.length}}
        allow-range-query-with-inline-sharding: true
`,
  );
  return `schemaName: ${SCHEMA}
dataSources:
${sources.join('')}rules:
- !SHARDING
  tables:
${rules.join('')}  shardingAlgorithms:
${algorithms.join('')}  keyGenerators:
    ascending: {type: SNOWFLAKE, props: {worker-id: 1}}
`;
}
