// Runs that wait for approvals can be listed, decided and cancelled from the command line.
import { beforeEach, describe, expect, test } from 'vitest';
import { sessions, sessionsInTerminal } from '../run-sessions.js';
import { sampleFolder, startWaitingRun } from './sample-database.js';

let url: string;

beforeEach(async () => {
  ({ url } = await sampleFolder());
  await startWaitingRun(url);
});

const runs = async (...args: string[]) => sessions(['runs', ...args, '--url', url]);
const json = async (...args: string[]) => {
  const { code, stdout } = await runs(...args, '--json');
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
};

test('without a word more: what waits, with the arguments', async () => {
  const { code, stdout, stderr } = await sessions(['runs', url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['RUN', 'CONVERSATION', 'SINCE', 'CALL', 'TOOL', 'ARGUMENTS'],
    ['run_1', 'bills', expect.any(String), 'call_1', 'pay', '{"invoice":1}'],
    ['run_1', 'bills', expect.any(String), 'call_2', 'pay', '{"invoice":2}'],
    [''],
  ]);
});

test('of one conversation, of a tenant, and where none waits', async () => {
  await startWaitingRun(url, 'acme');
  expect(await json('pending', '--session', 'bills')).toMatchObject([{ id: 'run_1', agent: 'Clerk' }]);
  expect(await json('pending', '--tenant', 'acme')).toMatchObject([{ id: 'run_1', tenant: 'acme' }]);
  expect((await runs('pending')).stdout).toContain('bills (--tenant acme)');
  expect(await json('pending', '--limit', '1')).toHaveLength(1);
  expect(await json('pending', '--all')).toHaveLength(2);
  expect(await runs('pending', '--session', 'chat_123')).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
});

describe('decisions', () => {
  test('of one call, then of the rest', async () => {
    const [first] = await json('approve', 'run_1', '--call', 'call_1', '--by', 'ada');
    expect(first.pending).toMatchObject([
      { callId: 'call_1', decision: { approve: true, by: 'ada' } },
      { callId: 'call_2' },
    ]);
    expect(first.pending[1]).not.toHaveProperty('decision');
    const refused = await runs('reject', 'run_1', '--call', 'call_1');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(/^error: RUN_DECIDED: "ada" approved/);
    const rest = await runs('reject', 'run_1', '--call', 'call_2', '--reason', 'too much');
    expect(rest).toEqual({ code: 0, stdout: 'rejected call_2 of run_1\n', stderr: '' });
    expect(await json('pending')).toEqual([]);
  });

  test('of a run, or a call, that is not there: 3', async () => {
    for (const args of [
      ['approve', 'run_2'],
      ['approve', 'run_1', '--call', 'call_3'],
      ['show', 'run_2'],
      ['cancel', 'run_2', '--yes'],
    ])
      expect(await runs(...args)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^error: NOT_FOUND: /),
      });
  });

  test('of a run that waits no more: 4, as for one that is cancelled twice', async () => {
    expect(await json('cancel', 'run_1', '--yes')).toMatchObject([{ state: 'cancelled' }]);
    expect(await runs('approve', 'run_1')).toMatchObject({
      code: 4,
      stderr: 'error: No call of this run waits for a decision: the run is cancelled.\n',
    });
    expect((await runs('show', 'run_1')).stdout).toMatch(/^run_1: cancelled, since /);
    expect(await runs('cancel', 'run_1')).toMatchObject({ code: 0 });
  });

  test('an empty name or reason: 2', async () => {
    for (const option of ['--by', '--reason', '--call'])
      expect(await runs('approve', 'run_1', option, ' ')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('cancel', () => {
  test('without a terminal nothing is done without --yes', async () => {
    expect(await runs('cancel', 'run_1')).toMatchObject({ code: 4, stdout: '' });
    expect(await json('pending')).toHaveLength(1);
  });

  test('asks in a terminal', async () => {
    const args = ['runs', 'cancel', 'run_1', url];
    const { code, stdout } = await sessionsInTerminal(args, { keys: [['Cancel the run', 'y']] });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('run_1: cancelled') });
  });
});

test('a terminal is told what comes next', async () => {
  const { stdout } = await sessionsInTerminal(['runs', 'approve', 'run_1', url]);
  expect(stdout).toMatch(/^approved call_1, call_2 of run_1\r?\n.*a worker, or store.runs.resume\(\)/s);
  expect((await sessionsInTerminal(['runs', url])).stdout).toContain('No run waits for a decision.');
});

test('a narrow terminal breaks no row', async () => {
  const { code, stdout } = await sessionsInTerminal(['runs', url], { columns: 60 });
  expect(code).toBe(0);
  for (const line of stdout.trimEnd().split(/\r?\n/)) expect(line.length).toBeLessThanOrEqual(60);
});
