import { defineConfig } from 'vitest/config';

// the first run makes the virtual environments
export default defineConfig({ test: { testTimeout: 300_000, hookTimeout: 300_000 } });
