import { expect, test } from 'vitest';
import { runCommand } from '../src/run-command.ts';
import { fixtureCommand } from './fixtures/fixture-command.ts';

/** Runs the tests of a file that wants MySQL, on a machine where there is none. */
async function runWithout(environment: Record<string, string>) {
  const { command, args, env } = fixtureCommand('mysql', { TEST_SERVERS_WAYS: 'none', ...environment });
  const { code, stdout, stderr } = await runCommand(command, args, { env });
  return { code, output: stdout + stderr };
}

test('the tests of an absent engine are skipped, by name and with the reason', async () => {
  const { code, output } = await runWithout({});
  expect(output).toMatch(
    /mysql is not to be had: TEST_MYSQL_URL is not set; TEST_SERVERS_WAYS leaves out machine/,
  );
  expect(output).toMatch(/SKIPPED mysql > not here: TEST_MYSQL_URL is not set.* > first/);
  expect(output).toMatch(/SKIPPED mysql > not here: TEST_MYSQL_URL is not set.* > inner > second/);
  expect(output).toMatch(/2 skipped/);
  expect(code).toBe(0);
});

test('with CI=true that is a failure', async () => {
  const { code, output } = await runWithout({ CI: 'true' });
  expect(output).toMatch(/1 failed \| 2 skipped/);
  expect(output).toMatch(/mysql > is to be had, because CI=true/);
  expect(code).toBe(1);
});

test('a URL of a server that does not answer is a failure, not an absence', async () => {
  const { code, output } = await runWithout({ TEST_MYSQL_URL: 'mysql://test:test@127.0.0.1:1/' });
  expect(output).toMatch(/the server of TEST_MYSQL_URL does not answer/);
  expect(output).not.toMatch(/SKIPPED/);
  expect(code).toBe(1);
});
