import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dockerRecipe } from './docker.ts';
import { keepOnce } from './keep-once.ts';
import { chooseMariadb, chooseMysql, type MysqldProgram } from './mysql-family-programs.ts';
import { mustRun } from './run-command.ts';
import { copyAsServer, giveToServer, serverIdentity, writeForServer } from './server-identity.ts';
import { askVersion } from './sql-connection.ts';
import {
  launch,
  type Recipe,
  type StartOptions,
  TEST_PASSWORD,
  TEST_USER,
  type ThrowawayServer,
} from './throwaway.ts';

/** Options of {@link startMariadb}. */
export interface MariadbOptions extends StartOptions {
  /** The series; any if absent. */
  readonly version?: '10.11' | '11.8' | undefined;
}

type Family = 'mysql' | 'mariadb';

/**
 * Starts a MySQL server of its own, 8.0 or newer: from this machine, else from Debian's archive, else by
 * Docker. About 0.9 s once it has been fetched and its data folder has been prepared.
 *
 * @throws EngineUnavailable if there is none; Error with the log, if it does not come up.
 * @example
 * await using server = await startMysql({ settings: { sql_mode: '' } });
 * const pool = mysql.createPool(server.url(await server.createDatabase()));
 */
export async function startMysql(options: StartOptions = {}): Promise<ThrowawayServer> {
  const { found, declined } = await chooseMysql(options);
  return launch(
    'image' in found ? dockerRecipe(found, options) : recipeOf('mysql', found, options),
    declined,
  );
}

/**
 * Starts a MariaDB server of its own: from this machine, else from Debian's archive, else by Docker.
 *
 * @throws EngineUnavailable if there is none of this series; Error with the log, if it does not come up.
 * @example await using server = await startMariadb({ version: '10.11', tls: { require: true } });
 */
export async function startMariadb(options: MariadbOptions = {}): Promise<ThrowawayServer> {
  const { found, declined } = await chooseMariadb(options.version, options);
  return launch(
    'image' in found ? dockerRecipe(found, options) : recipeOf('mariadb', found, options),
    declined,
  );
}

/** Can be set only while the data folder is made. */
const FIXED_AT_BIRTH = 'lower_case_table_names';

/** A commit is handed to the kernel, so that `kill()` loses none, but not to the disk. */
const FAST = {
  'innodb-doublewrite': 'OFF',
  'innodb-flush-log-at-trx-commit': '2',
  'innodb-buffer-pool-size': '64M',
};
/** Neither takes the other's settings. MariaDB has no binary log unless it is asked for one. */
const FAST_OF = {
  mysql: {
    'disable-log-bin': 'ON',
    'innodb-redo-log-capacity': '64M',
    'performance-schema-consumer-global-instrumentation': 'OFF', // a tenth of its time
  },
  mariadb: { 'innodb-log-file-size': '32M' },
};
/** A second protocol with a second port. */
const ALWAYS_OF = { mysql: { mysqlx: 'OFF', 'secure-file-priv': 'NULL' }, mariadb: {} };

