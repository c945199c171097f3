import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { tortureTable } from '@stackone/openai-agents-js-sessions/torture';
import { ARENAS } from './src/arenas.ts';
import { playArena } from './src/play-arena.ts';

const USAGE = `Usage: npm run faults -- [--engine <${Object.keys(ARENAS).join('|')}>] [--fault <part of its name>] [--rounds 3]
  [--seed <text>] [--writers 3] [--long]

Has processes write to stores while things go wrong, each fault in so many rounds (an expensive one in a tenth), and compares what
the tables have with what each process noted before and after each call. Ends with 1 if anything is wrong. --long stops servers
for 30 s, and not for up to one. The seed is printed; it repeats the random choices, though not the scheduling of the machine.`;

function wanted() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', multiple: true },
      fault: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      writers: { type: 'string', default: '3' },
      long: { type: 'boolean', default: false },
    },
  });
  const { engine: engines = Object.keys(ARENAS), rounds, writers } = values;
  const unknown = engines.find((name) => !Object.hasOwn(ARENAS, name));
  if (unknown !== undefined) throw new Error(`There is no engine "${unknown}".`);
  for (const number of [rounds, writers]) {
    if (!/^[1-9]\d*$/.test(number))
      throw new Error('--rounds and --writers are whole numbers of at least 1.');
  }
  return { ...values, engines, rounds: Number(rounds), writers: Number(writers) };
}

function choice() {
  try {
    return wanted();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { engines, fault, rounds, seed, writers, long } = choice();
let played = false;
console.log(`seed ${seed}`);
for (const engine of engines) {
  await using arena = await (ARENAS[engine] as (typeof ARENAS)[string])({ isLong: long });
  const began = performance.now();
  const report = await playArena(arena, {
    fault,
    rounds,
    expensiveRounds: Math.ceil(rounds / 10),
    seed,
    writers,
    // so that something is known of a run that is ended early
    onRow: (row) => console.error(`${engine}: ${JSON.stringify(row)}`),
  });
  console.log(
    `\n${arena.title}, ${Math.round((performance.now() - began) / 1000)} s\n\n${tortureTable(report)}`,
  );
  if (!report.isSound) process.exitCode = 1;
  if (report.rows.length > 0) played = true;
}
if (!played) {
  console.error(`There is no fault "${fault}".`);
  process.exitCode = 2;
}
