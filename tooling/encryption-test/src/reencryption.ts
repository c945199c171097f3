import assert from 'node:assert/strict';
import type { ReencryptionProgress, ReencryptOptions, StoreOptions } from '@stackone/sessions-core';
import { contents, message, messages } from '@stackone/test-environment/messages';
import {
  aside,
  type Dump,
  type EncryptionCase,
  type EncryptionSubject,
  KEY,
  OTHER_KEY,
  openStore,
  refused,
} from './subject.js';

const IDS = ['a', 'b', 'B', 'c'];
const BOTH: StoreOptions = { encryption: { keys: [OTHER_KEY, KEY], acceptPlaintext: true } };

/** Four conversations: `a` of plaintext, the others with a key; of 250, 2, 1 and 1 rows. */
async function conversations(subject: EncryptionSubject): Promise<void> {
  const plain = await openStore(subject, {});
  const old = await openStore(subject, { encryption: { key: KEY } });
  await plain.store.session('a').addItems(messages(250));
  await old.store.session('b').addItems(messages(2));
  await old.store.session('B').addItems(messages(1));
  await old.store.session('c').addItems(messages(1));
}

/** The rows without their texts, and the operations. */
function places({ messages, operations }: Dump): unknown {
  return { messages: messages.map(({ text: _, ...place }) => place), operations };
}

async function run(subject: EncryptionSubject, options: ReencryptOptions = {}, store: StoreOptions = BOTH) {
  return (await openStore(subject, store)).store.reencrypt(options);
}

export const REENCRYPTION: readonly EncryptionCase[] = [
  {
    name: 're-encryption: every row opens with the newest key alone, in its place and with its time',
    async run(subject) {
      await conversations(subject);
      const before = await subject.dump();
      const done = await run(subject);
      assert.deepEqual(
        { ...done, sessionId: undefined },
        { sessionId: undefined, sessions: 4, rows: 254, reencrypted: 254, unopened: 0 },
      );
      const after = await subject.dump();
      assert.deepEqual(places(after), places(before));
      const { store } = await openStore(subject, { encryption: { key: OTHER_KEY } });
      assert.deepEqual(await store.session('a').getItems(), messages(250));
      assert.deepEqual(await store.session('b').getItems(), messages(2));
      assert.equal((await run(subject)).reencrypted, 0);
      assert.deepEqual(await subject.dump(), after);
    },
  },
  {
    name: 're-encryption: tells its progress, and goes on where it was ended',
    async run(subject) {
      await conversations(subject);
      const ending = new AbortController();
      const seen: ReencryptionProgress[] = [];
      const onProgress = (progress: ReencryptionProgress) => {
        seen.push(progress);
        if (seen.length === 2) ending.abort(new Error('enough'));
      };
      await assert.rejects(run(subject, { onProgress, signal: ending.signal }), /enough/);
      assert.deepEqual(
        seen.map(({ sessions }) => sessions),
        [1, 2],
      );
      const rest = await run(subject, { after: seen[1]?.sessionId ?? '' });
      assert.equal(rest.sessions, 2);
      assert.equal(rest.reencrypted + (seen[1]?.reencrypted ?? 0), 254);
      assert.equal((await run(subject)).reencrypted, 0);
    },
  },
  {
    name: 're-encryption: of given conversations, from an iterable or an async one',
    async run(subject) {
      await conversations(subject);
      async function* ids() {
        yield* ['b', 'nobody'];
      }
      const done = await run(subject, { sessionIds: ids() });
      assert.deepEqual(done, { sessionId: 'nobody', sessions: 2, rows: 2, reencrypted: 2, unopened: 0 });
      assert.equal((await run(subject, { sessionIds: new Set(IDS) })).reencrypted, 252);
    },
  },
  {
    name: 're-encryption: what no key opens is left as it is and counted',
    async run(subject) {
      await conversations(subject);
      await subject.insertRaw('b', 'no item');
      const { messages: before } = await subject.dump();
      const done = await run(subject, {}, { encryption: { keys: [OTHER_KEY, KEY] } });
      assert.deepEqual([done.reencrypted, done.unopened], [4, 251]);
      const { messages: after } = await subject.dump();
      const plain = ({ text }: { text: string }) => !text.includes('__enc__');
      assert.deepEqual(after.filter(plain), before.filter(plain));
    },
  },
  {
    name: 're-encryption: a wrong key is an error and changes nothing',
    async run(subject) {
      const { store } = await openStore(subject, { encryption: { key: KEY } });
      await store.session('a').addItems(messages(3));
      const before = await subject.dump();
      await refused('DECRYPTION_FAILED', run(subject, {}, { encryption: { key: OTHER_KEY } }));
      assert.deepEqual(await subject.dump(), before);
    },
  },
  {
    name: 're-encryption: gives items no longer life',
    async run(subject) {
      const old = await openStore(subject, { encryption: { key: KEY } });
      await aside(-500, () => old.store.session('a').addItems([message('x')]));
      await run(subject);
      const { store } = await openStore(subject, { encryption: { key: OTHER_KEY, ttlSeconds: 600 } });
      assert.equal((await store.session('a').getItems()).length, 1);
      assert.deepEqual(await aside(200, () => store.session('a').getItems()), []);
    },
  },
  {
    name: 're-encryption: writers go on meanwhile, and nothing is lost',
    async run(subject) {
      const old = (await openStore(subject, { encryption: { key: KEY } })).store.session('a');
      await old.addItems(messages(150));
      const { store } = await openStore(subject, BOTH);
      const writer = (await openStore(subject, BOTH)).store.session('a');
      const call = { type: 'function_call', callId: 'c', name: 'n', arguments: '{"n":0}' } as const;
      await old.addItems([call]);
      const work = store.reencrypt({ sessionIds: ['a', 'a', 'a'] });
      for (let turn = 0; turn < 10; turn++) {
        await writer.addItems(messages(30, `turn${turn}-`));
        assert.deepEqual(contents([await writer.popItem()]), [`turn${turn}-29`]);
        await writer.applyHistoryMutations({
          mutations: [
            {
              type: 'replace_function_call',
              callId: 'c',
              replacement: { ...call, arguments: `{"n":${turn + 1}}` },
            },
          ],
        });
      }
      await work;
      await run(subject);
      const { store: fresh } = await openStore(subject, { encryption: { key: OTHER_KEY } });
      const turns = Array.from({ length: 10 }, (_, turn) => messages(30, `turn${turn}-`).slice(0, 29)).flat();
      assert.deepEqual(await fresh.session('a').getItems(), [
        ...messages(150),
        { ...call, arguments: '{"n":10}' },
        ...turns,
      ]);
    },
  },
];
