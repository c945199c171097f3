// Promise: Conversations as objects.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Agent, type AgentInputItem, run, setTracingDisabled, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isSessionError, openSessionStore, type SessionStore } from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

const NOTHING = { sessions: 0, messages: 0, operations: 0, metadata: 0, usage: 0, runs: 0 };

const hello: AgentInputItem = { role: 'user', content: 'hello' };

/** Erases in a process of its own, as a command of an operator does. */
async function eraseElsewhere(url: string, erasure: object): Promise<{ conversations: number }> {
  const answer = await runModule(
    `import { openSessionStore } from '@stackone/openai-agents-js-sessions';
    const [url, erasure] = process.argv.slice(1);
    const store = await openSessionStore(url);
    console.log(JSON.stringify(await store.sessions.delete(JSON.parse(erasure))));
    await store.close();`,
    url,
    JSON.stringify(erasure),
  );
  return JSON.parse(answer) as { conversations: number };
}

/** Begins a run whose tool waits, and lets it end after `meanwhile`. */
async function runWhile(
  session: ReturnType<SessionStore['session']>,
  meanwhile: () => Promise<unknown>,
): Promise<unknown> {
  setTracingDisabled(true);
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<string>();
  const wait = tool({
    name: 'wait',
    description: 'Waits.',
    parameters: z.object({}),
    execute: () => {
      began.resolve();
      return gate.promise;
    },
  });
  const model = new ScriptedModel([
    [functionCall('wait', {}, { callId: 'c1' })],
    [assistantMessage('Done.', { id: 'm1' })],
  ]);
  const ended = run(new Agent({ name: 'A', model, tools: [wait] }), 'Go on', { session }).then(
    () => 'stored',
    (error: unknown) => error,
  );
  await began.promise;
  await meanwhile();
  gate.resolve('waited');
  return ended;
}

/** What another erasure finds, of all tables. */
async function leftOf(store: Pick<SessionStore, 'sessions'>, ids: string[]): Promise<unknown> {
  return (await store.sessions.delete({ ids, refuseFor: 0 })).removed;
}

function describeErasure(urlOf: () => string): void {
  test('a run that is under way while another process erases its conversation does not bring it back', async () => {
    await using store = await openSessionStore(urlOf());
    const id = randomUUID();
    const session = store.session(id);
    await session.addItems([hello], undefined, { operationId: 'o1' });
    await store.sessions.update(id, { title: 'Private' });
    const ended = await runWhile(session, () => eraseElsewhere(urlOf(), { ids: [id] }));
    expect(ended).toMatchObject({ code: 'SESSION_ERASED', retryable: false });
    expect(await session.getItems()).toEqual([]);
    expect(await leftOf(store, [id])).toEqual(NOTHING);
  });

  test('nor does one of a tenant, in a store that encrypts', async () => {
    const secret = 'a long secret that nobody knows, for a test only';
    await using store = await openSessionStore(urlOf(), { encryption: { key: secret } });
    const [tenant, id] = [randomUUID(), randomUUID()];
    const scoped = store.scoped(tenant);
    await scoped.session(id).addItems([hello]);
    await scoped.session(`${id}-2`).addItems([hello]);
    await scoped.sessions.update(id, { title: 'Private' });
    const ended = await runWhile(scoped.session(id), async () => {
      expect(await eraseElsewhere(urlOf(), { tenant })).toMatchObject({ conversations: 2 });
    });
    expect(ended).toMatchObject({ code: 'SESSION_ERASED' });
    expect(await leftOf(scoped, [id, `${id}-2`])).toEqual(NOTHING);
    await scoped.session(randomUUID()).addItems([hello]);
  });

  test('writers of two stores that do not stop bring nothing back', async () => {
    await using one = await openSessionStore(urlOf());
    await using other = await openSessionStore(urlOf());
    const ids = Array.from({ length: 12 }, () => randomUUID());
    let over = false;
    const refused = new Set<string>();
    const write = async (store: SessionStore, id: string) => {
      while (!over) {
        await store
          .session(id)
          .addItems([hello])
          .catch((error: unknown) => {
            if (!isSessionError(error) || error.code !== 'SESSION_ERASED') throw error;
            refused.add(id);
          });
      }
    };
    const erased = ids.slice(0, 6);
    const writing = Promise.all([one, other].flatMap((store) => ids.map((id) => write(store, id))));
    await Promise.race([writing, one.session(ids[0] as string).addItems([hello])]);
    expect((await other.sessions.delete({ ids: erased })).conversations).toBe(6);
    for (const id of erased) expect(await one.session(id).getItems()).toEqual([]);
    over = true;
    await writing;
    expect(await leftOf(one, erased)).toEqual(NOTHING);
    expect(ids.slice(6).filter((id) => refused.has(id))).toEqual([]);
    for (const id of ids.slice(6)) expect((await one.session(id).getItems(1)).length).toBe(1);
  });

  test('an erasure whose process is killed goes on when it is called again', async () => {
    await using store = await openSessionStore(urlOf());
    const tenant = randomUUID();
    const scoped = store.scoped(tenant);
    const ids = Array.from({ length: 5 }, (_, index) => `chat_${index}`);
    for (const id of ids) await scoped.session(id).addItems(Array.from({ length: 1001 }, () => hello));
    const killed = runModule(
      `import { openSessionStore } from '@stackone/openai-agents-js-sessions';
      const [url, tenant] = process.argv.slice(1);
      const store = await openSessionStore(url);
      let steps = 0;
      await store.sessions.delete({ tenant, onProgress: () => ++steps === 3 && process.kill(process.pid, 'SIGKILL') });`,
      urlOf(),
      tenant,
    );
    await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' });
    const left = await scoped.sessions.count();
    expect(left).toBe(4); // the second was half gone
    const { conversations, removed } = await store.sessions.delete({ tenant });
    expect([conversations, removed.messages]).toEqual([4, 3 * 1001 + 1]);
    expect(await leftOf(scoped, ids)).toEqual(NOTHING);
  });
}

describe('SQLite', () => {
  const url = `sqlite:${join(temporaryFolder(), 'erasure.db')}`;
  describeErasure(() => url);
});

describeEngine(['postgres', 'pgbouncer', 'mysql', 'mariadb'], ({ url }) => {
  describeErasure(() => url);
});
