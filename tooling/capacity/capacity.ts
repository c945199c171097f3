/**
 * How large the tables of a store become, how many pages calls look at, and how many servers, connections and seconds of pruning it takes: a model.
 * With `--check` it fills real tables on real servers, and says how far the model is from them.
 *
 * Usage: `npm run capacity -- --conversations 1e9 --turns 20`, `npm run capacity -- --check 1e6 --engine postgres`; `--help` for all.
 */
import { chosen } from './src/arguments.ts';
import { compare } from './src/comparison.ts';
import { count, duration } from './src/figures.ts';
import { prunedPerSecond } from './src/pruning.ts';
import { openReal } from './src/real/open-real.ts';
import { comparisonReport, reportOf } from './src/report.ts';

const choice = chosen(process.argv.slice(2));
for (const engine of choice.engines) {
  if (!choice.isCheck) {
    console.log(`${reportOf(engine, choice)}\n`);
    continue;
  }
  const real = await openReal(engine);
  try {
    const began = performance.now();
    await real.fill(choice.shape);
    console.error(`${real.title}: filled in ${duration((performance.now() - began) / 1000)}`);
    const comparison = await compare(engine, choice.shape, real);
    console.log(`${comparisonReport(real.title, choice, comparison)}\n`);
    const rate = await prunedPerSecond(real, choice.shape);
    console.log(`\`store.prune\` removed ${count(rate)} items a second.\n`);
  } finally {
    await real.close();
  }
}
