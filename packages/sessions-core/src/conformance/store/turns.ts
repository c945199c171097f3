import assert from 'node:assert/strict';
import type { AgentInputItem, Session } from '@openai/agents-core';
import type { TurnSession } from '../../session/turn-session.js';
import type { HistoryItem, Turn } from '../../turns/history-item.js';
import { type Contract, contents, message, needing, newId } from '../harness.js';
import type { ConformingStore, StoreSubject } from './subject.js';
import { failsWith } from './subject.js';

type Conversation = Session & Pick<TurnSession, keyof TurnSession>;

function conversation(store: Pick<ConformingStore, 'session'>, id = newId()): Conversation {
  const session = store.session(id) as Conversation;
  assert.equal(
    typeof session.history,
    'function',
    'the subject says it has history and its sessions have none',
  );
  return session;
}

const call = (callId: string): AgentInputItem => ({
  type: 'function_call',
  callId,
  name: 'f',
  status: 'completed',
  arguments: '{}',
});
const result = (callId: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name: 'f',
  status: 'completed',
  output: 'ok',
});
const answer = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

/** A question, a call, its result and an answer. */
const turn = (name: string): AgentInputItem[] => [
  message(`q-${name}`),
  call(name),
  result(name),
  answer(`a-${name}`),
];

/** A beginning that is in no turn, and turns that were each added by one call. */
async function filled(session: Session, ...names: string[]): Promise<AgentInputItem[]> {
  const items: AgentInputItem[] = [{ role: 'system', content: 'Be kind.' }];
  await session.addItems(items);
  for (const name of names) {
    await session.addItems(turn(name));
    items.push(...turn(name));
  }
  return items;
}

const itemsOf = (entries: readonly HistoryItem[]) => entries.map(({ item }) => item);

async function newestTurn(session: Conversation): Promise<Turn> {
  const [newest] = (await session.turns({ limit: 1 })).data;
  assert.ok(newest, 'a turn that was added is not there');
  return newest;
}

