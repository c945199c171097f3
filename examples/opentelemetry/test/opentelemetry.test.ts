import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('shows the spans of each request, and the metrics', async () => {
  const { DATABASE_URL: _, ...env } = process.env;
  const program = join(import.meta.dirname, '..', 'main.ts');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { env });
  expect(stderr).toBe('');
  const requests = stdout.split('POST /chat\n').slice(1);
  expect(requests).toHaveLength(3);
  for (const request of requests) {
    expect(request).toMatch(/^ {2}addItems agent_messages\n {4}db\.system\.name = sqlite\n/);
    expect(request).toMatch(/ {2}getItems agent_messages\n/);
    expect(request).toMatch(/gen_ai\.conversation\.id = chat_[123]\n/);
    expect(request).toContain('stackone.sessions.group_size = 3\n');
  }
  expect(stdout).toMatch(/^db\.client\.operation\.duration of addItems: 3 times, sum [\d.e-]+ s$/m);
  expect(stdout).toMatch(/^stackone\.sessions\.writes of addItems: 3 \{call\}$/m);
  expect(stdout).not.toContain('Where is my order?');
});
