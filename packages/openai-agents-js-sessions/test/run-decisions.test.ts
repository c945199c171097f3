// Promise: Runs that survive.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Agent, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openSessionStore } from '../src/index.js';

const PROGRAM = join(import.meta.dirname, 'programs/decide-run.mjs');
const folder = temporaryFolder();

/** A process that decides when it is told to. */
async function decider(...parameters: readonly string[]) {
  const child = fork(PROGRAM, parameters, { execArgv: [] });
  await once(child, 'message');
  return async (): Promise<string[]> => {
    const answered = once(child, 'message');
    child.send('go');
    const [answers] = await answered;
    return answers as string[];
  };
}

function deciding(url: () => string): void {
  test('of two processes that decide otherwise at once one wins, as often as it says so; the other is told who and when', async () => {
    await using store = await openSessionStore(url());
    const called: string[] = [];
    const pay = tool({
      name: 'pay',
      description: 'Pays',
      parameters: z.object({}),
      needsApproval: true,
      execute: async () => `paid ${called.push('pay')}`,
    });
    const script = [[functionCall('pay', {}, { callId: 'c1' })], [assistantMessage('Done.')]];
    const agent = new Agent({ name: 'Clerk', model: new ScriptedModel(script), tools: [pay] });
    await store.runs.start(agent, 'Pay.', { session: store.session('a'), runId: 'r' });
    const choices = [
      ['ada', true],
      ['bob', false],
    ] as const;
    const deciders = await Promise.all(choices.map(([by, yes]) => decider(url(), 'r', by, String(yes))));
    const answers = await Promise.all(deciders.map((decide) => decide()));
    const wins = answers.map((own) => own.every((answer) => answer === 'kept'));
    expect(wins.filter(Boolean)).toHaveLength(1);
    const [winner, approved] = choices[wins.indexOf(true)] as (typeof choices)[number];
    const refusal = new RegExp(
      `^RUN_DECIDED: "${winner}" ${approved ? 'approved' : 'rejected'} this call at \\d{4}-`,
    );
    for (const answer of answers[wins.indexOf(false)] ?? []) expect(answer).toMatch(refusal);
    const ends = await Promise.all([store.runs.resume(agent, 'r'), store.runs.resume(agent, 'r')]);
    expect(ends.map(({ finalOutput }) => finalOutput)).toEqual(['Done.', 'Done.']);
    expect(called).toEqual(approved ? ['pay'] : []);
    expect(await store.session('a').getItems()).toHaveLength(4);
  });
}

describe('sqlite', () => {
  deciding(() => `sqlite:${join(folder, 'decisions.db')}`);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  deciding(() => url);
});
