import assert from 'node:assert/strict';
import { contents, message, messages } from '@stackone/test-environment/messages';
import { aside, type EncryptionCase, KEY, OTHER_KEY, openStore, refused } from './subject.js';

const OLD = { encryption: { key: KEY } };
const NEW = { encryption: { key: OTHER_KEY } };
const BOTH = { encryption: { keys: [OTHER_KEY, KEY] as const, acceptPlaintext: true } };
const DESCRIPTION = { title: 'canary title', metadata: { canary: ['canary'] } };

/** Titles and metadata of conversations, and conversations under other ids. */
export const DESCRIPTIONS: readonly EncryptionCase[] = [
  {
    name: 'titles and metadata: encrypted in every table, listed with the key, not filtered by',
    async run(subject) {
      const { store } = await openStore(subject, OLD);
      await store.sessions.update('a', DESCRIPTION);
      await store.scoped('acme').sessions.update('a', { title: 'canary of acme' });
      assert.doesNotMatch(JSON.stringify(await subject.dump()), /canary/);
      const { data } = await store.sessions.list();
      const shown = data.map(({ title, metadata, version }) => ({ title, metadata, version }));
      assert.deepEqual(shown, [{ ...DESCRIPTION, version: 1 }]);
      const ofAcme = await store.scoped('acme').sessions.retrieve('a');
      assert.equal(ofAcme?.title, 'canary of acme');
      const metadata = { canary: 'canary' };
      await refused('UNSUPPORTED', store.sessions.count({ metadata }));
      await refused('UNSUPPORTED', (async () => store.sessions.list({ metadata }))());
    },
  },
  {
    name: 'titles and metadata: with a wrong key they are left out with a warning, or refused, and never written over',
    async run(subject) {
      const { store } = await openStore(subject, OLD);
      await store.sessions.update('a', DESCRIPTION);
      await store.session('b').addItems([message('x')]);
      const before = await subject.dump();
      const wrong = await openStore(subject, NEW);
      const { data } = await wrong.store.sessions.list({ by: 'id', order: 'asc' });
      assert.deepEqual(
        data.map(({ id, title, metadata }) => [id, title, metadata]),
        [
          ['a', undefined, {}],
          ['b', undefined, {}],
        ],
      );
      assert.deepEqual(
        wrong.warnings.map(({ code }) => code),
        ['DECRYPTION_FAILED'],
      );
      await refused('DECRYPTION_FAILED', wrong.store.sessions.update('a', { title: 'x' }));
      const strict = await openStore(subject, { ...NEW, onCorruptItem: 'throw' });
      await refused('DECRYPTION_FAILED', strict.store.sessions.retrieve('a'));
      const plain = await openStore(subject, {});
      await refused('CORRUPT_ITEM', plain.store.sessions.update('a', { title: 'x' }));
      assert.equal((await plain.store.sessions.retrieve('a'))?.title, undefined);
      assert.deepEqual(await subject.dump(), before);
    },
  },
  {
    name: 'titles and metadata: plaintext is not accepted, unless the store is told to',
    async run(subject) {
      await (await openStore(subject, {})).store.sessions.update('a', DESCRIPTION);
      const { store } = await openStore(subject, OLD);
      await refused('DECRYPTION_FAILED', store.sessions.update('a', { title: 'x' }));
      const accepting = await openStore(subject, BOTH);
      assert.equal((await accepting.store.sessions.retrieve('a'))?.title, DESCRIPTION.title);
    },
  },
  {
    name: 'titles and metadata: re-encrypted with the items, also of conversations that were cleared, in their versions',
    async run(subject) {
      const old = await openStore(subject, OLD);
      await (await openStore(subject, {})).store.sessions.update('plain', DESCRIPTION);
      for (const id of ['a', 'cleared']) {
        await old.store.session(id).addItems([message('x')]);
        await old.store.sessions.update(id, DESCRIPTION);
        await old.store.sessions.update(id, { metadata: { n: 2 } });
      }
      await old.store.session('cleared').clearSession();
      const { rows } = await (await openStore(subject, BOTH)).store.reencrypt();
      assert.equal(rows, 1);
      const { store } = await openStore(subject, { ...NEW, onCorruptItem: 'throw' });
      assert.equal(await store.sessions.retrieve('cleared'), undefined);
      assert.equal((await store.sessions.retrieve('plain'))?.title, DESCRIPTION.title);
      await store.session('cleared').addItems([message('y')]);
      for (const id of ['a', 'cleared']) {
        const { title, metadata, version } = (await store.sessions.retrieve(id)) ?? {};
        const merged = { ...DESCRIPTION.metadata, n: 2 };
        assert.deepEqual([title, metadata, version], [DESCRIPTION.title, merged, 2]);
      }
      const done = await subject.dump();
      await (await openStore(subject, BOTH)).store.reencrypt();
      assert.deepEqual(await subject.dump(), done);
    },
  },
  {
    name: 'fork and rename: under the new id everything is encrypted anew, and as old as it was',
    async run(subject) {
      const { store } = await openStore(subject, OLD);
      const plain = await openStore(subject, {});
      await plain.store.session('a').addItems([message('plain')]);
      await aside(-3600, () => store.session('a').addItems(messages(150), undefined, { operationId: 'o' }));
      await store.sessions.update('a', DESCRIPTION);
      // with the new key, and what was plaintext stays so
      const both = await openStore(subject, BOTH);
      await both.store.sessions.fork('a', 'fork', { upTo: 3 });
      await both.store.sessions.rename('a', 'renamed');
      const { messages: rows } = await subject.dump();
      assert.equal(new Set(rows.map(({ text }) => text)).size, rows.length - 1);
      assert.deepEqual(contents(await both.store.session('fork').getItems()), ['plain', 'm0', 'm1']);
      assert.equal((await both.store.session('renamed').getItems()).length, 151);
      const strict = await openStore(subject, { ...NEW, onCorruptItem: 'throw' });
      await refused('DECRYPTION_FAILED', strict.store.session('renamed').getItems());
      const { store: now } = await openStore(subject, NEW);
      assert.equal((await now.sessions.retrieve('renamed'))?.title, DESCRIPTION.title);
      assert.deepEqual(contents(await now.session('renamed').getItems()), contents(messages(150)));
      const short = await openStore(subject, { encryption: { key: OTHER_KEY, ttlSeconds: 1800 } });
      assert.deepEqual(
        await short.store.session('renamed').getItems(),
        [],
        'the items are younger than they were',
      );
    },
  },
  {
    name: 'fork and rename: refused where a row does not open, and nothing is changed',
    async run(subject) {
      const { store } = await openStore(subject, OLD);
      await store.session('a').addItems(messages(2));
      await (await openStore(subject, NEW)).store.session('a').addItems(messages(1));
      const before = await subject.dump();
      await refused('DECRYPTION_FAILED', store.sessions.fork('a', 'b'));
      await refused('DECRYPTION_FAILED', store.sessions.rename('a', 'b'));
      assert.deepEqual(await subject.dump(), before);
    },
  },
];
