import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Not vitest.config.ts: `npm test` collects those, and these checks install from the npm registry.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['test/*.check.ts'],
    // it waits for npm as long as for compilers
    maxWorkers: 2,
    // installs and compilers, on a busy machine
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', fileURLToPath(import.meta.resolve('@stackone/configs/plain-reporter'))],
  },
});
