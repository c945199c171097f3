// In a narrow terminal no line is wider than it is, and nothing that was said is lost.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import truncatedWidth from 'fast-string-truncated-width';
import { expect, test } from 'vitest';
import { sessions, sessionsInTerminal } from '../run-sessions.js';
import { commandsOfHelp } from './commands-of-help.js';
import { COLUMNS, describeNarrow, fillNarrow } from './narrow-terminal.js';

const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
await fillNarrow(url);
describeNarrow(() => url);

const tooWide = (text: string) =>
  text
    .split(/\r?\n/)
    // examples are whole, so that they can be copied
    .filter((line) => !line.startsWith('  $ ') && truncatedWidth(line).width > COLUMNS);
const words = (text: string) => text.replace(/\s+/g, '');

const NAMES = await commandsOfHelp();
test.concurrent.each(['', ...NAMES])('the help of "%s" fits, and says all of it', async (name) => {
  const args = [...name.split(' ').filter(Boolean), '--help'];
  const { code, stdout } = await sessionsInTerminal(args, { columns: COLUMNS });
  expect({ code, tooWide: tooWide(stdout) }).toEqual({ code: 0, tooWide: [] });
  expect(words(stdout)).toBe(words((await sessions(args)).stdout));
});

test.each([
  [['lst'], "error: unknown command 'lst' (Did you mean list?)"],
  [['list', 'a', 'b'], "error: too many arguments for 'list'. Expected 1 argument but got 2: a, b."],
  [
    ['list', '--limit', 'few'],
    "error: option '--limit <number>' argument 'few' is invalid. It must be a whole number of at least 1.",
  ],
])('%j: what makes no sense fits too', async (args, message) => {
  const { code, stdout } = await sessionsInTerminal(args, { columns: COLUMNS });
  expect({ code, tooWide: tooWide(stdout) }).toEqual({ code: 2, tooWide: [] });
  expect(stdout.trim().split(/\s+/).join(' ')).toBe(message);
});
