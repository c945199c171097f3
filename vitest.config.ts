import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'tooling/*', 'examples/*'],
    globalSetup: ['./tooling/test-servers/src/global-setup.ts'],
    reporters: ['default', './tooling/configs/plain-reporter.ts'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reporter: ['text-summary', 'text'] },
  },
});