function recipeOf(family: Family, program: MysqldProgram, options: StartOptions): Recipe {
  const { settings = {}, firstSettings = {}, tls, durable, parent, environment } = options;
  const files = (folder: string) => ({
    'ssl-ca': join(folder, 'ca.crt'),
    'ssl-cert': join(folder, 'server.crt'),
    'ssl-key': join(folder, 'server.key'),
  });
  return {
    engine: family,
    origin: program.origin,
    tls,
    parent,
    environment,
    endSignal: 'SIGKILL',
    async prepare(folder, material) {
      const template = await dataTemplate(family, program, settings[FIXED_AT_BIRTH]);
      await copyAsServer(template, join(folder, 'data'));
      await rm(join(folder, 'data/auto.cnf'), { force: true }); // the server's id: no two may share it
      if (material) {
        const { 'ssl-ca': ca, 'ssl-cert': cert, 'ssl-key': key } = files(folder);
        await writeForServer(ca, material.ca);
        await writeForServer(cert, material.server.cert);
        await writeForServer(key, material.server.key);
      }
    },
    command: (folder, port, start) => ({
      command: program.command,
      args: program.prefix.concat(
        flags({
          datadir: join(folder, 'data'),
          port: String(port),
          'bind-address': '127.0.0.1',
          socket: join(folder, 'socket'),
          // in a folder that servers share, one that starts removes the temporary tables of the others
          tmpdir: folder,
          'pid-file': join(folder, 'pid'),
          'max-connections': '300',
          ...ALWAYS_OF[family],
          ...(durable ? {} : { ...FAST, ...FAST_OF[family] }),
          ...(tls ? files(folder) : {}),
          ...(tls?.require || tls?.clientCertificates ? { 'require-secure-transport': 'ON' } : {}),
          ...settings,
          ...(start === 1 ? firstSettings : {}),
        }),
      ),
    }),
    async whenUp(server, start) {
      const version = await askVersion(server);
      if (tls?.clientCertificates && start === 1)
        await server.query(`ALTER USER '${TEST_USER}'@'%' REQUIRE X509`);
      return version;
    },
  };
}

const flags = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).map(([name, value]) => `--${name}=${value}`);

/** Terminated by line: the form that the bootstrap of both understands. */
const MAKE_USER = [
  `CREATE USER '${TEST_USER}'@'%' IDENTIFIED BY '${TEST_PASSWORD}';`,
  `GRANT ALL ON *.* TO '${TEST_USER}'@'%' WITH GRANT OPTION;`,
].join('\n');

/** A data folder with our user and nothing else, made once: copying it is much quicker than making it. */
async function dataTemplate(
  family: Family,
  program: MysqldProgram,
  tableNames: string | undefined,
): Promise<string> {
  const variant = tableNames === undefined ? '' : `-names${tableNames}`;
  const name = `${family}-${program.version}-data-${serverIdentity().uid ?? 'own'}${variant}`;
  const folder = await keepOnce(name, async (part) => {
    await giveToServer(part);
    const data = join(part, 'data');
    const options = { ...serverIdentity(), cwd: part };
    const fixed = tableNames === undefined ? {} : { [FIXED_AT_BIRTH]: tableNames };
    if (family === 'mysql') {
      await writeForServer(join(part, 'user.sql'), MAKE_USER);
      const small = { 'disable-log-bin': 'ON', 'innodb-redo-log-capacity': '8M' }; // grows when it is run
      const settings = { datadir: data, 'init-file': join(part, 'user.sql'), ...small, ...fixed };
      await mustRun(
        program.command,
        [...program.prefix, '--initialize-insecure', ...flags(settings)],
        options,
      );
    } else {
      await mkdir(data);
      await giveToServer(data);
      const settings = { datadir: data, ...FAST_OF.mariadb, ...fixed };
      await mustRun(program.command, [...program.prefix, '--bootstrap', ...flags(settings)], {
        ...options,
        input: await systemTablesScript(program.scripts ?? ''),
      });
    }
  });
  return join(folder, 'data');
}

/** What `mariadb-install-db` sends to the server; it is not in the core package, and cannot use our loader. */
async function systemTablesScript(scripts: string): Promise<string> {
  const names = await readdir(scripts);
  const texts = ['create database if not exists mysql;', 'use mysql;', 'SET @auth_root_socket=NULL;'];
  for (const part of [
    /_system_tables\.sql$/,
    /_performance_tables\.sql$/,
    /_system_tables_data\.sql$/,
    /^fill_help_tables\.sql$/,
    /^maria_add_gis_sp_bootstrap\.sql$/,
    /_sys_schema\.sql$/,
  ]) {
    const name = names.find((candidate) => part.test(candidate));
    if (!name) throw new Error(`${scripts} has no SQL script ${part.source}`);
    texts.push(await readFile(join(scripts, name), 'utf8'));
  }
  return `${texts.join('\n')}\nFLUSH PRIVILEGES;\n${MAKE_USER}\n`;
}
