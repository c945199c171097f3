import type { AgentInputItem } from '@openai/agents-core';
import truncatedWidth from 'fast-string-truncated-width';
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions, sessionsInTerminal } from '../run-sessions.js';
import { startWaitingRun } from './sample-database.js';

export const COLUMNS = 40;

/** What has no place to break a line, is wider than it is long, or is indented by tabs. */
const TEXT = `A long word: ${'x'.repeat(90)}, ${'注文の品'.repeat(20)} \u{1f600}\tand\tso on, ${'with words that go on '.repeat(5)}`;

const ITEMS: AgentInputItem[] = [
  { role: 'user', content: `needle ${TEXT}` },
  { type: 'reasoning', id: 'rs_1', content: [{ type: 'input_text', text: TEXT }] },
  {
    type: 'function_call',
    callId: 'call_1',
    name: 'find',
    arguments: JSON.stringify({ TEXT }),
    status: 'completed',
  },
  { type: 'function_call_result', callId: 'call_1', name: 'find', status: 'completed', output: TEXT },
];

const ID = `chat_${'0123456789'.repeat(6)}`;

const COMMANDS: readonly (readonly [
  args: readonly string[],
  code: number | undefined,
  shown: readonly string[],
])[] = [
  [['list', '--all'], 0, ['chat_0123']],
  [['show', ID], 0, [ID, 'toolfind', 'x'.repeat(90), '注文の品'.repeat(20)]],
  [['tail', ID], 0, ['x'.repeat(90)]],
  [['turns', ID], 0, ['needle']],
  [['grep', 'needle'], 0, [ID, 'needle']],
  [['stats'], 0, ['itemsbyday']],
  [['runs'], 0, ['run_1', 'bills', 'call_1', 'call_2', '{"invoice":2}']],
  [['runs', 'show', 'run_1'], 0, ['call_1', '{"invoice":2}']],
  [['runs', 'cancel', 'no_such_run'], 3, ['error:']],
  // 1 where the server of the tests is not durable
  [['doctor'], undefined, ['TABLES']],
  [['delete', 'nobody', '--yes'], 3, ['Thereisnoconversationwiththisid']],
  [['fork', ID, `${ID}_2`], 0, [`forkedto${ID}_2`]],
  [['prune', '--older-than', '1d', '--yes'], 0, ['removed0conversations']],
];

/** Long ids, texts without a place to break them, and a run that waits. */
export async function fillNarrow(url: string): Promise<void> {
  const store = await openSessionStore(url);
  await store.session(ID).addItems(ITEMS);
  await store.sessions.update(ID, { title: TEXT.replaceAll('\t', ' '), metadata: { text: 'x'.repeat(100) } });
  await store.close();
  await startWaitingRun(url);
}

/** Each command in a terminal of 40 columns, and in a pipe. */
export function describeNarrow(url: () => string): void {
  test.each(COMMANDS)('%j: no line is wider than the terminal', async (args, code, shown) => {
    const ending = await sessionsInTerminal([...args, '--url', url()], { columns: COLUMNS });
    // the line of progress is written over
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that begins with one
    const lines = ending.stdout.split(/\r?\n/).map((line) => line.replace(/^.*\r\u001b\[K/, ''));
    expect(lines.filter((line) => truncatedWidth(line).width > COLUMNS)).toEqual([]);
    expect(code === undefined ? [0, 1] : [code]).toContain(ending.code);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    const told = ending.stdout.replace(/\u001b\[[\d;]*[mK]/g, '').replace(/\s/g, '');
    for (const text of shown) expect(told).toContain(text);
  });

  test('in a pipe lines stay whole', async () => {
    for (const args of [['list'], ['show', ID], ['grep', 'needle']])
      expect((await sessions([...args, '--url', url()])).stdout).toContain(ID);
    expect((await sessions(['show', ID, '--url', url()])).stdout).toContain(
      TEXT.replace(/.*\n/, '').trimEnd(),
    );
  });
}