export const TURNS: Contract<StoreSubject> = {
  name: 'history and turns',
  cases: needing('history', [
    {
      name: 'a history is read in pages in both directions, with times and turns',
      async run({ store }) {
        const session = conversation(store);
        const items = await filled(session, 'a', 'b', 'c');
        const all = await session.history();
        assert.deepEqual([itemsOf(all.data), all.hasMore], [items, false]);
        const newest = await session.history({ limit: 6 });
        assert.deepEqual([newest.data, newest.hasMore], [all.data.slice(-6), true]);
        const older = await session.history({ limit: 6, before: newest.data[0]?.id });
        assert.deepEqual([older.data, older.hasMore], [all.data.slice(1, 7), true]);
        const oldest = await session.history({ before: older.data[0]?.id });
        assert.deepEqual([oldest.data, oldest.hasMore], [all.data.slice(0, 1), false]);
        const later = await session.history({ limit: 3, after: older.data[0]?.id });
        assert.deepEqual([later.data, later.hasMore], [all.data.slice(2, 5), true]);
        const last = await session.history({ limit: 3, after: all.data[9]?.id });
        assert.deepEqual([last.data, last.hasMore], [all.data.slice(10), false]);
        for (const [index, { createdAt, turn: begin }] of all.data.entries()) {
          assert.ok(createdAt instanceof Date && !Number.isNaN(createdAt.getTime()));
          const first = index - ((index - 1) % 4);
          assert.equal(begin, index === 0 ? undefined : all.data[first]?.id, `turn of item ${index}`);
        }
      },
    },
    {
      name: 'turns are read newest last, and those before a turn',
      async run({ store }) {
        const session = conversation(store);
        await filled(session, 'a', 'b', 'c');
        const { data, hasMore } = await session.turns({ limit: 2 });
        assert.deepEqual([data.map(({ items }) => itemsOf(items)), hasMore], [[turn('b'), turn('c')], true]);
        const [first] = data as [Turn];
        assert.deepEqual([first.input, first.id], [message('q-b'), first.items[0]?.id]);
        const before = await session.turns({ before: first.id });
        assert.deepEqual([before.data.map(({ input }) => input), before.hasMore], [[message('q-a')], false]);
        assert.deepEqual(await conversation(store).turns(), { data: [], hasMore: false });
      },
    },
    {
      name: 'items() gives the whole of a long conversation in its order',
      async run({ store }) {
        const session = conversation(store);
        const items = Array.from({ length: 200 }, (_, index) => turn(`${index}`)).flat();
        for (let start = 0; start < items.length; start += 100)
          await session.addItems(items.slice(start, start + 100));
        const found: HistoryItem[] = [];
        for await (const entry of session.items()) found.push(entry);
        assert.deepEqual(itemsOf(found), items);
        assert.equal(new Set(found.map(({ turn: begin }) => begin)).size, 200);
      },
    },
    {
      name: 'rewind removes a turn and all after it, and gives what the user had said',
      needs: ['edit'],
      async run({ store }) {
        const session = conversation(store);
        const items = await filled(session, 'a', 'b', 'c');
        const entries = (await session.history()).data;
        const { data } = await session.turns();
        assert.deepEqual(await session.rewind(data[1] as Turn), message('q-b'));
        assert.deepEqual(await session.getItems(), items.slice(0, 5));
        await failsWith('NOT_FOUND', () => session.rewind(data[1] as Turn));
        await failsWith('NOT_FOUND', () => session.rewind(entries[3]?.id as string));
        await failsWith('NOT_FOUND', () => session.rewind('no id of an item'));
        assert.deepEqual(await session.getItems(), items.slice(0, 5));
        await session.addItems(turn('d'));
        assert.deepEqual(
          (await session.turns()).data.map(({ input }) => input),
          [message('q-a'), message('q-d')],
        );
      },
    },
    {
      name: 'replaceTurn takes the place of the newest turn, if nobody wrote after it',
      needs: ['edit'],
      async run({ store }) {
        const session = conversation(store);
        const items = await filled(session, 'a', 'b');
        const newest = await newestTurn(session);
        await session.replaceTurn(newest, turn('b2'));
        const replaced = [...items.slice(0, 5), ...turn('b2')];
        assert.deepEqual(await session.getItems(), replaced);
        await failsWith('HISTORY_CHANGED', () => session.replaceTurn(newest, turn('b3')));
        const asked = await newestTurn(session);
        await session.replaceTurn(asked, [asked.input, answer('in other words')]);
        const answered = await newestTurn(session);
        assert.deepEqual(itemsOf(answered.items), [message('q-b2'), answer('in other words')]);
        assert.deepEqual(answered.items[0], asked.items[0]); // the question keeps its place and time
        await session.replaceTurn(answered, turn('b2'));
        const again = JSON.parse(JSON.stringify(await newestTurn(session))) as Turn; // as a page sends it back
        await session.addItems([message('somebody else')]);
        await failsWith('HISTORY_CHANGED', () => session.replaceTurn(again, turn('b3')));
        await session.popItem();
        await failsWith('INVALID_HISTORY', () => session.replaceTurn(again, [message('x'), result('gone')]));
        await assert.rejects(() => session.replaceTurn(again, [answer('x')]), TypeError);
        assert.deepEqual(await session.getItems(), replaced);
        await session.replaceTurn(again, [message('x')]);
        assert.deepEqual(await session.getItems(), [...items.slice(0, 5), message('x')]);
      },
    },
    {
      name: 'an item is removed with its partners, and replaced in its place',
      needs: ['edit'],
      async run({ store }) {
        const session = conversation(store);
        const items = await filled(session, 'a', 'b');
        const before = (await session.history()).data;
        const [asked, called, , answered] = before.slice(1) as [
          HistoryItem,
          HistoryItem,
          HistoryItem,
          HistoryItem,
        ];
        await session.replaceItem(asked, message('other words'));
        await session.replaceItem(answered.id, answer('other words'));
        await failsWith('INVALID_HISTORY', () => session.replaceItem(called, call('of no result')));
        await failsWith('INVALID_HISTORY', () => session.replaceItem(called, message('no call')));
        await failsWith('NOT_FOUND', () => session.replaceItem('no id of an item', message('x')));
        const after = (await session.history()).data;
        const changed = items.with(1, message('other words')).with(4, answer('other words'));
        assert.deepEqual(itemsOf(after), changed);
        const places = (entries: readonly HistoryItem[]) =>
          entries.map(({ id, createdAt, turn: begin }) => ({ id, createdAt, begin }));
        assert.deepEqual(places(after), places(before));
        assert.deepEqual(await session.removeItem(called), [call('a'), result('a')]);
        await failsWith('NOT_FOUND', () => session.removeItem(called));
        assert.deepEqual(await session.removeItem(asked.id), [message('other words')]);
        assert.deepEqual(await session.getItems(), changed.toSpliced(1, 3));
      },
    },
    {
      name: 'replaceBeginning keeps what was added meanwhile behind it',
      needs: ['edit'],
      async run({ store }) {
        const summary: AgentInputItem = { role: 'system', content: 'They spoke.' };
        for (const replacement of [[summary], [], [summary, ...turn('x'), ...turn('y')]]) {
          const session = conversation(store);
          const read = await filled(session, 'a');
          await session.addItems(turn('b'));
          await session.replaceBeginning(read, replacement);
          assert.deepEqual(await session.getItems(), [...replacement, ...turn('b')]);
          await failsWith('HISTORY_CHANGED', () => session.replaceBeginning(read, [summary]));
          assert.deepEqual(await session.getItems(), [...replacement, ...turn('b')]);
        }
      },
    },
    {
      name: 'replaceBeginning keeps the call of a result that was added meanwhile',
      needs: ['edit'],
      async run({ store }) {
        const summary: AgentInputItem = { role: 'system', content: 'They spoke.' };
        const session = conversation(store);
        const read = [...(await filled(session, 'a')), message('q-b'), call('b'), call('c')];
        await session.addItems(read.slice(-3));
        await session.addItems([result('c')]);
        await session.replaceBeginning(read, [summary]);
        assert.deepEqual(await session.getItems(), [summary, call('c'), result('c')]);
      },
    },
    {
      name: 'what is at a place of another conversation, or of another tenant, is out of reach',
      needs: ['edit', 'tenants'],
      async run({ store }) {
        const [acme, globex] = [store.scoped?.('acme'), store.scoped?.('globex')];
        assert.ok(acme && globex, 'the subject says it has tenants and its store has no scoped()');
        const id = newId();
        const own = conversation(acme, id);
        await filled(own, 'a');
        for (const other of [conversation(globex, id), conversation(acme), conversation(store, id)]) {
          await filled(other, 'b');
          const [begin] = (await other.turns()).data as [Turn];
          await failsWith('NOT_FOUND', () => own.rewind(begin));
          await failsWith('NOT_FOUND', () => own.removeItem(begin.id));
          await failsWith('NOT_FOUND', () => own.replaceItem(begin.id, message('x')));
          await failsWith('HISTORY_CHANGED', () => own.replaceTurn(begin, turn('c')));
          const { data } = await own.history({ before: begin.id });
          assert.deepEqual(contents(itemsOf(data)).slice(0, 2), ['Be kind.', 'q-a']);
        }
      },
    },
    {
      name: 'what no part of a history can be is a TypeError, and after close() every call is CLOSED',
      needs: ['edit'],
      async run({ store }) {
        const session = conversation(store);
        await filled(session, 'a');
        const newest = await newestTurn(session);
        await assert.rejects(() => session.history({ limit: 0 }), TypeError);
        await assert.rejects(() => session.history({ before: '' }), TypeError);
        await assert.rejects(() => session.turns({ limit: 101 }), TypeError);
        await assert.rejects(() => session.rewind(''), TypeError);
        await failsWith('NOT_FOUND', () => session.history({ after: 'no id of an item' }));
        await store.close();
        await failsWith('CLOSED', () => session.history());
        await failsWith('CLOSED', () => session.turns());
        await failsWith('CLOSED', () => session.items().next());
        await failsWith('CLOSED', () => session.rewind(newest));
        await failsWith('CLOSED', () => session.replaceTurn(newest, turn('b')));
        await failsWith('CLOSED', () => session.removeItem(newest.id));
        await failsWith('CLOSED', () => session.replaceItem(newest.id, message('x')));
        await failsWith('CLOSED', () => session.replaceBeginning([], []));
      },
    },
  ]),
};
