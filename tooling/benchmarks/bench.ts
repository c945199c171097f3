import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { FULL, QUICK } from './src/effort.ts';
import type { Order } from './src/engine-process.ts';
import { ENGINE_NAMES, type EngineName } from './src/engines/engine.ts';
import type { EngineResult } from './src/results.ts';
import { resultTable } from './src/summary.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    engines: { type: 'string', default: 'sqlite,postgres,mysql,mariadb' },
    workloads: { type: 'string', default: '' },
    rounds: { type: 'string' },
    sizes: { type: 'string' },
    out: { type: 'string', default: 'docs/benchmarks' },
  },
});

const list = (text: string | undefined) => text?.split(',').filter(Boolean) ?? [];
const engines = list(values.engines);
for (const engine of engines)
  if (!ENGINE_NAMES.includes(engine as EngineName))
    throw new Error(`there is no engine ${engine}: ${ENGINE_NAMES}`);
const effort = {
  ...(values.quick ? QUICK : FULL),
  ...(values.rounds && { rounds: Number(values.rounds) }),
  ...(values.sizes && { sizes: list(values.sizes).map(Number) }),
};

/** One process for each engine: none finds the heap and the compiled code that another has left. */
function inProcess(order: Order): Promise<EngineResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./src/engine-process.ts', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let result: EngineResult | undefined;
    child.on('message', (message: { line?: string; result?: EngineResult }) => {
      if (message.line) console.error(message.line);
      result ??= message.result;
    });
    child.once('exit', (code) =>
      result ? resolve(result) : reject(new Error(`${order.engine} ended with ${code}`)),
    );
    child.send(order);
  });
}

const results: EngineResult[] = [];
for (const engine of engines as EngineName[]) {
  const result = await inProcess({ engine, selection: { effort, workloads: list(values.workloads) } });
  results.push(result);
  console.log(
    `\n## ${result.title}\n\n${Object.entries(result.settings)
      .map(([name, value]) => `${name} = ${value}`)
      .join(', ')}\n`,
  );
  console.log(resultTable(result));
}
await mkdir(values.out, { recursive: true });
await writeFile(`${values.out}/results.json`, `${JSON.stringify(results, undefined, 1)}\n`);
