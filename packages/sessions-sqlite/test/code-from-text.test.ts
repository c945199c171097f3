import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a process that forbids code from text: everything works but reads in Drizzle’s transactions, which say why', async () => {
  const program = fileURLToPath(new URL('./programs/without-code-from-text.mjs', import.meta.url));
  const flags = ['--disallow-code-generation-from-strings'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
  expect(JSON.parse(stdout)).toEqual({
    url: ['a', 'b'],
    handle: ['a', 'b'],
    Drizzle: ['a', 'b'],
    joined: {
      code: 'DRIVER_FAILED',
      message: expect.stringContaining('--disallow-code-generation-from-strings'),
      retryable: false,
    },
    after: 2,
  });
});
