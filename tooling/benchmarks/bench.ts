import { fork } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { chosen } from './src/arguments.ts';
import { charts } from './src/charts.ts';
import type { EngineMessage, Order } from './src/engine-process.ts';
import { ENGINE_NAMES } from './src/engines/engine.ts';
import { measureImports } from './src/imports.ts';
import { installPeers } from './src/install-peers.ts';
import { machine } from './src/machine.ts';
import { engineSection, markdownReport } from './src/markdown.ts';
import { BusyMachine, refuseIfBusy } from './src/other-work.ts';
import type { EngineResult, Report } from './src/results.ts';

const { engines, selection, out, keep } = chosen(process.argv.slice(2));
const { effort, peers, workloads, evenIfBusy } = selection;
// pnpm starts scripts in their own folder: what the user means is meant from the root
const folder = fileURLToPath(new URL(out, new URL('../../', import.meta.url)));

/** One process for each engine: none finds the heap and the compiled code that another has left. */
function inProcess(order: Order): Promise<EngineResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./src/engine-process.ts', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let result: EngineResult | undefined;
    child.on('message', (message: EngineMessage) => {
      if (message.line) console.error(message.line);
      if (message.busy) reject(new BusyMachine(message.busy));
      result ??= message.result;
    });
    child.once('exit', (code) =>
      result ? resolve(result) : reject(new Error(`the process of ${order.engine} ended with ${code}`)),
    );
    child.send(order);
  });
}

/** What the folder has. Results of another machine, or of fewer rounds, do not belong beside those of this run. */
async function keptReport(): Promise<Report> {
  const found: Report = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'));
  if (!isDeepStrictEqual([found.machine, found.effort], [machine(), effort]))
    throw new Error(`${folder}results.json is of another machine or effort: run all engines again`);
  return found;
}

/** Measures all that is wanted. @throws BusyMachine */
async function measured(): Promise<Pick<Report, 'engines' | 'imports'>> {
  const results: EngineResult[] = [];
  for (const engine of engines) {
    const result = await inProcess({ engine, selection });
    results.push(result);
    console.log(`\n${engineSection(result).join('\n\n')}`);
  }
  const wanted = workloads.length === 0 || workloads.includes('imports');
  const imports = wanted ? measureImports(effort.imports, peers && effort.peersAlone) : [];
  if (!evenIfBusy) refuseIfBusy('loading', imports[0]?.others);
  return { engines: results, imports };
}

function endIfBusy(error: unknown): never {
  if (!(error instanceof BusyMachine)) throw error;
  console.error(error.message);
  process.exit(1);
}

if (peers) installPeers();
const kept = keep ? await keptReport() : undefined;
const { engines: results, imports } = await measured().catch(endIfBusy);
const report: Report = {
  machine: machine(),
  effort,
  engines: ENGINE_NAMES.flatMap(
    (name) => [...results, ...(kept?.engines ?? [])].find(({ engine }) => engine === name) ?? [],
  ),
  imports: imports.length > 0 ? imports : (kept?.imports ?? []),
};
const pictures = charts(report);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'results.json'), `${JSON.stringify(report, undefined, 1)}\n`);
await writeFile(join(folder, 'results.md'), markdownReport(report, pictures));
for (const { file, svg } of pictures) await writeFile(join(folder, file), svg);
for (const { title, workloads: measured } of results) {
  for (const { title: workload, measured: rows } of measured) {
    const wrong = rows.find(({ contender, trouble }) => contender === 'ours' && trouble?.kind === 'wrong');
    if (!wrong) continue;
    console.error(`${title}, ${workload}: our own store is ${wrong.trouble?.kind}: ${wrong.trouble?.reason}`);
    process.exitCode = 1;
  }
}
console.error(`\nwritten: ${join(folder, 'results.md')}, results.json and ${pictures.length} charts`);
