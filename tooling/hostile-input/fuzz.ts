import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { commandLine } from '@stackone/test-environment/command-line';

const ENGINES = ['memory', 'sqlite', 'postgres', 'mysql', 'mariadb'];

const USAGE = `Usage: npm run fuzz -- [--engine <${ENGINES.join('|')}>] [--minutes 1] [--seed <whole number>]

Hands the stores what nobody should hand them, and reads rows that nobody should have written, on one engine or on all of them one
after the other. Ends with 1 at the first promise that is broken, with the smallest case found and the seed that repeats it.`;

function wanted() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string' },
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
    },
  });
  const { engine, minutes, seed } = values;
  if (engine !== undefined && !ENGINES.includes(engine)) throw new Error(`There is no engine "${engine}".`);
  if (!/^\d+(\.\d+)?$/.test(minutes) || (seed !== undefined && !/^\d+$/.test(seed)))
    throw new Error('--minutes is a number, and --seed is a whole number.');
  return { engine, minutes, seed };
}

const { engine, minutes, seed } = commandLine(USAGE, wanted);
// the names of the tests begin with the engine's
const tests = engine === undefined ? [] : ['-t', `^${engine}\\b`];
const child = spawn('vitest', ['run', '--project', '@stackone/hostile-input', 'fuzz.test', ...tests], {
  stdio: 'inherit',
  env: {
    ...process.env,
    CI: 'true',
    FUZZ_MINUTES: minutes,
    ...(seed === undefined ? {} : { FUZZ_SEED: seed }),
  },
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
