import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Engine, targetsOf } from '@stackone/test-servers';

/** The package whose model test plays an engine; a colon and a series after the engine's name picks one server. */
const PROJECTS: Readonly<Record<string, string>> = {
  memory: '@stackone/sessions-memory',
  sqlite: '@stackone/sessions-sqlite',
  postgres: '@stackone/sessions-postgres',
  pgbouncer: '@stackone/sessions-postgres',
  mysql: '@stackone/sessions-mysql',
  mariadb: '@stackone/sessions-mysql',
};

const USAGE = `Usage: npm run test:model -- --engine <${Object.keys(PROJECTS).join('|')}> [--runs 20000] [--seed 1]

Plays random sequences of calls against a store and the SDK's MemorySession, and compares every result.
A server's series may be named: --engine mariadb:10.11. The seed of a run is printed, and repeats it.`;

interface Wanted {
  readonly engine: string;
  readonly runs: string;
  readonly seed: string | undefined;
}

function wanted(): Wanted | string {
  const isWhole = (text: string) => /^\d+$/.test(text);
  try {
    const { values } = parseArgs({
      options: { engine: { type: 'string' }, runs: { type: 'string' }, seed: { type: 'string' } },
    });
    const { engine = '', runs = '20000', seed } = values;
    if (!exists(engine)) return `There is no engine "${engine}".`;
    if (!isWhole(runs) || Number(runs) === 0 || (seed !== undefined && !isWhole(seed)))
      return '--runs and --seed are whole numbers, and --runs is not 0.';
    return { engine, runs, seed };
  } catch (error) {
    return (error as Error).message;
  }
}

function exists(engine: string): boolean {
  const family = familyOf(engine);
  if (!Object.hasOwn(PROJECTS, family)) return false;
  return engine === family || (isServer(family) && targetsOf(family).some((target) => target === engine));
}

function isServer(family: string): family is Engine {
  return family !== 'memory' && family !== 'sqlite';
}

function familyOf(engine: string): string {
  return engine.split(':')[0] ?? '';
}

const choice = wanted();
if (typeof choice === 'string') {
  console.error(`${choice}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  const { engine, runs, seed } = choice;
  const project = PROJECTS[familyOf(engine)] as string;
  // the names of the tests begin with the server's; where it is absent, one says so and fails
  const tests = isServer(familyOf(engine))
    ? ['-t', `^${engine}\\b.* (the default tables|is to be had)`]
    : ['-t', 'behaves? as (MemorySession|a model in memory) does'];
  const child = spawn('vitest', ['run', '--project', project, 'model.test', ...tests], {
    stdio: 'inherit',
    env: {
      ...process.env,
      CI: 'true',
      MODEL_RUNS: runs,
      ...(seed === undefined ? {} : { MODEL_SEED: seed }),
    },
  });
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
