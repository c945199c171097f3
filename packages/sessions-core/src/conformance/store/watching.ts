import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import type { TurnSession } from '../../session/turn-session.js';
import type { HistoryItem } from '../../turns/history-item.js';
import type { SessionChanged } from '../../watch/watch-options.js';
import { type Contract, contents, message, messages, needing, newId } from '../harness.js';
import type { ConformingStore, StoreSubject } from './subject.js';
import { reopenedStore } from './subject.js';

/** In ms. Other processes are asked for so often. */
const OFTEN = 10;

type Watched = Session & Pick<TurnSession, 'watch' | 'history'>;

function watched(store: Pick<ConformingStore, 'session'>, id: string): Watched {
  const session = store.session(id) as Watched;
  assert.equal(
    typeof session.watch,
    'function',
    'the subject says it can be watched and its sessions have no watch()',
  );
  return session;
}

/** The next items of a watch. */
async function next(watch: AsyncGenerator<HistoryItem>, count: number): Promise<HistoryItem[]> {
  const entries: HistoryItem[] = [];
  while (entries.length < count) {
    const { value, done } = await watch.next();
    if (done) break;
    entries.push(value);
  }
  return entries;
}

const texts = (entries: readonly HistoryItem[]) => contents(entries.map(({ item }) => item));

/** Waits until a conversation is told. */
async function told(watch: AsyncGenerator<SessionChanged>, id: string): Promise<SessionChanged> {
  for (;;) {
    const { value, done } = await watch.next();
    if (done) throw new assert.AssertionError({ message: 'the watch is over' });
    if (value.id === id) return value;
  }
}

export const WATCHING: Contract<StoreSubject> = {
  name: 'watch',
  cases: needing('watching', [
    {
      name: 'a watch gives what is there and what is added, each item once and in its order',
      async run({ store }) {
        const session = watched(store, newId());
        await session.addItems(messages(70, 'old'));
        const watch = session.watch({ interval: OFTEN });
        assert.deepEqual(texts(await next(watch, 70)), contents(messages(70, 'old')));
        const later = next(watch, 4);
        for (const name of ['a', 'b']) await session.addItems(messages(2, name));
        assert.deepEqual(texts(await later), ['a0', 'a1', 'b0', 'b1']);
        await watch.return();
      },
    },
    {
      name: 'the entries of a watch are those of the history',
      async run({ store }) {
        const session = watched(store, newId());
        await session.addItems([{ role: 'system', content: 'Be kind.' }, ...messages(3)]);
        const watch = session.watch({ interval: OFTEN });
        assert.deepEqual(await next(watch, 4), (await session.history()).data);
        await watch.return();
      },
    },
    {
      name: 'a watch goes on behind the item that it is given, also where that is gone',
      async run({ store }) {
        const session = watched(store, newId());
        await session.addItems(messages(3));
        const { data } = await session.history();
        await session.popItem();
        const watch = session.watch({ after: data[2]?.id, interval: OFTEN });
        await session.addItems([message('new')]);
        assert.deepEqual(texts(await next(watch, 1)), ['new']);
        await watch.return();
      },
    },
    {
      name: 'a watch ends with its signal, while it waits too',
      async run({ store }) {
        const session = watched(store, newId());
        await session.addItems(messages(2));
        const end = new AbortController();
        const watch = session.watch({ signal: end.signal, interval: 60_000 });
        await next(watch, 2);
        const rest = next(watch, 1);
        setImmediate(() => end.abort());
        assert.deepEqual(await rest, []);
        assert.deepEqual(await next(session.watch({ signal: end.signal }), 1), []);
      },
    },
    {
      name: 'a watch sees what another connection adds',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        const watch = watched(subject.store, id).watch({ interval: OFTEN });
        const entries = next(watch, 2);
        await using other = await reopenedStore(subject);
        await other.session(id).addItems(messages(2));
        assert.deepEqual(texts(await entries), ['m0', 'm1']);
        await watch.return();
      },
    },
    {
      name: 'a watch of the store tells which conversations got items',
      async run({ store }) {
        assert.ok(store.watch, 'the subject says it can be watched and its store has no watch()');
        const [one, other] = [newId(), newId()];
        await store.session(one).addItems(messages(1));
        const watch = store.watch({ interval: OFTEN });
        await told(watch, one);
        for (const id of [other, one, other]) {
          const [change] = await Promise.all([told(watch, id), store.session(id).addItems(messages(1))]);
          assert.equal(typeof change.cursor, 'string');
        }
        await watch.return();
      },
    },
    {
      name: 'a watch of the store goes on from a cursor',
      async run({ store }) {
        assert.ok(store.watch);
        const [one, other] = [newId(), newId()];
        await store.session(one).addItems(messages(1));
        const first = store.watch({ interval: OFTEN });
        const { cursor } = await told(first, one);
        await first.return();
        assert.notEqual(cursor, '');
        await store.session(other).addItems(messages(1));
        const watch = store.watch({ after: cursor, interval: OFTEN });
        await told(watch, other);
        await watch.return();
      },
    },
    {
      name: 'a watch tells the conversations of its tenant alone',
      needs: ['tenants'],
      async run({ store }) {
        const scoped = store.scoped?.(newId('tenant'));
        assert.ok(store.watch && scoped?.watch);
        const [id, end] = [newId(), newId()];
        const watches = { tenant: scoped.watch({ interval: OFTEN }), none: store.watch({ interval: OFTEN }) };
        await scoped.session(end).addItems(messages(1));
        const ofTenant = await watches.tenant.next();
        assert.equal(ofTenant.done || ofTenant.value.id, end);
        const seen: string[] = [];
        for (const one of [id, end]) {
          await store.session(one).addItems(messages(1));
          while (!seen.includes(one)) {
            const { value, done } = await watches.none.next();
            if (done) break;
            seen.push(value.id);
          }
        }
        assert.ok(seen.includes(id) && seen.includes(end));
        assert.ok(!seen.some((one) => one.startsWith('$tenant:')));
        for (const watch of Object.values(watches)) await watch.return();
      },
    },
  ]),
};
