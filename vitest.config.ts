import { existsSync, globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongFilesFirst } from './tooling/configs/long-files-first.ts';

// Tests wait for servers more than they compute: with two files at a time two cores are idle for half of it, and Vitest takes
// one. It is a variable because the projects take none of this file's settings.
process.env.VITEST_MAX_WORKERS ??= String(availableParallelism() + 2);

// Hundreds of processes load the same modules. Coverage is counted where code was compiled in its own process.
if (!process.argv.includes('--coverage'))
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

/**
 * Tests that wait for servers or count thousands of cases take as long as the machine is busy: that is no failure. These
 * limits only end what hangs, so a test needs none of its own.
 */
const TIMES = { testTimeout: 300_000, hookTimeout: 900_000, expect: { poll: { timeout: 100_000 } } };

/**
 * Whole programs and the tools of this repository, which few changes touch: `npm test` leaves them out, unless it is told
 * which projects to run.
 */
const NOT_BY_DEFAULT = [
  'examples/*',
  'tooling/{benchmarks,bootstrap,drizzle-kit,faults,model-test,quickstart,test-servers}',
];

/** A process takes one file after the other, each with modules of its own. */
const SHARED_PROCESSES = {
  isolate: false,
  setupFiles: [join(import.meta.dirname, 'tooling/configs/fresh-modules.ts')],
};

/** Each package is a project, with these settings where it has no configuration of its own. */
const projectsOf = (mode: string) => {
  const all = mode === 'all' || process.argv.some((argument) => argument.startsWith('--project'));
  return globSync('{packages,tooling,examples}/*/package.json')
    .map(dirname)
    .filter((root) => all || !NOT_BY_DEFAULT.some((glob) => matchesGlob(root, glob)))
    .sort()
    .map((root) => {
      if (existsSync(join(root, 'vitest.config.ts'))) return root;
      const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
      const exclude = [...configDefaults.exclude, ...(mode === 'clusters' ? [] : ['**/*.clusters.test.ts'])];
      return { root, test: { name, exclude, ...TIMES, ...SHARED_PROCESSES } };
    });
};

export default defineConfig(({ mode }) => {
  // `--mode all`: what `npm run test:all` adds. For the projects, as above.
  process.env.TEST_MATRIX ??= mode === 'all' ? 'all' : 'once';
  // `--mode runs`: runs are killed at each statement in SQLite, and 1,000 of them raced for on each engine
  if (mode === 'runs') {
    process.env.RUN_STEP ??= '1';
    process.env.RACED_RUNS ??= '1000';
  }
  // `--mode clusters`: each scene of a cluster 20 times, and writers that wait for more than 10 s are a failure; also those
  // clusters that are not part of `--mode all` (`*.clusters.test.ts`)
  if (mode === 'clusters') {
    process.env.CLUSTER_ROUNDS ??= '20';
    process.env.CLUSTER_GAP ??= '10000';
    // one cluster after the other: each has the machine for itself
    process.env.VITEST_MAX_WORKERS = '1';
  }
  return {
    test: {
      projects: projectsOf(mode),
      globalSetup: ['./tooling/test-servers/src/global-setup.ts'],
      sequence: { sequencer: LongFilesFirst },
      reporters: ['default', './tooling/configs/plain-reporter.ts'],
      coverage: { provider: 'v8', include: ['packages/*/src/**'], reporter: ['text-summary', 'text'] },
    },
  };
});
