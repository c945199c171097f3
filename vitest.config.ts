import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Tests wait for servers more than they compute, so two files at a time pay on two cores, where Vitest takes one. It is a
// variable because the projects take none of this file's settings.
process.env.VITEST_MAX_WORKERS ??= String(Math.max(2, availableParallelism() - 1));

export default defineConfig(({ mode }) => {
  // `--mode all`: what `npm run test:all` adds. For the projects, as above.
  process.env.TEST_MATRIX ??= mode === 'all' ? 'all' : 'once';
  return {
    test: {
      projects: ['packages/*', 'tooling/*', 'examples/*'],
      globalSetup: ['./tooling/test-servers/src/global-setup.ts'],
      reporters: ['default', './tooling/configs/plain-reporter.ts'],
      coverage: { provider: 'v8', include: ['packages/*/src/**'], reporter: ['text-summary', 'text'] },
    },
  };
});
