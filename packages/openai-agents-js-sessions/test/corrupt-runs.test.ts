// What docs/hostile-input.md promises.
import { join } from 'node:path';
import { Agent, tool, Usage } from '@openai/agents';
import { temporaryFolder } from '@stackone/test-environment';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type SessionWarning, SqliteSessionStore, type SqliteStoreOptions } from '../src/index.js';

const SECRET = 'secret of a run';

/** A store with a run that somebody else wrote. */
async function storeWith(
  content: string,
  state: 'running' | 'waiting' = 'running',
  options: SqliteStoreOptions = {},
) {
  const file = join(temporaryFolder(), 'runs.db');
  const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`, options);
  await store.session('chat_123').addItems([{ role: 'user', content: 'hello' }]);
  const database = new Sqlite(file);
  database
    .prepare(
      'INSERT INTO agent_sessions_runs (run_id, entry, session_id, tenant, state, fence, lease_until, created_at, changed_at, ' +
        "content) VALUES ('odd', '', 'chat_123', '', ?, 1, 1, 1, 1, ?)",
    )
    .run(state, content);
  database.close();
  return store;
}

const CONTENTS = [
  SECRET,
  `["${SECRET}"]`,
  '{}',
  '{"value":7}',
  `{"value":{"input":[1],"agent":"${SECRET}"}}`,
  `{"value":{"input":"x","agent":"a","calls":"${SECRET}"}}`,
];

test.each(CONTENTS)(
  'a run that no store wrote is CORRUPT_ITEM, without what it says, and holds up no worker: %#',
  async (content) => {
    await using store = await storeWith(content);
    for (const call of [
      () => store.runs.retrieve('odd'),
      () => store.runs.decide('odd', [{ callId: 'c', approve: true }]),
    ]) {
      const error = await call().then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error).toMatchObject({ code: 'CORRUPT_ITEM', runId: 'odd' });
      expect(error?.message).not.toContain(SECRET);
    }
    const controller = new AbortController();
    const warnings: SessionWarning[] = [];
    store.on('warning', (warning) => {
      warnings.push(warning);
      controller.abort();
    });
    await store.runs.work({ agents: [new Agent({ name: 'A' })], signal: controller.signal });
    expect(warnings).toEqual([expect.objectContaining({ code: 'CORRUPT_ITEM' })]);
  },
);

/** A run that waits for a decision. */
async function letWait(store: SqliteSessionStore, runId: string): Promise<void> {
  const agent = new Agent({
    name: 'A',
    model: {
      getResponse: async () => ({
        usage: new Usage(),
        output: [{ type: 'function_call', callId: 'c', name: 'send', arguments: '{}', status: 'completed' }],
      }),
      getStreamedResponse: () => {
        throw new Error('not asked for');
      },
    },
    tools: [
      tool({
        name: 'send',
        description: '',
        parameters: z.object({}),
        needsApproval: true,
        execute: () => '',
      }),
    ],
  });
  await store.runs.start(agent, 'hello', { session: store.session('chat_123'), runId });
}

test.each(CONTENTS)('a run that no store wrote hides no other one: %#', async (content) => {
  await using store = await storeWith(content, 'waiting');
  await letWait(store, 'run');
  const warnings: SessionWarning[] = [];
  store.on('warning', (warning) => warnings.push(warning));
  const { data } = await store.runs.pending();
  expect(data.map(({ id }) => id)).toEqual(['run']);
  const { pending } = await store.session('chat_123').history({ pending: true });
  expect(pending?.map(({ runId }) => runId)).toEqual(['run']);
  expect(warnings).toMatchObject([
    { code: 'CORRUPT_ITEM', runId: 'odd' },
    { code: 'CORRUPT_ITEM', runId: 'odd' },
  ]);
  expect(JSON.stringify(warnings)).not.toContain(SECRET);
});

test('where the store throws for what is corrupt, it does so for runs too', async () => {
  await using store = await storeWith(SECRET, 'waiting', { onCorruptItem: 'throw' });
  for (const call of [() => store.runs.pending(), () => store.session('chat_123').history({ pending: true })])
    await expect(call()).rejects.toMatchObject({ code: 'CORRUPT_ITEM', runId: 'odd' });
});

test('a run that a row of its conversation ends is held no longer by who began it', async () => {
  const file = join(temporaryFolder(), 'held.db');
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${file}`, { onCorruptItem: 'throw' });
  const session = store.session('chat_123');
  await session.addItems([{ role: 'user', content: 'hello' }]);
  const database = new Sqlite(file);
  database.prepare("INSERT INTO agent_messages (session_id, message_data) VALUES ('chat_123', '{')").run();
  const agent = new Agent({ name: 'A' });
  const start = store.runs.start(agent, 'hello', { session, runId: 'run', lease: 300 });
  await expect(start).rejects.toMatchObject({ code: 'CORRUPT_ITEM' });
  const lease = () =>
    database.prepare("SELECT lease_until AS until FROM agent_sessions_runs WHERE run_id = 'run'").get();
  const before = lease();
  // another process would take it when the lease is over
  await expect(store.runs.resume(agent, 'run', { lease: 300 })).rejects.toMatchObject({
    code: 'CORRUPT_ITEM',
  });
  expect(lease()).not.toEqual(before);
  database.close();
});
