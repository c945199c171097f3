// Promise: The command line.
import { variants } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions } from '../run-sessions.js';
import { fillSample, startWaitingRun } from './sample-database.js';

describeEngine(variants<Target>(['postgres:18'], ['mysql', 'mariadb:10.11']), ({ url }) => {
  const told = async (...args: string[]) => {
    const { code, stdout, stderr } = await sessions([...args, '--url', url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  test('no tables are made', async () => {
    const { code, stdout, stderr } = await sessions(['list', url]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: TABLE_MISSING: [^\n]*\n$/);
    expect(await sessions(['list', url])).toMatchObject({ code: 3 });
  });

  test('a database that is not there is not made', async () => {
    const absent = new URL(url);
    absent.pathname = '/no_such_database';
    expect(await sessions(['list', absent.href])).toMatchObject({ code: 3, stdout: '' });
  });

  test('a password that the server refuses is not shown: 4', async () => {
    const refused = new URL(url);
    refused.password = 'not-the-password';
    const { code, stdout, stderr } = await sessions(['list', refused.href]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^error: AUTHENTICATION_FAILED: [^\n]*\n$/);
    expect(stderr).not.toContain('not-the-password');
  });

  test('runs: approved as often as you like, rejected no more', async () => {
    await startWaitingRun(url);
    expect(await told('runs', 'pending')).toMatch(/^run_1 +bills +\S+ +call_1 +pay +\{"invoice":1\}$/m);
    const calls = ['run_1', '--call', 'call_1', '--call', 'call_2'];
    for (let time = 0; time < 2; time++)
      expect(await told('runs', 'approve', ...calls, '--by', 'ada')).toBe(
        'approved call_1, call_2 of run_1\n',
      );
    const rejected = await sessions(['runs', 'reject', ...calls, '--url', url]);
    expect(rejected).toMatchObject({ code: 4, stdout: '' });
    expect(rejected.stderr).toMatch(/^error: RUN_DECIDED: "ada" approved this call at /);
    expect(await told('runs', 'cancel', 'run_1', '--yes')).toContain('run_1: cancelled');
  });

  test('each command', async () => {
    await fillSample(url);
    expect(await told('list', '--count')).toBe('3\n');
    expect(await told('list', '--prefix', 'chat_', '--metadata', 'topic=orders')).toContain('Orders');
    expect(await told('show', 'chat_123')).toContain('It was sent.');
    expect(await told('tail', 'chat_123', '--last', '1')).toContain('Yes.');
    expect(await told('turns', 'chat_123')).toContain('Where is my order?');
    expect(await told('grep', 'line 29')).toContain('function_call_result');
    expect(await told('stats')).toContain('items         13\n');
    expect(await told('schema', '--check')).toBe('The tables are as they should be.\n');
    expect(await told('prune', '--older-than', '1d', '--yes')).toContain('removed 0 conversations');
    expect(await told('fork', 'chat_123', 'again')).toBe('forked to again\n');
    expect(await told('rename', 'again', 'once_more')).toBe('renamed to once_more\n');
    expect(await told('rewind', 'once_more', '--yes')).toContain('this one?');
    expect(await told('delete', 'once_more', '--yes')).toBe('deleted once_more: 5 items\n');
    expect(await told('delete', '--tenant', 'acme', '--all', '--yes')).toContain('deleted 1 conversation:');
    await using store = await openSessionStore(url);
    const { data } = await store.sessions.list({ by: 'id', order: 'asc' });
    expect(data.map(({ id }) => id)).toEqual(['chat_123', 'chat_456', 'other']);
  });
});
