import assert from 'node:assert/strict';
import type { AgentInputItem } from '@openai/agents-core';
import { contents, message, messages } from '@stackone/test-environment/messages';
import { type EncryptionCase, KEY, OTHER_KEY, openStore, refused } from './subject.js';

const ANSWER: AgentInputItem = {
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'some words' }],
};

/** What encryption promises of the history for people, and of what changes it. */
export const TURNS: readonly EncryptionCase[] = [
  {
    name: 'history and turns are read and changed under encryption, and the tables show no word of it',
    async run(subject) {
      const { store, warnings } = await openStore(subject, { encryption: { key: KEY } });
      const session = store.session('turns');
      await session.addItems(messages(4));
      const { data } = await session.history();
      assert.deepEqual(contents(data.map(({ item }) => item)), ['m0', 'm1', 'm2', 'm3']);
      assert.ok(data.every(({ createdAt }) => createdAt instanceof Date));
      const [, second, third, last] = data;
      assert.ok(second && third && last);
      await session.replaceItem(second, message('other words'));
      await session.removeItem(third);
      assert.deepEqual(contents([await session.rewind(last.id)]), ['m3']);
      const [turn] = (await session.turns({ limit: 1 })).data;
      assert.ok(turn);
      await session.replaceTurn(turn, [turn.input, ANSWER]);
      const [answered] = (await session.turns({ limit: 1 })).data;
      assert.deepEqual(answered?.items[0], turn.items[0]); // the question stays as old as it is
      assert.ok(answered);
      await session.replaceTurn(answered, [message('other words again')]);
      const read = await session.getItems();
      assert.deepEqual(contents(read), ['m0', 'other words again']);
      await session.addItems([message('later')]);
      await session.replaceBeginning(read, [message('summary')]);
      assert.deepEqual(contents(await session.getItems()), ['summary', 'later']);
      assert.doesNotMatch(JSON.stringify((await subject.dump()).messages), /words|summary|later/);
      assert.deepEqual(warnings, []);
      await store.close();
    },
  },
  {
    name: 'a wrong key changes nothing of a history, and rows of another key stay through a change',
    async run(subject) {
      const right = await openStore(subject, { encryption: { key: KEY } });
      const wrong = await openStore(subject, { encryption: { key: OTHER_KEY } });
      const session = right.store.session('turns');
      await session.addItems(messages(2));
      const entries = (await session.history()).data;
      const [first] = entries;
      assert.ok(first);
      const foreign = wrong.store.session('turns');
      await refused('DECRYPTION_FAILED', foreign.history());
      await refused('DECRYPTION_FAILED', foreign.turns());
      await refused('DECRYPTION_FAILED', foreign.rewind(first.id));
      await refused('DECRYPTION_FAILED', foreign.removeItem(first.id));
      await refused('DECRYPTION_FAILED', foreign.replaceItem(first.id, message('x')));
      await refused(
        'DECRYPTION_FAILED',
        foreign.replaceTurn({ id: first.id, items: entries }, [message('x')]),
      );
      await refused('DECRYPTION_FAILED', foreign.replaceBeginning(messages(1), []));
      assert.deepEqual(await session.getItems(), messages(2));
      await foreign.addItems([message('of another key')]);
      await session.rewind(first.id);
      assert.deepEqual(contents(await foreign.getItems()), ['of another key']);
      await right.store.close();
      await wrong.store.close();
    },
  },
];
