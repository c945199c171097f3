import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { Client } from './client.ts';
import { onDatabasesOfProcesses, Stage, someone } from './on-databases.ts';
import { everything } from './raw-sql.ts';

/** A run hears within a fifth of it that it is to end. */
const LEASE = { RUN_LEASE_MS: '5000' };

onDatabasesOfProcesses((url) => {
  const shared = Stage.forGroup(url, LEASE);

  test('everything a user has said and was told goes, also what is on its way; the rest stays', async () => {
    const { stage, chat } = shared();
    const [user, other] = [`user-${randomUUID()}`, someone()];
    const secret = `secret-${randomUUID()}`;
    const client = new Client(chat, 'acme', user);
    const [first, waiting, running] = [await client.create(), await client.create(), await client.create()];
    await stage.exchange(client, first, secret, secret);
    const asked = await client.ask(waiting, 'messages', { text: secret });
    (await stage.model.nextCall()).callTools([['refund', { order: 'order-1' }]]);
    await asked.whole();
    const answered = await client.ask(running, 'messages', { text: secret });
    const call = await stage.model.nextCall();
    call.say(secret);

    const sameName = new Client(chat, 'globex', user);
    const neighbour = new Client(chat, 'acme', other);
    const kept = [];
    for (const somebody of [sameName, neighbour]) {
      const id = await somebody.create();
      await stage.exchange(somebody, id, 'Mine.', 'Yes.');
      kept.push({ somebody, id });
    }

    expect((await everything(url)).split(secret).length).toBeGreaterThan(5);
    await client.call('DELETE', 'me');
    expect((await answered.whole()).end).toMatchObject({ type: 'error', code: 'stopped' });
    await call.closed;
    expect((await client.list()).data).toEqual([]);
    const left = await everything(url);
    expect(left).not.toContain(secret);
    for (const id of [first, waiting, running]) expect(left).not.toContain(id);
    for (const { somebody, id } of kept)
      expect(await somebody.said(id)).toEqual(['user: Mine.', 'assistant: Yes.']);
  });

  test('one conversation goes, while another process answers in it', async () => {
    const stage = await Stage.forTest(url);
    const user = someone();
    const [one, two] = (await Promise.all([stage.start(LEASE), stage.start(LEASE)])).map(
      (chat) => new Client(chat, 'acme', user),
    );
    if (!one || !two) throw new Error('there are two');
    const id = await one.create();
    const asked = await one.ask(id, 'messages', { text: 'One.' });
    await stage.model.nextCall();
    await two.call('DELETE', `conversations/${id}`);
    expect((await asked.whole()).end).toMatchObject({ type: 'error', code: 'stopped' });
    expect(await one.refused('GET', `conversations/${id}`)).toEqual({ status: 404, code: 'not-found' });
    expect(await everything(url)).not.toContain(id);
  });
});
