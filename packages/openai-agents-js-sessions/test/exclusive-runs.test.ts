// Promise: Runs that survive.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Agent } from '@openai/agents';
import { assistantMessage, ScriptedModel } from '@openai/agents/testing';
import type { SessionStore } from '@stackone/sessions-core';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { openSessionStore } from '../src/index.js';

const PROGRAM = join(import.meta.dirname, 'programs/hold-run.mjs');
const folder = temporaryFolder();

/** A run in another process, whose model has been asked and answers when it is told to. */
class HeldRun {
  readonly #child: ChildProcess;
  constructor(url: string, runId: string) {
    this.#child = fork(PROGRAM, [url, 'a', runId], { execArgv: [] });
  }
  async says(): Promise<string> {
    const [message] = await once(this.#child, 'message');
    return message as string;
  }
  /** @returns What came of it. */
  async answer(): Promise<string> {
    const end = this.says();
    this.#child.send('answer');
    return end;
  }
}

async function usersOf(store: SessionStore): Promise<unknown[]> {
  const items = await store.session('a').getItems();
  return items.flatMap((item) => ('role' in item && item.role === 'user' ? [item.content] : []));
}

function oneAtATime(url: () => string): void {
  test('a run is refused, waits, or takes over while one of another process is under way', async () => {
    await using store = await openSessionStore(url());
    const start = (runId: string, exclusive?: 'wait' | 'takeover') => {
      const model = new ScriptedModel([[assistantMessage('Done.')]]);
      const agent = new Agent({ name: 'Clerk', model });
      return store.runs.start(agent, runId, { session: store.session('a'), runId, exclusive });
    };
    const first = new HeldRun(url(), 'first');
    expect(await first.says()).toBe('asked');
    await expect(start('refused')).rejects.toMatchObject({ code: 'RUN_ACTIVE', runId: 'first' });
    const waiting = start('waits', 'wait');
    expect(await first.answer()).toBe('Done.');
    expect((await waiting).finalOutput).toBe('Done.');
    const second = new HeldRun(url(), 'second');
    expect(await second.says()).toBe('asked');
    expect((await start('takes over', 'takeover')).finalOutput).toBe('Done.');
    expect(await second.answer()).toBe('RUN_CANCELLED');
    expect(await usersOf(store)).toEqual(['first', 'waits', 'takes over']);
  });
}

describe('sqlite', () => {
  oneAtATime(() => `sqlite:${join(folder, 'exclusive.db')}`);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  oneAtATime(() => url);
});
