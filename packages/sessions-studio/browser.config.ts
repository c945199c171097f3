import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const INCLUDED: Readonly<Record<string, string>> = {
  measure: 'browser/*.measure.ts',
  pictures: 'browser/pictures.check.ts',
};

// Not vitest.config.ts: `npm test` collects those, and these checks start a browser.
export default defineConfig(({ mode }) => ({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: [INCLUDED[mode] ?? 'browser/*.check.ts'],
    globalSetup: [fileURLToPath(new URL('../../tooling/test-servers/src/global-setup.ts', import.meta.url))],
    // what is measured is not to wait for others
    maxWorkers: mode === 'measure' ? 1 : 2,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 100_000 } },
    reporters: ['default', fileURLToPath(import.meta.resolve('@stackone/configs/plain-reporter'))],
  },
}));
