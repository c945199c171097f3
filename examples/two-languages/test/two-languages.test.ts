import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonWithSdk } from '@stackone/python-sdk';
import { describePython } from '@stackone/python-sdk/vitest';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** Runs the example as a user does, and gives what it prints. */
async function play(url: string): Promise<string> {
  const program = join(import.meta.dirname, '../run.ts');
  const { stdout } = await run(process.execPath, [program], {
    env: { ...process.env, SESSIONS_URL: url },
  });
  return stdout;
}

/** Every item as each side shows it, in order. */
const ITEMS = [
  'user: My name is Ada\\.',
  'assistant: Noted\\.',
  'user: What is my name\\?',
  'assistant: Your name is Ada\\.',
  'user: How is the weather in Rome\\?',
  'function_call: get_weather\\(\\{"city": ?"Rome"\\}\\)',
  'function_call_output: Sunny in Rome, says Python\\.',
  'assistant: Sunny in Rome, says Python\\.',
  'user: What did you find out\\?',
  'assistant: Sunny in Rome, says Python\\.',
  'user: My locker number is \\d{4}\\.',
  'assistant: Noted\\.',
  'user: How is the weather in Köln\\?',
  'function_call: get_weather\\(\\{"city": ?"Köln"\\}\\)',
  'function_call_output: Sunny in Köln, says Node\\.',
  'assistant: Sunny in Köln, says Node\\.',
  'user: What did you find out\\?',
  'assistant: Sunny in Köln, says Node\\.',
  'user: What is my locker number\\?',
  'assistant: Your locker number is \\d{4}\\.',
];

/** The name of a result in Node: the SDKs have two. */
const inNode = (item: string) => item.replace(/^function_call_output/, 'function_call_result');

/** The lines under the headings of both sides. */
const VIEWS = new RegExp(
  `Python sees +Node sees\\n${ITEMS.map((item) => ` +${item} +${inNode(item)}\\n`).join('')}`,
  'gu',
);

function expectBothLanguages(output: string): void {
  expect(output).toMatch(/^Plain: conversation /m);
  expect(output).toMatch(/^Encrypted: conversation /m);
  expect(output.match(VIEWS)).toHaveLength(2);
  expect(output).toContain('The newest row: {"__enc__":1,"v":1,"kid":"hkdf-v1","payload":"gAAAA');
  expect(output).toMatch(/\nBoth languages saw the same, plain and encrypted\.\n$/);
}

describePython(
  'two languages',
  () => pythonWithSdk('0.24'),
  () => {
    describe('sqlite', () => {
      const folder = temporaryFolder();

      test('both workers go on where the other one was', async () => {
        expectBothLanguages(await play(`sqlite:${join(folder, 'shared.db')}`));
      });

      test('a store that ends with its process is refused', async () => {
        await expect(play('memory:')).rejects.toMatchObject({
          code: 1,
          stderr: 'Two processes share a database: take another URL.\n',
        });
      });
    });

    describeEngine(['postgres:18', 'mysql'], ({ url }) => {
      test('both workers go on where the other one was', async () => {
        expectBothLanguages(await play(url));
      });
    });
  },
);
