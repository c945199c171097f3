// Promise: Runs that survive.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openSessionStore, type SessionStore } from '../src/index.js';
import { statementsOn } from './run-databases.js';

const folder = temporaryFolder();

/** An agent whose tool is called twice, one after the other. */
function clerk(result: string, needsApproval = false) {
  const called: string[] = [];
  const look = tool({
    name: 'look',
    description: 'Looks',
    parameters: z.object({}),
    needsApproval,
    execute: async (_input, _runContext, details) => {
      called.push(details?.toolCall?.callId ?? '');
      return result;
    },
  });
  const call = (callId: string) => [functionCall('look', {}, { callId })];
  const model = new ScriptedModel([call('c1'), call('c2'), [assistantMessage('Done.')]]);
  return { agent: new Agent({ name: 'Clerk', model, tools: [look] }), called };
}

interface Row {
  readonly tenant: string;
  readonly entry: string;
  readonly content: string;
}

function bounds(url: () => string): void {
  const opened = (options?: Parameters<typeof openSessionStore>[1]) => openSessionStore(url(), options);
  const rowsOf = async (ending: string) =>
    (await statementsOn(url())(
      `SELECT tenant, entry, content FROM agent_sessions_runs WHERE run_id LIKE '%${ending}' ORDER BY entry`,
    )) as Row[];
  const conversation = (store: SessionStore, runId: string) => ({ session: store.session(runId), runId });

  test('of a run so many bytes are kept, all of its steps together; beyond that it fails, and says so', async () => {
    await using store = await opened();
    const most = { maxStateBytes: 4000 };
    const large = store.runs.start(clerk('').agent, 'x'.repeat(4000), {
      ...conversation(store, 'l'),
      ...most,
    });
    await expect(large).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE', runId: 'l' });
    await expect(store.runs.retrieve('l')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const runId of ['once', 'streamed']) {
      const { agent, called } = clerk('x'.repeat(1600));
      const start = async () => {
        const options = { ...conversation(store, runId), ...most };
        if (runId === 'once') return store.runs.start(agent, 'Look.', options);
        return (await store.runs.start(agent, 'Look.', { ...options, stream: true })).completed;
      };
      await expect(start()).rejects.toMatchObject({
        code: 'ITEM_TOO_LARGE',
        runId,
        message: expect.stringMatching(/more than 4000 bytes.*"maxStateBytes"/),
      });
      // the second call has had its effect: it is not made again
      expect(called).toEqual(['c1', 'c2']);
      // as of any run that fails, the SDK stores the input where it is streamed
      expect(await store.session(runId).getItems()).toHaveLength(runId === 'once' ? 0 : 1);
      const { state, error } = await store.runs.retrieve(runId);
      expect([state, error?.message]).toEqual(['failed', expect.stringContaining('maxStateBytes')]);
      await expect(store.runs.resume(agent, runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
      const kept = (await rowsOf(runId)).reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
      expect(kept).toBeLessThan(4000 + 1000); // the reason is kept, too
    }
    const { agent } = clerk('x'.repeat(1600));
    const enough = { ...conversation(store, 'enough'), maxStateBytes: 6000 };
    expect((await store.runs.start(agent, 'Look.', enough)).finalOutput).toBe('Done.');
  });

  test('what is kept says whose it is, and in which form; it holds no context, and no text where the store encrypts', async () => {
    const context = { password: 'secret context' };
    for (const encryption of [undefined, { key: 'a key of the application' }]) {
      await using store = await opened({ encryption });
      const acme = store.scoped('acme');
      const runId = encryption ? 'sealed' : 'plain';
      const { agent } = clerk('secret result', true);
      const start = { session: acme.session(runId), runId, context };
      await acme.runs.start(agent, 'secret input', start);
      await acme.runs.decide(runId, [{ callId: 'c1', approve: true, by: 'secret person' }]);
      await acme.runs.resume(agent, runId, { context });
      const rows = await rowsOf(runId);
      const text = rows.map(({ content }) => content).join('\n');
      expect(rows.map(({ entry, tenant }) => [entry, tenant])).toEqual(
        ['', 'decision:c1', 'model:0', 'model:1', 'tool:c1'].map((entry) => [entry, 'acme']),
      );
      expect(text).not.toContain('secret context');
      if (encryption) expect(text).not.toMatch(/secret|Clerk/);
      else expect(text).toMatch(/secret input[\s\S]*secret person[\s\S]*secret result/);
      if (!encryption)
        expect(JSON.parse(rows[0]?.content ?? '')).toMatchObject({
          value: { format: 1, sdk: expect.stringMatching(/^\d+\.\d+$/) },
        });
      expect((await store.scoped('other').runs.pending()).data).toEqual([]);
      await expect(store.scoped('other').runs.retrieve(runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  test.each([
    ['of the SDK', '"sdk":"', '"sdk":"9'],
    ['of this package', '"format":1', '"format":2'],
  ])('one that a newer version %s began is left to that version, untouched', async (_whose, now, newer) => {
    await using store = await opened();
    const runId = `newer${newer.length}`;
    const { agent, called } = clerk('seen', true);
    await store.runs.start(agent, 'Look.', conversation(store, runId));
    await store.runs.decide(runId, [{ callId: 'c1', approve: true }]);
    const replace = (one: string, other: string) =>
      statementsOn(url())(
        `UPDATE agent_sessions_runs SET content = replace(content, '${one}', '${other}') WHERE run_id = '${runId}' AND entry = ''`,
      );
    await replace(now, newer);
    const before = await rowsOf(runId);
    const code = 'RUN_INCOMPATIBLE';
    await expect(store.runs.resume(agent, runId)).rejects.toMatchObject({ code, runId });
    await expect(store.runs.start(agent, 'Look.', conversation(store, runId))).rejects.toMatchObject({
      code,
    });
    const told: unknown[] = [];
    const how = {
      interval: 10,
      signal: AbortSignal.timeout(100),
      onError: (error: unknown) => told.push(error),
    };
    await store.runs.work({ agents: [agent], ...how });
    expect([told, called, await rowsOf(runId)]).toEqual([[], [], before]);
    expect(await store.runs.retrieve(runId)).toMatchObject({ state: 'running', attempts: 1 });
    await replace(newer, now);
    await store.runs.resume(agent, runId);
    expect([called, (await store.runs.retrieve(runId)).state]).toEqual([['c1'], 'waiting']);
  });

  test('runs that ended are forgotten by retention; one that waits stays, with its conversation', async () => {
    await using store = await opened();
    for (const runId of ['forgotten', 'kept'])
      await store.runs.start(clerk('', true).agent, 'Look.', conversation(store, runId));
    await store.runs.cancel('forgotten');
    await wait(1100); // some databases count in seconds
    const { removed } = await store.prune({ olderThan: new Date() });
    expect(removed.runs).toBeGreaterThanOrEqual(2);
    await expect(store.runs.retrieve('forgotten')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect([await rowsOf('forgotten'), (await store.runs.retrieve('kept')).state]).toEqual([[], 'waiting']);
  });
}

describe('sqlite', () => {
  bounds(() => `sqlite:${join(folder, 'bounds.db')}`);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  bounds(() => url);
});
