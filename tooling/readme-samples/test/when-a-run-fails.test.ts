// Promise: Known failures.
// The page docs/when-a-run-fails.md: every line of its tables is played with the SDK's own runner.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemorySession, type Session } from '@openai/agents-core';
import {
  ATTEMPTS,
  FAILURES,
  needsStream,
  playAttempt,
  playDoubledMessage,
  playFailure,
} from '@stackone/runner-script';
import { MemorySessionStore } from '@stackone/sessions-memory';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { tableOf } from '../tables.ts';

const PAGE = 'docs/when-a-run-fails.md';
const STORED = tableOf(PAGE, 'what is stored');
const AGAIN = tableOf(PAGE, 'when you try again');
const KILLED = 'The process ends while a tool works';
const DOUBLED = 'A user sends the same message twice at the same time: two runs';

const sqlite = new SqliteSessionStore({ url: 'sqlite::memory:' });
const memory = new MemorySessionStore();
let sessions = 0;
const newSession: Readonly<Record<string, () => Session>> = {
  "the SDK's MemorySession": () => new MemorySession(),
  'a store in memory': () => memory.session(`failure_${sessions++}`),
  'a store in SQLite': () => sqlite.session(`failure_${sessions++}`),
};
const folder = mkdtempSync(join(tmpdir(), 'killed-run-'));
afterAll(async () => {
  await sqlite.close();
  rmSync(folder, { recursive: true });
});

const attemptOf = ([situation, what]: string[]) => `${situation}: ${what}`;

test('the page has every situation that is played, and no other', () => {
  expect(STORED.map(([situation]) => situation)).toEqual([...FAILURES, KILLED]);
  expect(AGAIN.map(attemptOf).sort()).toEqual([...ATTEMPTS, DOUBLED].sort());
});

describe.for(Object.keys(newSession))('%s', (kind) => {
  const open = () => (newSession[kind] as () => Session)();

  describe.for(STORED.filter(([situation]) => situation !== KILLED))('%s', (row) => {
    const [situation = '', ended, stored, streamEnded, streamStored] = row;
    if (needsStream(situation)) {
      test('there is no such thing without a stream', () => expect([ended, stored]).toEqual(['', '']));
    } else {
      test('without a stream', async () => {
        expect(await playFailure(situation, open(), false)).toEqual({ ended: plain(ended), stored });
      });
    }
    test('streamed', async () => {
      expect(await playFailure(situation, open(), true)).toEqual({
        ended: plain(streamEnded),
        stored: streamStored,
      });
    });
  });

  test.for(AGAIN)('%s: %s', async (row) => {
    const attempt = attemptOf(row);
    const play = attempt === DOUBLED ? playDoubledMessage(open()) : playAttempt(attempt, open());
    expect(await play).toBe(row[2]);
  });
});

test.for(['run', 'stream'])('%s: nothing is stored of a run whose process is killed', async (how) => {
  const file = join(folder, `${how}.db`);
  const program = fileURLToPath(new URL('../killed-run.ts', import.meta.url));
  const child = spawn(process.execPath, [program, file, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data'); // the tool works
  child.kill('SIGKILL');
  await exit;
  const row = STORED.find(([situation]) => situation === KILLED) ?? [];
  expect(row.slice(1)).toEqual(['is gone', 'nothing', 'is gone', 'nothing']);
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${file}`);
  expect(await store.session('chat_123').getItems()).toEqual([]);
});

/** Without the marks of code. */
const plain = (cell: string | undefined) => cell?.replaceAll('`', '');
