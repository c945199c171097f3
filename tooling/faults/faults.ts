import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { tortureTable } from '@stackone/openai-agents-js-sessions/torture';
import { commandLine } from '@stackone/test-environment/command-line';
import { ARENAS } from './src/arenas.ts';
import { type Played, playArena } from './src/play-arena.ts';

const USAGE = `Usage: npm run faults -- [--engine <${Object.keys(ARENAS).join('|')}>] [--fault <part of its name>] [--rounds 3]
  [--seed <text>] [--writers 3] [--long]

Has processes write to stores while things go wrong, each fault in so many rounds (an expensive one in a tenth), and compares what
the tables have with what each process noted before and after each call. Engines are played at the same time. Ends with 1 if anything is wrong. --long stops servers
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

const { engines, fault, rounds, seed, writers, long } = commandLine(USAGE, wanted);
console.log(`seed ${seed}`);

/** @returns Whether there was something to play. */
async function play(engine: string): Promise<boolean> {
  const began = performance.now();
  const played: Played[] = [];
  for (const arena of ARENAS[engine]?.({ isLong: long }) ?? []) {
    const one = await playArena(arena, {
      fault,
      rounds,
      expensiveRounds: Math.ceil(rounds / 10),
      seed,
      writers,
      // so that something is known of a run that is ended early
      onRow: (row) => console.error(`${engine}: ${JSON.stringify(row)}`),
    });
    if (one) played.push(one);
  }
  const [first] = played;
  if (!first) return false;
  const report = {
    seed,
    rows: played.flatMap(({ rows }) => rows),
    isSound: played.every(({ isSound }) => isSound),
  };
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\n${first.title}, ${seconds} s\n\n${tortureTable(report)}`);
  if (!report.isSound) process.exitCode = 1;
  return true;
}

// at the same time: most of it is waiting
const played = await Promise.all(engines.map(play));
if (!played.includes(true)) {
  console.error(`There is no fault "${fault}" of ${engines.join(', ')}.`);
  process.exitCode = 2;
}
// without it Node was seen to spin for ever at its end, after failovers: a proxy resets connections that are being made
process.exit();
