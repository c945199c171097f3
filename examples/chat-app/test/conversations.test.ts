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

    const { messages, seen, running, title } = await client.view(id);
    expect({ seen, running, title }).toEqual({ seen: 4, running: false, title: 'My name is Ada.' });
    expect(messages).toMatchObject([
      { at: 0, role: 'user', text: 'My name is Ada.' },
      { at: 1, role: 'assistant', text: 'Hello Ada.' },
      { at: 2, role: 'user', text: 'Who am I?' },
      { at: 3, role: 'assistant', text: 'You are Ada.' },
    ]);
    const times = messages.map(({ time = 0 }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(before - 2000); // SQLite keeps seconds
    expect(times[3]).toBeLessThan(Date.now() + 2000);
  });

  test('the list has titles, the latest conversation first', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    expect(await client.list()).toEqual([]);
    const [first, second] = [await client.create(), await client.create()];
    expect((await client.list()).map(({ title }) => title)).toEqual([null, null]);
    await stage.exchange(client, first, 'x'.repeat(100), 'Yes.');
    await stage.exchange(client, second, 'Second.', 'Yes.');
    expect((await client.list()).map(({ title }) => title)).toEqual(['Second.', 'x'.repeat(60)]);
    await stage.exchange(client, first, 'More.', 'Yes.');
    await client.call('PATCH', `conversations/${first}`, { title: 'Mine' });
    expect((await client.list()).map(({ title }) => title)).toEqual(['Mine', 'Second.']);
  });

  test('nobody else finds a conversation: another tenant or another user', async () => {
    const { stage, chat } = shared();
    const user = someone();
    const client = new Client(chat, 'acme', user);
    const id = await client.create();
    await stage.exchange(client, id, 'A secret.', 'Yes.');
    for (const other of [new Client(chat, 'globex', user), new Client(chat, 'acme', someone())]) {
      expect(await other.list()).toEqual([]);
      const missing = { status: 404, code: 'not-found' };
      const place = `conversations/${id}`;
      expect(await other.refused('GET', place)).toEqual(missing);
      expect(await other.refused('PATCH', place, { title: 'Mine' })).toEqual(missing);
      expect(await other.refused('DELETE', place)).toEqual(missing);
      expect(await other.refused('POST', `${place}/messages`, { text: 'Hello' })).toEqual(missing);
      expect(await other.refused('POST', `${place}/edit`, { at: 0, seen: 2, text: 'x' })).toEqual(missing);
      expect(await other.refused('POST', `${place}/regenerate`, { seen: 2 })).toEqual(missing);
      const decision = { approval: 'x', approved: [] };
      expect(await other.refused('POST', `${place}/decision`, decision)).toEqual(missing);
    }
    expect(await client.said(id)).toEqual(['user: A secret.', 'assistant: Yes.']);
    expect((await client.view(id)).title).toBe('A secret.');
  });

  test('an edited message and its answer take the place of what came after it', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    await stage.exchange(client, id, 'Two.', 'Answer two.');
    await stage.exchange(client, id, 'Three.', 'Answer three.');
    const asked = await client.ask(id, 'edit', { at: 2, seen: 6, text: 'Second.' });
    const call = await stage.model.nextCall();
    expect(call.input.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(call.input)).toContain('Second.');
    expect((await client.view(id)).seen).toBe(6); // until the answer is whole
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
    const asked = await client.ask(id, 'regenerate', { seen: 2 });
    const call = await stage.model.nextCall();
    expect(call.input.map(({ role }) => role)).toEqual(['user']);
    call.answer('Another answer.');
    await asked.whole();
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Another answer.']);
  });

  test.for(['edit', 'regenerate'])('%s: if the model fails, everything is as it was', async (what) => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    const asked = await client.ask(id, what, { at: 0, seen: 2, text: 'Other.' });
    (await stage.model.nextCall()).refuse('no');
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'failed' });
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Answer one.']);
  });

  test('what a page has not seen is not edited away', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    await stage.exchange(client, id, 'One.', 'Answer one.');
    await stage.exchange(client, id, 'In another tab.', 'Yes.');
    const changed = { status: 409, code: 'changed' };
    const stale = { at: 0, seen: 2, text: 'Other.' };
    expect(await client.refused('POST', `conversations/${id}/edit`, stale)).toEqual(changed);
    expect(await client.refused('POST', `conversations/${id}/regenerate`, stale)).toEqual(changed);
    const place = { at: 1, seen: 4, text: 'Not mine.' };
    expect(await client.refused('POST', `conversations/${id}/edit`, place)).toMatchObject({ status: 400 });
    expect((await client.view(id)).seen).toBe(4);
  });

  test('if the model fails the message stays, and can be answered', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const id = await client.create();
    const asked = await client.ask(id, 'messages', { text: 'A secret.' });
    (await stage.model.nextCall()).refuse('no');
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'failed' });
    expect(await client.said(id)).toEqual(['user: A secret.']);
    const again = await client.ask(id, 'regenerate', { seen: 1 });
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
    expect(await client.refused('POST', `conversations/${id}/regenerate`, { seen: 0 })).toEqual(bad);
    expect(await new Client(chat, '', 'ada').refused('GET', 'conversations')).toEqual(bad);
    expect(await new Client(chat, 'acme', '').refused('GET', 'conversations')).toEqual(bad);
  });
});
