import assert from 'node:assert/strict';
import type { AgentInputItem } from '@openai/agents-core';
import type { StoreSession } from '@stackone/sessions-core';
import { contents, message, messages } from '@stackone/test-environment/messages';
import {
  aside,
  type EncryptionCase,
  type EncryptionSubject,
  KEY,
  OTHER_KEY,
  openStore,
  refused,
} from './subject.js';

/** A conversation `m0, m1, <rows of another key>, n0, n1`. */
async function mixed(subject: EncryptionSubject, onCorruptItem: 'skip' | 'throw' = 'skip') {
  const { store, warnings } = await openStore(subject, { encryption: { key: KEY }, onCorruptItem });
  const other = (await openStore(subject, { encryption: { key: OTHER_KEY } })).store.session('a');
  const session = store.session('a');
  await session.addItems(messages(2));
  await other.addItems(messages(2, 'other'));
  await session.addItems(messages(2, 'n'));
  return { session, warnings, other };
}

/** Every call of a session that reads what is stored. */
const READERS: Readonly<Record<string, (session: StoreSession) => Promise<unknown>>> = {
  getItems: (session) => session.getItems(),
  'getItems(1)': (session) => session.getItems(1),
  popItem: (session) => session.popItem(),
  replace_suffix: (session) =>
    session.applyHistoryTransaction({
      operationId: 'wrong',
      transaction: { type: 'replace_suffix', expectedSuffix: [message('m2')], replacement: [] },
    }),
  applyHistoryMutations: (session) => {
    const replacement = { type: 'function_call', callId: 'c', name: 'n', arguments: '{}' } as const;
    return session.applyHistoryMutations({
      mutations: [{ type: 'replace_function_call', callId: 'c', replacement }],
    });
  },
  replaceHistoryWithCompaction: (session) => session.replaceHistoryWithCompaction([message('all')]),
};

const wrongKey = (onCorruptItem: 'skip' | 'throw'): EncryptionCase => ({
  name: `a wrong key, with '${onCorruptItem}': 100 pops and every other call that reads fail and change nothing`,
  async run(subject) {
    const { store } = await openStore(subject, { encryption: { key: KEY } });
    await store.session('a').addItems(messages(3));
    if (onCorruptItem === 'skip') await subject.insertRaw('a', 'no item');
    const before = await subject.dump();
    const wrong = await openStore(subject, { encryption: { key: OTHER_KEY }, onCorruptItem });
    const session = wrong.store.session('a');
    for (let pop = 0; pop < 100; pop++) await refused('DECRYPTION_FAILED', session.popItem());
    for (const call of Object.values(READERS)) await refused('DECRYPTION_FAILED', call(session));
    assert.deepEqual(await subject.dump(), before);
    assert.deepEqual(wrong.warnings, []);
    assert.deepEqual(contents(await store.session('a').getItems()), ['m0', 'm1', 'm2']);
  },
});

/** The texts of the rows, in their order. */
async function texts(subject: EncryptionSubject): Promise<string[]> {
  return (await subject.dump()).messages.map(({ text }) => text);
}

