import { defineConfig } from 'vitest/config';

// real processes, each with an npm of its own
export default defineConfig({ test: { testTimeout: 300_000 } });
