import { expect, test } from 'vitest';
import { Client } from './client.ts';
import { onDatabases, Stage, someone } from './on-databases.ts';

onDatabases((url) => {
  const shared = Stage.forGroup(url);

  test('an answer comes in while it is written; it is stored with its time, and the model remembers', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const before = Date.now();
    const id = await client.create();
    const asked = await client.ask(id, 'messages', { text: 'My name is Ada.' });
    const call = await stage.model.nextCall();
    call.say('Hello');
    expect(await asked.next()).toEqual({ type: 'text', text: 'Hello' });
    call.say(' Ada.');
    expect(await asked.next()).toEqual({ type: 'text', text: ' Ada.' });
    call.answer('Hello Ada.');
    expect(await asked.whole()).toEqual({ text: '', end: { type: 'done' } });
    await stage.exchange(client, id, 'Who am I?', 'You are Ada.');

    const { messages, hasMore, running, title } = await client.view(id);
    expect({ hasMore, running, title }).toEqual({ hasMore: false, running: false, title: 'My name is Ada.' });
    const [first, second] = [messages[0]?.id, messages[2]?.id];
    expect(messages).toMatchObject([
      { turn: first, role: 'user', text: 'My name is Ada.' },
      { turn: first, role: 'assistant', text: 'Hello Ada.' },
      { turn: second, role: 'user', text: 'Who am I?' },
      { turn: second, role: 'assistant', text: 'You are Ada.' },
    ]);
    const times = messages.map(({ createdAt = '' }) => Date.parse(createdAt));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(before - 2000); // SQLite keeps seconds
    expect(times[3]).toBeLessThan(Date.now() + 2000);
  });

  test('the list has titles, the latest conversation first', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const titles = async () => (await client.list()).data.map(({ title }) => title);
    expect(await titles()).toEqual([]);
    const [first, second] = [await client.create(), await client.create()];
    expect(await titles()).toEqual([undefined, undefined]);
    await stage.exchange(client, first, 'x'.repeat(100), 'Yes.');
    await client.nextSecond();
    await stage.exchange(client, second, 'Second.', 'Yes.');
    expect(await titles()).toEqual(['Second.', 'x'.repeat(60)]);
    await client.nextSecond();
    await stage.exchange(client, first, 'More.', 'Yes.');
    await client.call('PATCH', `conversations/${first}`, { title: 'Mine' });
    await client.nextSecond();
    await client.call('PATCH', `conversations/${second}`, { title: 'Mine too' });
    expect(await titles()).toEqual(['Mine', 'Mine too']);
  });

  test('a long list and a long conversation come in pages', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const ids = await Promise.all(Array.from({ length: 51 }, () => client.create()));
    const page = await client.list();
    const next = await client.list(page.nextCursor);
    expect([page.data.length, next.data.length, next.nextCursor]).toEqual([50, 1, undefined]);
    expect([...page.data, ...next.data].map(({ id }) => id).toSorted()).toEqual(ids.toSorted());

    const [id = ''] = ids;
    for (let turn = 0; turn < 11; turn++) await stage.exchange(client, id, `Q${turn}`, `A${turn}`);
    const { messages, hasMore } = await client.view(id);
    expect([messages.length, messages[0]?.text, hasMore]).toEqual([20, 'Q1', true]);
    const older = await client.call('GET', `conversations/${id}/messages?before=${messages[0]?.turn}`);
    expect(older).toMatchObject({ messages: [{ text: 'Q0' }, { text: 'A0' }], hasMore: false });
  });

  test('a conversation that is renamed and removed at once is gone', async () => {
    const { chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const missing = { status: 404, code: 'not-found' };
    for (let round = 0; round < 25; round++) {
      const place = `conversations/${await client.create()}`;
      const renamed = Array.from({ length: 4 }, () => client.refused('PATCH', place, { title: 'Mine' }));
      expect(await client.refused('DELETE', place)).toBe('accepted');
      for (const answer of await Promise.all(renamed)) expect(['accepted', missing]).toContainEqual(answer);
      expect(await client.refused('GET', place)).toEqual(missing);
    }
    expect((await client.list()).data).toEqual([]);
  });

  test('nobody else finds a conversation: another tenant or another user', async () => {
    const { stage, chat } = shared();
    const user = someone();
    const client = new Client(chat, 'acme', user);
    const id = await client.create();
    await stage.exchange(client, id, 'A secret.', 'Yes.');
    const at = await client.at(id);
    for (const other of [new Client(chat, 'globex', user), new Client(chat, 'acme', someone())]) {
      expect((await other.list()).data).toEqual([]);
      const missing = { status: 404, code: 'not-found' };
      const place = `conversations/${id}`;
      expect(await other.refused('GET', place)).toEqual(missing);
      expect(await other.refused('GET', `${place}/messages`)).toEqual(missing);
      expect(await other.refused('PATCH', place, { title: 'Mine' })).toEqual(missing);
      expect(await other.refused('DELETE', place)).toEqual(missing);
      expect(await other.refused('POST', `${place}/messages`, { text: 'Hello' })).toEqual(missing);
      expect(await other.refused('POST', `${place}/edit`, { ...at, text: 'x' })).toEqual(missing);
      expect(await other.refused('POST', `${place}/regenerate`, at)).toEqual(missing);
      const decision = { approval: 'x', approved: [] };
      expect(await other.refused('POST', `${place}/decision`, decision)).toEqual(missing);
    }
    expect(await client.said(id)).toEqual(['user: A secret.', 'assistant: Yes.']);
    expect((await client.view(id)).title).toBe('A secret.');
  });

  test('what cannot be the id of a conversation is not found', async () => {
    const { chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    for (const other of [
      `${id.slice(1)}0`,
      `${id}0`,
      'x'.repeat(300),
      '%00',
      '%F0%9F%92%A9',
      '$tenant:1:a:b',
    ]) {
      const place = `conversations/${other}`;
      expect(await client.refused('GET', place)).toMatchObject({ status: 404 });
      expect(await client.refused('POST', `${place}/messages`, { text: 'Hello' })).toMatchObject({
        status: 404,
      });
    }
    expect((await client.list()).data).toHaveLength(1);
  });

  test('an edited message and its answer take the place of what came after it', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    await stage.exchange(client, id, 'Two.', 'Answer two.');
    await stage.exchange(client, id, 'Three.', 'Answer three.');
    const asked = await client.ask(id, 'edit', { ...(await client.at(id, 2)), text: 'Second.' });
    const call = await stage.model.nextCall();
    expect(call.input.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(call.input)).toContain('Second.');
    expect((await client.view(id)).messages).toHaveLength(6); // until the answer is whole
    call.answer('Answer second.');
    expect((await asked.whole()).end).toEqual({ type: 'done' });
    expect(await client.said(id)).toEqual([
      'user: One.',
      'assistant: Answer one.',
      'user: Second.',
      'assistant: Answer second.',
    ]);
  });

  test('an answer that is made again takes the place of the old one', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    const { messages } = await client.view(id);
    const asked = await client.ask(id, 'regenerate', await client.at(id));
    const call = await stage.model.nextCall();
    expect(call.input.map(({ role }) => role)).toEqual(['user']);
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Answer one.']); // until the answer is whole
    call.answer('Another answer.');
    await asked.whole();
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Another answer.']);
    expect((await client.view(id)).messages[0]).toEqual(messages[0]);
  });

  test.for(['edit', 'regenerate'])('%s: if the model fails, everything is as it was', async (what) => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    const asked = await client.ask(id, what, { ...(await client.at(id)), text: 'Other.' });
    (await stage.model.nextCall()).refuse('no');
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'failed' });
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Answer one.']);
  });

  test('what a page has not seen is not edited away', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    const stale = { ...(await client.at(id)), text: 'Other.' };
    await stage.exchange(client, id, 'In another tab.', 'Yes.');
    const changed = { status: 409, code: 'changed' };
    expect(await client.refused('POST', `conversations/${id}/edit`, stale)).toEqual(changed);
    expect(await client.refused('POST', `conversations/${id}/regenerate`, stale)).toEqual(changed);
    for (const other of [await client.at(id, 1), { ...(await client.at(id)), turn: 'nothing' }]) {
      const edit = { ...other, text: 'Not mine.' };
      expect(await client.refused('POST', `conversations/${id}/edit`, edit)).toMatchObject({ status: 400 });
    }
    expect((await client.view(id)).messages).toHaveLength(4);
  });

  test('if the model fails the message stays, and can be answered', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    const asked = await client.ask(id, 'messages', { text: 'A secret.' });
    (await stage.model.nextCall()).refuse('no');
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'failed' });
    expect(await client.said(id)).toEqual(['user: A secret.']);
    const again = await client.ask(id, 'regenerate', await client.at(id));
    (await stage.model.nextCall()).answer('Now.');
    await again.whole();
    expect(await client.said(id)).toEqual(['user: A secret.', 'assistant: Now.']);
  });

  test('what is not a message is refused', async () => {
    const { chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    const bad = { status: 400, code: 'bad-request' };
    for (const body of [{}, { text: ' ' }, { text: 5 }, { text: 'x'.repeat(20_001) }])
      expect(await client.refused('POST', `conversations/${id}/messages`, body)).toEqual(bad);
    for (const body of [{}, { seen: 0 }])
      expect(await client.refused('POST', `conversations/${id}/regenerate`, body)).toEqual(bad);
    for (const place of [`conversations/${id}/messages?before=nothing`, 'conversations?after=nothing'])
      expect(await client.refused('GET', place)).toEqual(bad);
    const empty = { seen: 'nothing' };
    expect(await client.refused('POST', `conversations/${id}/regenerate`, empty)).toMatchObject({
      status: 409,
    });
    expect(await new Client(chat, '', 'ada').refused('GET', 'conversations')).toEqual(bad);
    expect(await new Client(chat, 'acme', '').refused('GET', 'conversations')).toEqual(bad);
  });
});
