import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const RUN = fileURLToPath(new URL('../run.ts', import.meta.url));

test.each([
  { args: ['--engine', 'oracle'], says: 'There is no engine "oracle".' },
  { args: ['--engine', 'mariadb:5'], says: 'There is no engine "mariadb:5".' },
  { args: ['--engine', 'sqlite:3'], says: 'There is no engine "sqlite:3".' },
  { args: [], says: 'There is no engine "".' },
  { args: ['--engine', 'memory', '--runs', '0'], says: '--runs and --seed are whole numbers' },
  { args: ['--engine', 'memory', '--seed', '1.5'], says: '--runs and --seed are whole numbers' },
  { args: ['--engine', 'memory', '--turns', '5'], says: "Unknown option '--turns'" },
])('refuses $args before it plays', ({ args, says }) => {
  const { status, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
  expect(stderr).toContain(says);
  expect(stderr).toContain('Usage: npm run test:model');
  expect(status).toBe(2);
});
