// A conversation can be followed while it goes on.
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions, startSessions } from '../run-sessions.js';
import { FIRST_TURN, SECOND_TURN, sampleFolder } from './sample-database.js';

const { url } = await sampleFolder();

const itemsIn = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).item);

test('the newest items', async () => {
  const { code, stdout, stderr } = await sessions(['tail', 'chat_123', '--last', '3', '--json', url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(itemsIn(stdout)).toEqual([FIRST_TURN.at(-1), ...SECOND_TURN]);
  const shown = await sessions(['tail', 'chat_123', '--last', '1', url]);
  expect(shown.stdout).toMatch(/^assistant, \S+Z\n {2}Yes\.\n$/);
  expect(await sessions(['tail', 'nobody', '--follow', url])).toMatchObject({ code: 3, stdout: '' });
});

test.each(['SIGINT', 'SIGTERM'] as const)('--follow goes on with what is added, until %s', async (signal) => {
  const { url: live } = await sampleFolder();
  const { program, ending } = startSessions([
    'tail',
    'other',
    '--follow',
    '--interval',
    '0.05',
    '--json',
    live,
  ]);
  let seen = '';
  program.stdout?.on('data', (text: string) => {
    seen += text;
  });
  await expect.poll(() => itemsIn(seen)).toHaveLength(2);
  await using store = await openSessionStore(live);
  await store.session('other').addItems(SECOND_TURN);
  await expect.poll(() => itemsIn(seen)).toHaveLength(4);
  await store.session('other').popItem();
  await store.session('other').addItems([{ role: 'user', content: 'last' }]);
  await expect.poll(() => itemsIn(seen)).toHaveLength(5);
  program.kill(signal);
  const { code, stdout, stderr } = await ending;
  expect({ code, stderr }).toEqual({ code: signal === 'SIGINT' ? 130 : 143, stderr: 'Interrupted.\n' });
  expect(itemsIn(stdout).slice(2)).toEqual([...SECOND_TURN, { role: 'user', content: 'last' }]);
});
