// Promise: Runs that survive.
import { join } from 'node:path';
import { variants } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { expectUnharmed, folder } from './killed-runs.js';
import { databaseOf } from './run-databases.js';

describe('sqlite', () => {
  test('a run whose process was killed is ended by another one, as if nothing had happened', async () => {
    const url = `sqlite:${join(folder, 'runs.db')}`;
    expect(await expectUnharmed(url, ['tool', 'effect', 'model'], databaseOf(url))).toBe(11);
    // after the answer of the model
    expect(await expectUnharmed(url, ['statement'], databaseOf(url), 20)).toBe(1);
  });
});

describeEngine(variants<Target>(['postgres:18'], ['mysql', 'mariadb:10.11']), ({ url }) => {
  test('a run whose process was killed at any moment is ended by another one, as if nothing had happened', async () => {
    const killed = await expectUnharmed(
      url,
      ['statement', 'tool', 'effect', 'model', 'event'],
      databaseOf(url),
    );
    expect(killed).toBeGreaterThan(30);
  });
});
