// Promise: Moving.
// Runs that are not over move with their conversations, and go on where they are copied to.
import { join } from 'node:path';
import { Agent, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import type { RunRecord } from '@stackone/sessions-core/backend';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import {
  copyStore,
  exportSessions,
  importSessions,
  type OpenStoreOptions,
  openSessionStore,
  type SessionStore,
} from '../src/index.js';

const newUrl = () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`;

/** An agent that looks, and then waits for an approval to pay. */
function clerk(called: string[] = []) {
  const named = (name: string, needsApproval: boolean) =>
    tool({
      name,
      description: name,
      parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
      needsApproval,
      execute: async () => {
        called.push(name);
        return `${name}: done`;
      },
    });
  const model = new ScriptedModel([
    [functionCall('look', {}, { callId: 'look/1 ☃' })],
    [functionCall('pay', {}, { callId: 'pay_1' })],
    [assistantMessage('Done.')],
  ]);
  return new Agent({ name: 'Clerk', model, tools: [named('look', false), named('pay', true)] });
}

/** The model is asked only for what is not kept. */
function clerkOfElsewhere(called: string[]) {
  const agent = clerk(called);
  agent.model = new ScriptedModel([[assistantMessage('Done.')]]);
  return agent;
}

function waits(store: SessionStore, runId = 'r', sessionId = 'bills', exclusive?: false) {
  const session = store.session(sessionId);
  return store.runs.start(clerk(), 'Pay.', { session, runId, ...(exclusive === false && { exclusive }) });
}

const approved = [{ callId: 'pay_1', approve: true, by: 'ada' }];

async function runsOf(store: SessionStore): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for await (const record of exportSessions(store, { runs: true }))
    if ('steps' in record) records.push(record);
  return records;
}

async function goesOn(from: SessionStore, to: SessionStore): Promise<void> {
  await from.session('bills').addItems([{ role: 'user', content: 'Hello.' }]);
  await waits(from);
  await waits(from, 'new', 'no item yet');
  await from.scoped('acme').runs.start(clerk(), 'Pay.', {
    session: from.scoped('acme').session('bills'),
    runId: 'r',
  });
  const before = await runsOf(from);
  expect(await copyStore(from, to)).toMatchObject({ stored: 1, runs: 3, different: [], unkept: 0 });
  expect(await runsOf(to)).toEqual(before);
  expect(await copyStore(from, to)).toMatchObject({ same: 1, stored: 0, runs: 0, different: [], unkept: 0 });
  const called: string[] = [];
  expect((await to.runs.pending()).data.map(({ pending }) => pending.map(({ tool: name }) => name))).toEqual([
    ['pay'],
    ['pay'],
    ['pay'],
  ]);
  for (const { runs, session } of [
    { runs: to.runs, session: to.session('bills') },
    { runs: to.scoped('acme').runs, session: to.scoped('acme').session('bills') },
  ]) {
    await expect(runs.start(clerk(), 'More.', { session })).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    await runs.decide('r', approved);
    const { finalOutput } = await runs.resume(clerkOfElsewhere(called), 'r');
    expect(finalOutput).toBe('Done.');
    expect(
      (await session.getItems()).slice(-6).map((item) => ('role' in item ? item.role : item.type)),
    ).toEqual([
      'user',
      'function_call',
      'function_call_result',
      'function_call',
      'function_call_result',
      'assistant',
    ]);
  }
  expect(called).toEqual(['pay', 'pay']);
  expect((await from.runs.retrieve('r')).state).toBe('waiting');
  const again = await copyStore(from, to);
  expect([again.runs, again.different.map(({ id, tenant }) => [tenant, id])]).toEqual([
    0,
    [
      [undefined, 'bills'],
      ['acme', 'bills'],
    ],
  ]);
}

const KEYS: readonly {
  readonly name: string;
  readonly old?: OpenStoreOptions;
  readonly now?: OpenStoreOptions;
}[] = [
  { name: 'without keys' },
  { name: 'with other keys', old: { encryption: { key: 'old' } }, now: { encryption: { key: 'new' } } },
];

test.each(KEYS)(
  'a run that waits is approved and goes on where it was copied to, $name',
  async ({ old, now }) => {
    await using from = await openSessionStore(newUrl(), old);
    await using to = await openSessionStore(newUrl(), now);
    await goesOn(from, to);
  },
);

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  test('there and back again: approved, and goes on', async () => {
    await using from = await openSessionStore(newUrl(), { encryption: { key: 'old' } });
    await using to = await openSessionStore(url, { encryption: { key: 'new' } });
    await goesOn(from, to);
    await using back = await openSessionStore(newUrl(), { encryption: { key: 'new' } });
    expect(await copyStore(to, back)).toMatchObject({ runs: 1, different: [], unkept: 0 });
    const called: string[] = [];
    await back.runs.decide('new', approved);
    expect((await back.runs.resume(clerkOfElsewhere(called), 'new')).finalOutput).toBe('Done.');
    expect(called).toEqual(['pay']);
  });
});

describe('of runs', () => {
  test('a decision that was made, who may be beside it, and how often it was begun is kept; nobody holds it', async () => {
    await using from = await openSessionStore('memory:');
    await using to = await openSessionStore(newUrl());
    await waits(from, 'beside', 'bills', false);
    await waits(from);
    await from.runs.decide('r', approved);
    await copyStore(from, to);
    expect(await runsOf(to)).toEqual(await runsOf(from));
    expect(await to.runs.retrieve('r')).toEqual(await from.runs.retrieve('r'));
    await to.runs.cancel('r');
    await waits(to, 'next');
    expect((await to.runs.retrieve('next')).state).toBe('waiting');
  });

  test('one that is cut off is whole or not there, and the next call goes on', async () => {
    await using from = await openSessionStore('memory:');
    await using to = await openSessionStore(newUrl());
    for (const id of ['a', 'b', 'c']) await waits(from, id, id);
    const ending = new AbortController();
    const copied = copyStore(from, to, {
      signal: ending.signal,
      onProgress: ({ runs }) => runs === 2 && ending.abort(new Error('cut off')),
    });
    await expect(copied).rejects.toThrow('cut off');
    expect((await runsOf(to)).map(({ id, steps }) => [id, steps.length])).toEqual([
      ['a', 3],
      ['b', 3],
    ]);
    expect(await copyStore(from, to)).toMatchObject({ runs: 1 });
    expect(await runsOf(to)).toEqual(await runsOf(from));
  });

  test('nothing is written over, nor beside a conversation that differs, nor where it was erased', async () => {
    await using from = await openSessionStore('memory:');
    await using to = await openSessionStore(newUrl());
    for (const id of ['same id', 'in its place', 'differs', 'erased']) await waits(from, id, id);
    await from.session('differs').addItems([{ role: 'user', content: 'Hi.' }]);
    await to.session('differs').addItems([{ role: 'user', content: 'Hello.' }]);
    await waits(to, 'same id', 'elsewhere');
    await waits(to, 'another', 'in its place');
    await to.session('erased').addItems([{ role: 'user', content: 'Hi.' }]);
    await to.sessions.delete('erased', { refuseFor: 3600 });
    const before = await runsOf(to);
    const { different, erased, runs, unkept } = await copyStore(from, to);
    expect([runs, unkept, erased]).toEqual([0, 1, [{ id: 'erased' }]]);
    expect(different.map(({ id }) => id).sort()).toEqual(['differs', 'in its place', 'same id']);
    expect(await runsOf(to)).toEqual(before);
  });

  test('some conversations, and one tenant: only their runs', async () => {
    await using from = await openSessionStore('memory:');
    await waits(from, 'one', 'a');
    await waits(from, 'two', 'b');
    const acme = from.scoped('acme');
    await acme.runs.start(clerk(), 'Pay.', { session: acme.session('a'), runId: 'one' });
    const idsOf = async (options: { ids?: string[]; tenant?: string }) => {
      const ids: string[] = [];
      for await (const record of exportSessions(from, { ...options, runs: true })) ids.push(record.id);
      return ids;
    };
    expect(await idsOf({ ids: ['b'] })).toEqual(['two']);
    expect(await idsOf({ tenant: 'acme' })).toEqual(['one']);
    expect(await idsOf({ tenant: 'acme', ids: ['b'] })).toEqual([]);
    await using to = await openSessionStore('memory:');
    expect(await copyStore(from, to, { tenant: 'acme' })).toMatchObject({ runs: 1 });
    expect((await to.runs.pending()).data).toMatchObject([{ id: 'one', tenant: 'acme' }]);
  });

  test('conversations behind runs are refused', async () => {
    await using from = await openSessionStore('memory:');
    await using to = await openSessionStore('memory:');
    await from.session('a').addItems([{ role: 'user', content: 'Hi.' }]);
    await waits(from, 'one', 'a');
    const records = [];
    for await (const record of exportSessions(from, { runs: true })) records.push(record);
    await expect(importSessions(to, records.reverse())).rejects.toThrow('conversations come before runs');
  });
});

describe('a copy that follows', () => {
  const follow = { cutOver: AbortSignal.abort() };

  test('moves the runs at its end, and later what happened to them; what ended is cancelled', async () => {
    await using from = await openSessionStore('memory:');
    await using to = await openSessionStore(newUrl());
    for (const id of ['decided', 'ended', 'waits', 'gone on there']) await waits(from, id, id);
    expect(await copyStore(from, to, { follow })).toMatchObject({ runs: 4, unkept: 0 });
    await from.runs.decide('decided', approved);
    await from.runs.decide('ended', approved);
    await from.runs.resume(clerkOfElsewhere([]), 'ended');
    await to.runs.decide('gone on there', [{ callId: 'pay_1', approve: false }]);
    const { runs, different } = await copyStore(from, to, { follow });
    expect([runs, different]).toEqual([1, [{ id: 'gone on there' }]]);
    expect((await to.runs.retrieve('ended')).state).toBe('cancelled');
    expect((await to.runs.retrieve('waits')).state).toBe('waiting');
    const called: string[] = [];
    expect((await to.runs.resume(clerkOfElsewhere(called), 'decided')).finalOutput).toBe('Done.');
    expect(called).toEqual(['pay']);
    expect(await to.session('ended').getItems()).toEqual(await from.session('ended').getItems());
  });
});
