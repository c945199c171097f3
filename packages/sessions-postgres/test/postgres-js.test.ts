import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';

/** Runs a program that writes a line "cut" and waits for an answer; gives its last line. */
async function runWithCuts(program: URL, databaseUrl: string, cut: () => void): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(program)], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let line = '';
  let last = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const lines = (line + chunk).split('\n');
    line = lines.pop() ?? '';
    for (const text of lines) {
      last = text;
      if (text !== 'cut') continue;
      cut();
      child.stdin.write('\n');
    }
  }
  return last;
}

describeEngine('postgres:18', ({ server, url }) => {
  test('a connection that is cut before any statement of the store: it is told, and the pool of postgres.js works on', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    const program = new URL('./programs/postgres-js-cut.mjs', import.meta.url);
    const told = JSON.parse(await runWithCuts(program, proxy.url(url), () => proxy.cutAll()));
    const cuts = (call: string, count: number, outcome: string) =>
      Array.from({ length: count }, (_, index) => `${call} ${index + 1}: ${outcome}, then works`);
    expect(told).toEqual([
      ...cuts('addItems', 1, 'OUTCOME_UNKNOWN'),
      ...cuts('getItems', 1, 'CONNECTION_FAILED'),
      ...cuts('clearSession', 1, 'OUTCOME_UNKNOWN'),
      ...cuts('replaceHistoryWithCompaction', 1, 'CONNECTION_FAILED'),
      'replaceHistoryWithCompaction 2: OUTCOME_UNKNOWN, then works',
      ...cuts('fork', 9, 'CONNECTION_FAILED'),
    ]);
  });
});
