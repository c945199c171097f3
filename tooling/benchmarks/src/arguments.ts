import { parseArgs } from 'node:util';
import { type Effort, FULL, QUICK } from './effort.ts';
import { ENGINE_NAMES, type EngineName } from './engines/engine.ts';
import type { Selection } from './run-engine.ts';

const USAGE = `npm run bench -- [options]
  --quick               in under two minutes, with few rounds
  --engines <list>      of ${ENGINE_NAMES}; default: all but memory
  --workloads <list>    those whose names contain one of these words; default: all
  --rounds <n>          how many rounds count
  --sizes <list>        how many items long conversations have
  --no-peers            without other libraries
  --keep                beside what the folder has of other engines, from the same machine
  --even-if-busy        though other programs keep the machine busy; the results say so
  --out <folder>        from the root of the repository; default: docs/benchmarks`;

/** What is to be run, and where the results go. */
export interface Choice {
  readonly engines: readonly EngineName[];
  readonly selection: Selection;
  readonly out: string;
  /** Whether what the folder has of engines that are not run stays. */
  readonly keep: boolean;
}

/** Reads the command line. Ends the process where it asks for help. */
export function chosen(args: string[]): Choice {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      engines: { type: 'string', default: 'sqlite,postgres,mysql,mariadb' },
      workloads: { type: 'string', default: '' },
      rounds: { type: 'string' },
      sizes: { type: 'string' },
      peers: { type: 'boolean', default: true },
      keep: { type: 'boolean', default: false },
      'even-if-busy': { type: 'boolean', default: false },
      out: { type: 'string', default: 'docs/benchmarks' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const effort: Effort = {
    ...(values.quick ? QUICK : FULL),
    ...(values.rounds !== undefined && { rounds: wholeNumber(values.rounds) }),
    ...(values.sizes !== undefined && { sizes: list(values.sizes).map(wholeNumber) }),
  };
  return {
    engines: list(values.engines).map(engineName),
    keep: values.keep,
    selection: {
      effort,
      workloads: list(values.workloads),
      peers: values.peers,
      evenIfBusy: values['even-if-busy'],
    },
    out: values.out.endsWith('/') ? values.out : `${values.out}/`,
  };
}

const list = (text: string) => text.split(',').filter(Boolean);

function engineName(name: string): EngineName {
  const known = ENGINE_NAMES.find((engine) => engine === name);
  if (!known) throw new Error(`there is no engine "${name}"\n\n${USAGE}`);
  return known;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`"${text}" is no whole number\n\n${USAGE}`);
  return number;
}
