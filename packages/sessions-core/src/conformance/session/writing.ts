// Promise: Copies.
import assert from 'node:assert/strict';
import type { AgentInputItem } from '@openai/agents-core';
import { type Contract, contents, message, messages, newId, type SessionSubject } from '../harness.js';

export const WRITING: Contract<SessionSubject> = {
  name: 'addItems',
  cases: [
    {
      name: 'items come back in the order in which they were added',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems(messages(3, 'a'));
        await session.addItems(messages(12, 'b'));
        await session.addItems(messages(1, 'c'));
        const expected = [...messages(3, 'a'), ...messages(12, 'b'), ...messages(1, 'c')];
        assert.deepEqual(await session.getItems(), expected);
      },
    },
    {
      name: 'an empty array adds nothing',
      async run(subject) {
        const session = await subject.session(newId());
        assert.equal(await session.addItems([]), undefined);
        await session.addItems(messages(1));
        await session.addItems([]);
        assert.deepEqual(contents(await session.getItems()), ['m0']);
      },
    },
    {
      name: 'equal items are all kept',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems([message('same'), message('same')]);
        await session.addItems([message('same')]);
        assert.deepEqual(contents(await session.getItems()), ['same', 'same', 'same']);
      },
    },
    {
      name: 'one call takes thousands of items',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems(messages(5000));
        const items = contents(await session.getItems());
        assert.equal(items.length, 5000);
        assert.deepEqual([items[0], items[2500], items[4999]], ['m0', 'm2500', 'm4999']);
      },
    },
    {
      name: 'an item of two million characters comes back whole',
      async run(subject) {
        const session = await subject.session(newId());
        const text = 'äx'.repeat(1_000_000);
        await session.addItems([message(text)]);
        const [item] = contents(await session.getItems());
        assert.equal((item as string).length, text.length);
        assert.ok(item === text, 'the text differs');
      },
    },
    {
      name: 'what happens to the items after the call does not change what is stored',
      async run(subject) {
        const session = await subject.session(newId());
        const item = { role: 'user', content: [{ type: 'input_text', text: 'before' }] };
        const items = [item] as AgentInputItem[];
        const added = session.addItems(items);
        Object.assign(item.content[0] as object, { text: 'after' });
        items.push(message('late'));
        await added;
        assert.deepEqual(await session.getItems(), [
          { role: 'user', content: [{ type: 'input_text', text: 'before' }] },
        ]);
      },
    },
    {
      name: 'what happens to returned items does not change what is stored',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems([message('kept')]);
        const [item] = await session.getItems();
        Object.assign(item as object, { content: 'changed' });
        assert.deepEqual(await session.getItems(), [message('kept')]);
        assert.deepEqual(await session.popItem(), message('kept'));
      },
    },
    {
      name: 'a batch with an item that is refused stores none of its items',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems(messages(1));
        const bad = { role: 'user', content: 'bad', providerData: { call: () => 1 } } as AgentInputItem;
        await assert.rejects(async () => session.addItems([message('good'), bad]));
        assert.deepEqual(contents(await session.getItems()), ['m0']);
      },
    },
  ],
};
