import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Client } from './client.ts';
import { onDatabasesOfProcesses, Stage, someone } from './on-databases.ts';
import { sql } from './raw-sql.ts';

/** For processes that are killed: what they held is free soon. */
const SHORT_LEASE = { RUN_LEASE_MS: '1000' };

const BUSY = { status: 409, code: 'busy' };

onDatabasesOfProcesses((url) => {
  test('two tabs: one answer at a time, and the other tab sees that there is one', async () => {
    const stage = await Stage.forTest(url);
    const chat = await stage.start();
    const user = someone();
    const [one, two] = [new Client(chat, 'acme', user), new Client(chat, 'acme', user)];
    const id = await one.create();
    const asked = await one.ask(id, 'messages', { text: 'One.' });
    const call = await stage.model.nextCall();
    expect(await two.refused('POST', `conversations/${id}/messages`, { text: 'Two.' })).toEqual(BUSY);
    expect(await two.refused('POST', `conversations/${id}/regenerate`, { seen: '1' })).toEqual(BUSY);
    expect(await two.view(id)).toMatchObject({ running: true, messages: [{ text: 'One.' }] });
    const other = await two.create(); // another conversation is free
    await stage.exchange(two, other, 'Two.', 'Answer two.');
    call.answer('Answer one.');
    await asked.whole();
    expect(await two.view(id)).toMatchObject({ running: false, messages: [{}, { text: 'Answer one.' }] });
    await stage.exchange(two, id, 'Three.', 'Answer three.');
  });

  test('two processes: one answer at a time', async () => {
    const stage = await Stage.forTest(url);
    const user = someone();
    const [one, two] = (await Promise.all([stage.start(), stage.start()])).map(
      (chat) => new Client(chat, 'acme', user),
    );
    if (!one || !two) throw new Error('there are two');
    const id = await one.create();
    const results = await Promise.allSettled(
      [one, two, one, two].map((client, at) => client.ask(id, 'messages', { text: `Tab ${at}.` })),
    );
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toEqual([BUSY, BUSY, BUSY]);
    (await stage.model.nextCall()).answer('One of them.');
    for (const result of results) if (result.status === 'fulfilled') await result.value.whole();
    expect(await two.said(id)).toEqual([
      expect.stringMatching(/^user: Tab \d\.$/),
      'assistant: One of them.',
    ]);
  });

  test('an answer goes on when its client leaves', async () => {
    const stage = await Stage.forTest(url);
    const client = new Client(await stage.start(), 'acme', someone());
    const id = await client.create();
    const tab = new AbortController();
    const asked = await client.ask(id, 'messages', { text: 'One.' }, tab.signal);
    const call = await stage.model.nextCall();
    call.say('Answer');
    await asked.next();
    tab.abort();
    call.say(' to');
    call.answer('Answer to one.');
    await client.free(id);
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Answer to one.']);
  });

  test('a long answer keeps its conversation: its claim is made longer again and again', async () => {
    const stage = await Stage.forTest(url);
    const client = new Client(await stage.start(SHORT_LEASE), 'acme', someone());
    const id = await client.create();
    const asked = await client.ask(id, 'messages', { text: 'One.' });
    const call = await stage.model.nextCall();
    const until = async () => {
      const [run] = await sql<{ until: number }>(
        url,
        `SELECT until FROM chat_runs WHERE conversation = '${id}'`,
      );
      return run?.until ?? 0;
    };
    const first = await until();
    while ((await until()) <= first) await wait(50);
    call.answer('Answer one.');
    expect((await asked.whole()).end).toEqual({ type: 'done' });
    expect(await until()).toBe(0);
  });

  test('SIGTERM while answers are on their way: they are told to the end and stored', async () => {
    const stage = await Stage.forTest(url);
    const chat = await stage.start();
    const user = someone();
    const client = new Client(chat, 'acme', user);
    const [id, edited] = [await client.create(), await client.create()];
    await stage.exchange(client, edited, 'Old.', 'Old answer.');
    const asked = await client.ask(id, 'messages', { text: 'One.' });
    const call = await stage.model.nextCall();
    call.say('Answer');
    expect(await asked.next()).toEqual({ type: 'text', text: 'Answer' });
    const asked2 = await client.ask(edited, 'edit', {
      ...(await client.at(edited)),
      text: 'New.',
    });
    const call2 = await stage.model.nextCall();
    chat.kill('SIGTERM');
    chat.kill('SIGTERM');
    await chat.refusesConnections();
    call.answer('Answer one.');
    expect(await asked.whole()).toEqual({ text: ' one.', end: { type: 'done' } });
    call2.answer('New answer.');
    expect(await asked2.whole()).toEqual({ text: 'New answer.', end: { type: 'done' } });
    expect(await chat.ended).toEqual({ code: 0, signal: null });
    expect(await chat.errors).toBe('');
    const after = new Client(await stage.start(), 'acme', user);
    expect(await after.view(id)).toMatchObject({ running: false });
    expect(await after.said(id)).toEqual(['user: One.', 'assistant: Answer one.']);
    expect(await after.said(edited)).toEqual(['user: New.', 'assistant: New answer.']);
  });

  test('SIGTERM and a model that does not answer: the message stays, and nothing is held up', async () => {
    const stage = await Stage.forTest(url);
    const chat = await stage.start({ SHUTDOWN_MS: '300' });
    const user = someone();
    const client = new Client(chat, 'acme', user);
    const id = await client.create();
    const asked = await client.ask(id, 'messages', { text: 'One.' });
    (await stage.model.nextCall()).say('Never');
    chat.kill('SIGTERM');
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'stopped' });
    expect(await chat.ended).toEqual({ code: 0, signal: null });
    const after = new Client(await stage.start(), 'acme', user);
    expect(await after.said(id)).toEqual(['user: One.']);
    const again = await after.ask(id, 'regenerate', await after.at(id));
    (await stage.model.nextCall()).answer('Answer one.');
    await again.whole();
    expect(await after.said(id)).toEqual(['user: One.', 'assistant: Answer one.']);
  });

  test('a process that is killed: the message stays, and the conversation is free after the lease', async () => {
    const stage = await Stage.forTest(url);
    const chat = await stage.start(SHORT_LEASE);
    const user = someone();
    const id = await new Client(chat, 'acme', user).create();
    await new Client(chat, 'acme', user).ask(id, 'messages', { text: 'One.' });
    (await stage.model.nextCall()).say('Never');
    chat.kill('SIGKILL');
    await chat.ended;
    const client = new Client(await stage.start(), 'acme', user);
    expect(await client.said(id)).toEqual(['user: One.']);
    await client.free(id);
    const again = await client.ask(id, 'regenerate', await client.at(id));
    (await stage.model.nextCall()).answer('Answer one.');
    await again.whole();
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Answer one.']);
  });

  test('a process that stood still for longer than its lease ends its run when it wakes up', async () => {
    const stage = await Stage.forTest(url);
    const user = someone();
    const asleep = await stage.start(SHORT_LEASE);
    const before = new Client(asleep, 'acme', user);
    const id = await before.create();
    const asked = await before.ask(id, 'messages', { text: 'One.' });
    const late = await stage.model.nextCall();
    asleep.kill('SIGSTOP');
    const client = new Client(await stage.start(), 'acme', user);
    await client.free(id);
    const again = await client.ask(id, 'regenerate', await client.at(id));
    (await stage.model.nextCall()).answer('Answer one.');
    await again.whole();
    asleep.kill('SIGCONT');
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'stopped' });
    await late.closed;
    expect(await client.said(id)).toEqual(['user: One.', 'assistant: Answer one.']);
  });
});
