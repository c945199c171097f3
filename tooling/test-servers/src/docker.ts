import { basename } from 'node:path';
import { Declined } from './choice.ts';
import { ENGINE_NAMES } from './engines.ts';
import { runCommand } from './run-command.ts';
import { askVersion } from './sql-connection.ts';
import { type Recipe, type StartOptions, TEST_PASSWORD, TEST_USER } from './throwaway.ts';

/** An official image that a Docker engine can run. */
export interface DockerImage {
  readonly engine: 'postgres' | 'mysql' | 'mariadb';
  readonly image: string;
  readonly origin: string;
  readonly version: string;
}

const PORT = { postgres: 5432, mysql: 3306, mariadb: 3306 };

/** The image of an engine, if a Docker engine answers and has it or can get it. */
export async function dockerImage(
  engine: DockerImage['engine'],
  tag: string,
  { tls }: StartOptions,
): Promise<DockerImage | Declined> {
  if (tls) return new Declined('Docker: TLS of our own is set up on servers of this machine only');
  const { code, stdout } = await runCommand('docker', ['info', '--format', '{{.ServerVersion}}']);
  if (code !== 0) return new Declined('no Docker engine answers');
  const image = `${engine}:${tag}`;
  const known = await runCommand('docker', ['image', 'inspect', image]);
  const pulled = known.code === 0 ? known : await runCommand('docker', ['pull', '--quiet', image]);
  if (pulled.code !== 0)
    return new Declined(`Docker ${stdout.trim()} has no ${image}: ${pulled.stderr.trim()}`);
  return { engine, image, version: tag, origin: `${ENGINE_NAMES[engine]} ${tag} by Docker ${stdout.trim()}` };
}

/** How to run an image. The program under the guardian is the client that stays attached to the container. */
export function dockerRecipe({ engine, image, origin }: DockerImage, options: StartOptions): Recipe {
  const isPostgres = engine === 'postgres';
  const container = (folder: string) => basename(folder);
  const environment = isPostgres
    ? [`POSTGRES_USER=${TEST_USER}`, `POSTGRES_PASSWORD=${TEST_PASSWORD}`]
    : [`MYSQL_ROOT_PASSWORD=${TEST_PASSWORD}`];
  const settings = {
    ...(options.durable ? {} : isPostgres ? { fsync: 'off' } : { 'innodb-flush-log-at-trx-commit': '2' }),
    ...options.settings,
  };
  const run = (folder: string, port: number) => [
    ...['run', '--name', container(folder), '--publish', `127.0.0.1:${port}:${PORT[engine]}`],
    ...environment.flatMap((variable) => ['--env', variable]),
    image,
    ...Object.entries(settings).flatMap(([key, value]) =>
      isPostgres ? ['-c', `${key}=${value}`] : [`--${key}=${value}`],
    ),
  ];
  return {
    engine,
    origin,
    user: isPostgres ? TEST_USER : 'root',
    endSignal: 'SIGKILL',
    prepare: async () => {},
    command: (folder, port, start) => ({
      command: 'docker',
      args: start === 1 ? run(folder, port) : ['start', '--attach', container(folder)],
    }),
    whenUp: askVersion,
    instead: {
      crash: (folder) => ({ command: 'docker', args: ['kill', container(folder)] }),
      afterwards: (folder) => ({
        command: 'docker',
        args: ['rm', '--force', '--volumes', container(folder)],
      }),
    },
  };
}
