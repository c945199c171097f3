import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Not vitest.config.ts: `npm test` collects those, and these checks build the site and start a browser.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['test/*.check.ts'],
    // a build and a browser, on a busy machine
    testTimeout: 300_000,
    hookTimeout: 600_000,
    reporters: ['default', fileURLToPath(import.meta.resolve('@stackone/configs/plain-reporter'))],
  },
});
