import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TortureReport } from '@stackone/openai-agents-js-sessions/torture';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { sessions } from '../run-sessions.js';

const folder = temporaryFolder();
const torture = (...args: string[]) => sessions(['torture', '--rounds', '1', '--writers', '2', ...args]);

const lost = ({ rows }: TortureReport) => rows.reduce((sum, { problems }) => sum + problems.lost, 0);

test('a store of ours loses nothing, and its conversations are removed', async () => {
  const file = join(folder, 'ours.db');
  const { code, stdout } = await torture(`sqlite:${file}`, '--seed', 'monday');
  expect(stdout).toMatch(/\| client killed +\| +1 \| +[1-9]\d* \| +0 \|/);
  expect(stdout).toContain('seed monday: nothing was wrong');
  expect(code).toBe(0);
  const database = new DatabaseSync(file);
  expect(database.prepare('SELECT count(*) AS n FROM agent_sessions').get()).toEqual({ n: 0 });
  database.close();
});

test('the session of the SDK that keeps all in its process is found to lose it', async () => {
  const { code, stdout } = await torture('sdk-session.ts', '--fault', 'none', '--json');
  expect(code).toBe(1);
  expect(lost(JSON.parse(stdout) as TortureReport)).toBeGreaterThan(0);
});

test('a conversation that cannot be read any more is found, by the code of the error and not its text', async () => {
  const { code, stdout } = await torture('torn-session.ts', '--fault', 'none');
  expect(stdout).toMatch(
    /^- none: lost: the conversation cannot be read: SyntaxError \(torture-\w+-0-1-0\)$/m,
  );
  expect(stdout).not.toContain('the text');
  expect(code).toBe(1);
});

test('what cannot be tried is 2', async () => {
  for (const args of [
    ['sqlite:/no/such/folder/a.db'],
    ['sdk-session.ts', '--fault', 'flood'],
    ['nothing.mjs'],
    ['postgres://canary:canary@a:5432,b:5432/app'],
    ['mysql://canary:canary@a,b/app'],
  ]) {
    const { code, stderr } = await torture(...args);
    expect([code, stderr.split('\n').length], stderr).toEqual([2, 2]);
    expect(stderr).not.toContain('canary');
  }
});

describeEngine('postgres:18', ({ url }) => {
  test('a server is reached by a network that fails', async () => {
    const { code, stdout, stderr } = await torture(url, '--fault', 'network: cut', '--json');
    expect(stderr).toBe('');
    const { rows } = JSON.parse(stdout) as TortureReport;
    expect(rows.map(({ fault }) => fault)).toEqual(['network: cut (RST)', 'network: cut (FIN)']);
    expect(code, stdout).toBe(0);
  });
});
