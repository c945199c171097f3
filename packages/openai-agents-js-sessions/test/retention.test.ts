// Promise: Old conversations go by themselves.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { openSessionStore, type SessionStore } from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

const hello: AgentInputItem = { role: 'user', content: 'hello' };
const turnOf = (items: number) => Array.from({ length: items }, () => hello);
const later = () => new Date(Date.now() + 3_600_000);

async function fill({ session }: Pick<SessionStore, 'session'>, conversations: number, items: number) {
  const ids = Array.from({ length: conversations }, () => randomUUID());
  for (const id of ids) await session(id).addItems(turnOf(items));
  return ids;
}

/** With the driver of whatever database it is. */
function execute(client: unknown, statement: string): unknown {
  const driver = client as { query?(sql: string): unknown; exec?(sql: string): unknown };
  return driver.query ? driver.query(statement) : driver.exec?.(statement);
}

function describeRetention(urlOf: () => string): void {
  test('a conversation that changes between the look and the removal stays', async () => {
    await using store = await openSessionStore(urlOf());
    await using other = await openSessionStore(urlOf());
    const tenant = randomUUID();
    const [acme, elsewhere] = [store.scoped(tenant), other.scoped(tenant)];
    const ids = await fill({ session: (id) => acme.session(id) }, 6, 2);
    // of whole seconds, on some databases
    await wait(1100);
    const times = await Promise.all(
      ids.map(async (id) => (await acme.sessions.retrieve(id))?.updatedAt ?? new Date()),
    );
    const olderThan = new Date(Math.max(...times.map(Number)) + 1);
    await wait(1100);
    const [last = ''] = ids.toSorted().slice(-1);
    let isFirst = true;
    const { conversations } = await acme.prune({
      olderThan,
      onProgress: async () => {
        if (isFirst) await elsewhere.session(last).addItems([hello]);
        isFirst = false;
      },
    });
    expect(conversations).toBe(5);
    expect((await acme.session(last).getItems()).length).toBe(3);
    expect(await acme.sessions.count()).toBe(1);
  });

  test('a pruning whose process is killed ends the same when it is begun again, encrypted too', async () => {
    const key = 'a long secret that nobody knows, for a test only';
    await using store = await openSessionStore(urlOf(), { encryption: { key } });
    const tenant = randomUUID();
    const acme = store.scoped(tenant);
    const [long = ''] = await fill({ session: (id) => acme.session(id) }, 4, 250);
    const killed = runModule(
      `import { openSessionStore } from '@stackone/openai-agents-js-sessions';
      const [url, tenant, key] = process.argv.slice(1);
      const store = await openSessionStore(url, { encryption: { key } });
      let steps = 0;
      const onProgress = () => ++steps === 3 && process.kill(process.pid, 'SIGKILL');
      await store.scoped(tenant).prune({ keep: { items: 50 }, batchSize: 60, onProgress });`,
      urlOf(),
      tenant,
      key,
    );
    await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' });
    await acme.prune({ keep: { items: 50 } });
    for await (const { id } of acme.sessions.list())
      expect((await acme.session(id).getItems()).length).toBe(50);
    expect((await acme.prune({ keep: { items: 50 } })).removed.messages).toBe(0);
    expect((await acme.session(long).getItems(1))[0]).toEqual(hello);
    const { conversations, removed } = await acme.prune({ olderThan: later() });
    expect([conversations, removed.messages]).toEqual([4, 200]);
  });

  test('two stores with retention: one of them removes what is old, and nothing else', async () => {
    // of its own tables, as it is for all conversations of a store
    const tables = { sessions: 'kept_sessions', messages: 'kept_messages' };
    const filler = await openSessionStore(urlOf(), { tables });
    await fill({ session: (id) => filler.session(id) }, 3, 2);
    await filler.scoped('acme').session('old').addItems([hello]);
    await filler.transaction(({ client }) =>
      execute(client, "UPDATE kept_sessions SET updated_at = '2020-01-01'"),
    );
    const young = randomUUID();
    await filler.session(young).addItems([hello]);
    const retention = { days: 1, every: 60_000 };
    const stores = await Promise.all([1, 2].map(() => openSessionStore(urlOf(), { tables, retention })));
    while ((await filler.sessions.count()) + (await filler.scoped('acme').sessions.count()) > 1)
      await wait(20);
    expect(await filler.sessions.retrieve(young)).toBeDefined();
    for (const store of [...stores, filler]) await store.close();
  });

  test('a store with retention keeps no program alive', async () => {
    const tables = { sessions: 'idle_sessions', messages: 'idle_messages' };
    const ended = await runModule(
      `import { openSessionStore } from '@stackone/openai-agents-js-sessions';
      const store = await openSessionStore(process.argv[1], { tables: ${JSON.stringify(tables)}, retention: { days: 1 } });
      await store.session('a').addItems([{ role: 'user', content: 'x' }]);
      console.log('stored');`,
      urlOf(),
    );
    expect(ended).toBe('stored');
  });
}

describe('SQLite', () => {
  const url = `sqlite:${join(temporaryFolder(), 'retention.db')}`;
  describeRetention(() => url);
});

describeEngine(['postgres', 'pgbouncer', 'mysql', 'mariadb'], ({ url }) => {
  describeRetention(() => url);
});
