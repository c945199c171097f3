// Promise: Runs that survive.
import { join } from 'node:path';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { expectUnharmed, folder } from './killed-runs.js';
import { journalOf } from './run-journals.js';

describe('sqlite', () => {
  test('a run whose process was killed is ended by another one, as if nothing had happened', async () => {
    const url = `sqlite:${join(folder, 'runs.db')}`;
    expect(await expectUnharmed(url, ['tool', 'effect', 'model'], journalOf(url))).toBe(9);
    // after the answer of the model
    expect(await expectUnharmed(url, ['statement'], journalOf(url), 20)).toBe(1);
  });
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  test('a run whose process was killed at any moment is ended by another one, as if nothing had happened', async () => {
    const killed = await expectUnharmed(
      url,
      ['statement', 'tool', 'effect', 'model', 'event'],
      journalOf(url),
    );
    expect(killed).toBeGreaterThan(30);
  });
});
