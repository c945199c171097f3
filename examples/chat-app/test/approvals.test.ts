import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { Client } from './client.ts';
import { onDatabasesOfProcesses, Stage, someone } from './on-databases.ts';
import { sql } from './raw-sql.ts';

/** How often money was given back for an order. */
async function refunds(url: string, order: string): Promise<number> {
  return (await sql(url, `SELECT order_number FROM shop_refunds WHERE order_number = '${order}'`)).length;
}

/** An order that nobody else has. */
const someOrder = () => `order-${randomUUID()}`;

/** A conversation that waits for a person. */
async function waiting(stage: Stage, client: Client, orders: readonly string[]) {
  const id = await client.create();
  const asked = await client.ask(id, 'messages', { text: `Refund ${orders.join(' and ')}.` });
  (await stage.model.nextCall()).callTools(orders.map((order) => ['refund', { order }]));
  expect(await asked.whole()).toEqual({ text: '', end: { type: 'approval' } });
  const { approval } = await client.view(id);
  const calls = approval?.calls.map(({ callId }) => callId) ?? [];
  return { id, approval: approval?.id ?? '', calls };
}

onDatabasesOfProcesses((url) => {
  const shared = Stage.forGroup(url);

  test('a call waits for a person, is made when they agree, and is answered', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const order = someOrder();
    const { id, approval, calls } = await waiting(stage, client, [order]);
    expect((await client.view(id)).approval?.calls).toEqual([
      { callId: calls[0], name: 'refund', arguments: JSON.stringify({ order }) },
    ]);
    expect(await refunds(url, order)).toBe(0);
    const decided = await client.ask(id, 'decision', { approval, approved: calls });
    const call = await stage.model.nextCall();
    expect(call.input.map(({ role, type }) => role ?? type)).toEqual([
      'user',
      'function_call',
      'function_call_output',
    ]);
    call.answer('Done.');
    expect(await decided.whole()).toEqual({ text: 'Done.', end: { type: 'done' } });
    expect(await refunds(url, order)).toBe(1);
    expect(await client.said(id)).toEqual([
      `user: Refund ${order}.`,
      `tool: refund ${JSON.stringify({ order })} -> The money for order ${order} was given back.`,
      'assistant: Done.',
    ]);
    expect((await client.view(id)).approval).toBeUndefined();
    await stage.exchange(client, id, 'Thanks.', 'You are welcome.');
  });

  test('of two calls one may be made and the other not', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const [first, second] = [someOrder(), someOrder()];
    const { id, approval, calls } = await waiting(stage, client, [first, second]);
    expect(calls).toHaveLength(2);
    const decided = await client.ask(id, 'decision', { approval, approved: calls.slice(1) });
    (await stage.model.nextCall()).answer('One of them.');
    expect((await decided.whole()).end).toEqual({ type: 'done' });
    expect(await refunds(url, first)).toBe(0);
    expect(await refunds(url, second)).toBe(1);
  });

  test('while a call waits, nothing else is said; a decision counts once', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const { id, approval, calls } = await waiting(stage, client, [someOrder()]);
    const at = await client.at(id);
    const place = `conversations/${id}`;
    const first = { status: 409, code: 'approval' };
    expect(await client.refused('POST', `${place}/messages`, { text: 'Well?' })).toEqual(first);
    expect(await client.refused('POST', `${place}/edit`, { ...at, text: 'No.' })).toEqual(first);
    expect(await client.refused('POST', `${place}/regenerate`, at)).toEqual(first);
    const decision = { approval, approved: calls };
    const decided = await client.ask(id, 'decision', decision);
    expect(await client.refused('POST', `${place}/decision`, decision)).toEqual({
      status: 409,
      code: 'busy',
    });
    (await stage.model.nextCall()).answer('Done.');
    await decided.whole();
    expect(await client.refused('POST', `${place}/decision`, decision)).toEqual({
      status: 409,
      code: 'decided',
    });
  });

  test('a second call waits in its turn', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const [first, second] = [someOrder(), someOrder()];
    const { id, approval, calls } = await waiting(stage, client, [first]);
    const decided = await client.ask(id, 'decision', { approval, approved: calls });
    (await stage.model.nextCall()).callTools([['refund', { order: second }]]);
    expect((await decided.whole()).end).toEqual({ type: 'approval' });
    const next = (await client.view(id)).approval;
    expect(next?.id).not.toBe(approval);
    expect(next?.calls).toMatchObject([{ arguments: JSON.stringify({ order: second }) }]);
    const again = await client.ask(id, 'decision', { approval: next?.id, approved: [] });
    (await stage.model.nextCall()).answer('Only one.');
    await again.whole();
    expect([await refunds(url, first), await refunds(url, second)]).toEqual([1, 0]);
  });

  test.for(['edit', 'regenerate'])('%s: the new answer may ask as well', async (what) => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const order = someOrder();
    const id = await client.create();
    await stage.exchange(client, id, 'Refund it.', 'Which one?');
    const asked = await client.ask(id, what, { ...(await client.at(id)), text: 'Refund it.' });
    (await stage.model.nextCall()).callTools([['refund', { order }]]);
    expect((await asked.whole()).end).toEqual({ type: 'approval' });
    const { approval, messages } = await client.view(id);
    expect(messages).toMatchObject([{ text: 'Refund it.' }, { status: 'pending', toolCalls: [{}] }]);
    const approved = approval?.calls.map(({ callId }) => callId);
    const decided = await client.ask(id, 'decision', { approval: approval?.id, approved });
    (await stage.model.nextCall()).answer('Done.');
    expect((await decided.whole()).end).toEqual({ type: 'done' });
    expect(await client.said(id)).toEqual([
      'user: Refund it.',
      `tool: refund ${JSON.stringify({ order })} -> The money for order ${order} was given back.`,
      'assistant: Done.',
    ]);
    expect(await refunds(url, order)).toBe(1);
  });

  test('an approval survives the process that asked for it', async () => {
    const stage = await Stage.forTest(url);
    const before = await stage.start();
    const user = someone();
    const order = someOrder();
    const { id, approval, calls } = await waiting(stage, new Client(before, 'acme', user), [order]);
    before.kill('SIGKILL');
    await before.ended;
    const client = new Client(await stage.start(), 'acme', user);
    expect((await client.view(id)).approval).toMatchObject({ id: approval, calls: [{ callId: calls[0] }] });
    const decided = await client.ask(id, 'decision', { approval, approved: calls });
    (await stage.model.nextCall()).answer('Done.');
    expect(await decided.whole()).toEqual({ text: 'Done.', end: { type: 'done' } });
    expect(await refunds(url, order)).toBe(1);
  });

  test('a process that is killed after the call is made: it can be decided again, and is made once', async () => {
    const stage = await Stage.forTest(url);
    const before = await stage.start({ RUN_LEASE_MS: '1000' });
    const user = someone();
    const order = someOrder();
    const { id, approval, calls } = await waiting(stage, new Client(before, 'acme', user), [order]);
    const decision = { approval, approved: calls };
    await new Client(before, 'acme', user).ask(id, 'decision', decision);
    await stage.model.nextCall(); // so the call was made
    expect(await refunds(url, order)).toBe(1);
    before.kill('SIGKILL');
    await before.ended;
    const client = new Client(await stage.start(), 'acme', user);
    await client.free(id);
    const decided = await client.ask(id, 'decision', decision);
    (await stage.model.nextCall()).answer('Done.');
    expect((await decided.whole()).end).toEqual({ type: 'done' });
    expect(await refunds(url, order)).toBe(1);
    expect((await client.said(id)).slice(1)).toEqual([
      `tool: refund ${JSON.stringify({ order })} -> The money for order ${order} was given back.`,
      'assistant: Done.',
    ]);
  });

  test('a process that is killed before it could forget the approval: the turn is stored once', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const { id, approval, calls } = await waiting(stage, client, [someOrder()]);
    const kept = `SELECT * FROM chat_approvals WHERE id = '${approval}'`;
    const [row] = await sql<Record<string, string>>(url, kept);
    const decision = { approval, approved: calls };
    const decided = await client.ask(id, 'decision', decision);
    (await stage.model.nextCall()).answer('Done.');
    await decided.whole();
    const said = await client.said(id);
    // as if it had not been removed
    const values = ['tenant', 'conversation', 'id', 'calls', 'state'].map(
      (name) => `'${row?.[name]?.replaceAll("'", "''")}'`,
    );
    await sql(url, `INSERT INTO chat_approvals (tenant, conversation, id, calls, state) VALUES (${values})`);
    const again = await client.ask(id, 'decision', decision);
    (await stage.model.nextCall()).answer('Done in other words.');
    expect((await again.whole()).end).toEqual({ type: 'done' });
    expect(await client.said(id)).toEqual(said);
    expect((await client.view(id)).approval).toBeUndefined();
  });

  test('a process that is killed before it kept the approval: the message can be answered again', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const order = someOrder();
    const { id, approval } = await waiting(stage, client, [order]);
    await sql(url, `DELETE FROM chat_approvals WHERE id = '${approval}'`);
    const asked = await client.ask(id, 'regenerate', await client.at(id));
    const call = await stage.model.nextCall();
    expect(call.input.map(({ role }) => role)).toEqual(['user']);
    call.answer('Of course.');
    expect((await asked.whole()).end).toEqual({ type: 'done' });
    expect(await client.said(id)).toEqual([`user: Refund ${order}.`, 'assistant: Of course.']);
  });

  test('a run that nobody can go on with does not hold up its conversation', async () => {
    const { stage, chat } = shared();
    const client = new Client(chat, 'acme', someone());
    const { id, approval, calls } = await waiting(stage, client, [someOrder()]);
    await sql(url, `UPDATE chat_approvals SET state = '{"$schemaVersion":"99"}' WHERE id = '${approval}'`);
    const decision = { approval, approved: calls };
    const refused = await client.refused('POST', `conversations/${id}/decision`, decision);
    expect(refused).toEqual({ status: 410, code: 'outdated' });
    await stage.exchange(client, id, 'And now?', 'Ask again.');
  });
});