export const UNOPENED: readonly EncryptionCase[] = [
  wrongKey('skip'),
  wrongKey('throw'),
  {
    name: 'the tables show nothing of items and operations',
    async run(subject) {
      const { store } = await openStore(subject, { encryption: { key: KEY } });
      await store.session('a').addItems([message('canary')], undefined, { operationId: 'o' });
      await store.session('b').addItems([message('canary')], undefined, { operationId: 'o' });
      const plain = await openStore(subject, {});
      await plain.store.session('c').addItems([message('canary')], undefined, { operationId: 'o' });
      const stored = JSON.stringify(await subject.dump());
      assert.equal(stored.split('canary').length, 2, 'it shows somewhere but in the plaintext row');
      // no two digests of the same content are equal, and none can be computed without the key
      const { operations } = await subject.dump();
      assert.equal(new Set(operations.map(({ digest }) => digest)).size, 3);
    },
  },
  {
    name: 'rows of another key among others: reading leaves them out with a warning',
    async run(subject) {
      const { session, warnings } = await mixed(subject);
      assert.deepEqual(contents(await session.getItems()), ['m0', 'm1', 'n0', 'n1']);
      assert.deepEqual(contents(await session.getItems(3)), ['m1', 'n0', 'n1']);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        new Array(4).fill('DECRYPTION_FAILED'),
      );
      assert.ok(warnings.every(({ rowId }) => rowId !== undefined));
    },
  },
  {
    name: 'rows of another key among others: popping passes over them and keeps them',
    async run(subject) {
      const { session, warnings, other } = await mixed(subject);
      const popped = [];
      for (let pop = 0; pop < 4; pop++) popped.push(await session.popItem());
      assert.deepEqual(contents(popped), ['n1', 'n0', 'm1', 'm0']);
      assert.ok(warnings.length > 0);
      await refused('DECRYPTION_FAILED', session.popItem());
      assert.deepEqual(contents(await other.getItems()), ['other0', 'other1']);
    },
  },
  {
    name: "rows of another key among others, with 'throw': calls fail and change nothing",
    async run(subject) {
      const { session } = await mixed(subject, 'throw');
      assert.deepEqual(contents(await session.getItems(2)), ['n0', 'n1']);
      for (const expected of ['n1', 'n0']) assert.deepEqual(contents([await session.popItem()]), [expected]);
      const before = await subject.dump();
      await refused('DECRYPTION_FAILED', session.popItem());
      await refused('DECRYPTION_FAILED', session.getItems());
      assert.deepEqual(await subject.dump(), before);
    },
  },
  {
    name: 'a row that was changed, or taken from another conversation, is left out',
    async run(subject) {
      const { store, warnings } = await openStore(subject, { encryption: { key: KEY } });
      await store.session('a').addItems(messages(1));
      await store.session('b').addItems(messages(1, 'b'));
      const [mine = '', ofB = ''] = await texts(subject);
      await subject.insertRaw('a', ofB);
      await subject.insertRaw(
        'a',
        mine.replace(/(.{40})(.)("})$/, (_, head, one, end) => head + (one === 'A' ? 'B' : 'A') + end),
      );
      assert.deepEqual(contents(await store.session('a').getItems()), ['m0']);
      assert.equal(warnings.length, 2);
    },
  },
  {
    name: 'compaction and clearing: only clearing removes rows of another key',
    async run(subject) {
      const { session, other } = await mixed(subject);
      await session.replaceHistoryWithCompaction([message('all'), ...messages(2, 'n')]);
      assert.deepEqual(contents(await session.getItems()), ['all', 'n0', 'n1']);
      await session.replaceHistoryWithCompaction(messages(9, 'longer'));
      assert.deepEqual(contents(await session.getItems()), contents(messages(9, 'longer')));
      assert.deepEqual(contents(await other.getItems()), ['other0', 'other1']);
      await session.clearSession();
      assert.deepEqual((await subject.dump()).messages, []);
    },
  },
  {
    name: 'compaction keeps the rows of items that stay at the end',
    async run(subject) {
      const { store } = await openStore(subject, { encryption: { key: KEY } });
      const session = store.session('a');
      await session.addItems(messages(5));
      const before = (await subject.dump()).messages;
      await session.replaceHistoryWithCompaction([message('summary'), ...messages(5).slice(3)]);
      const after = (await subject.dump()).messages;
      assert.deepEqual(after.slice(1), before.slice(3));
      assert.deepEqual(contents(await session.getItems()), ['summary', 'm3', 'm4']);
    },
  },
  {
    name: 'history transactions and mutations see through the encryption',
    async run(subject) {
      const { store } = await openStore(subject, { encryption: { key: KEY } });
      const session = store.session('a');
      const call = { type: 'function_call', callId: 'c1', name: 'n', arguments: '{}' } as const;
      await session.addItems([...messages(2), call] as AgentInputItem[]);
      await session.applyHistoryMutations({
        mutations: [
          { type: 'replace_function_call', callId: 'c1', replacement: { ...call, arguments: '{"a":1}' } },
        ],
      });
      const transaction = {
        type: 'replace_suffix',
        expectedSuffix: [message('m1'), { ...call, arguments: '{"a":1}' }] as AgentInputItem[],
        replacement: messages(2, 'new'),
      } as const;
      await session.applyHistoryTransaction({ operationId: 'o', transaction });
      await session.applyHistoryTransaction({ operationId: 'o', transaction });
      assert.deepEqual(contents(await session.getItems()), ['m0', 'new0', 'new1']);
    },
  },
  {
    name: 'items whose time is over are left out when reading, and removed when popping',
    async run(subject) {
      const { store, warnings } = await openStore(subject, { encryption: { key: KEY, ttlSeconds: 600 } });
      const session = store.session('a');
      await aside(-10_000, () => session.addItems(messages(2, 'old')));
      await session.addItems(messages(1));
      await aside(-10_000, () => session.addItems(messages(2, 'late')));
      assert.deepEqual(contents(await session.getItems()), ['m0']);
      assert.deepEqual(contents(await session.getItems(1)), ['m0']);
      assert.deepEqual(contents([await session.popItem()]), ['m0']);
      assert.equal((await texts(subject)).length, 2);
      assert.equal(await session.popItem(), undefined);
      assert.deepEqual(await texts(subject), []);
      assert.deepEqual(warnings, []);
    },
  },
];
