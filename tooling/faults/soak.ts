import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { commandLine } from '@stackone/test-environment/command-line';
import { isSound, report } from './src/soak/report.ts';
import { SOAKED, type SoakedEngine, soak } from './src/soak/soak.ts';

const USAGE = `Usage: npm run soak -- [--minutes 60] [--engine <${SOAKED.join('|')}>] [--seed <text>] [--rate 20] [--output <file>]

Plays mixed load against the stores, each engine in a process of its own and all at the same time, while things go wrong, and
measures memory, files, connections, timers and listeners. Ends with 1 if anything grows, is lost or doubled, hangs, or fails outside of a call.
--rate: calls a second on each engine. The report is Markdown.`;

function wanted() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      engine: { type: 'string', multiple: true },
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      rate: { type: 'string', default: '20' },
      output: { type: 'string' },
    },
  });
  const engines = SOAKED.filter((name) => values.engine?.includes(name) ?? true);
  const unknown = values.engine?.find((name) => !SOAKED.includes(name as SoakedEngine));
  if (unknown !== undefined) throw new Error(`There is no engine "${unknown}".`);
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  if (!(minutes >= 1 && rate >= 1)) throw new Error('--minutes and --rate are numbers of at least 1.');
  return { ...values, engines, minutes, rate };
}

const { engines, minutes, seed, rate, output } = commandLine(USAGE, wanted);
console.log(`seed ${seed}`);

// short runs have fewer faults and samples, and need some of both
const pause = minutes < 5 ? ([1000, 3000] as const) : ([2000, 8000] as const);
const soaked = await Promise.all(engines.map((engine) => soak(engine, { minutes, seed, rate, pause })));
const text = soaked.map(report).join('\n\n');
console.log(`\n${text}`);
if (output !== undefined) writeFileSync(output, `${text}\n`);
// what a proxy resets while it is being connected can keep Node alive
process.exit(soaked.every(isSound) ? 0 : 1);
