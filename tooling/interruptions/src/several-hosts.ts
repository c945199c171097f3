import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { SessionStore } from '@stackone/sessions-core';
import { freePort, startProxy } from '@stackone/test-servers';
import { expect, test } from 'vitest';
import type { ServerSubject } from './cut.ts';

/** A server as a URL names it. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** The URL with these servers in place of its own. */
export function listed(url: string, places: readonly Place[]): string {
  return url.replace(/@[^/]+/, `@${places.map(({ host, port }) => `${host}:${port}`).join(',')}`);
}

/** Where nobody listens. */
export async function nobody(host = '127.0.0.1'): Promise<Place> {
  return { host, port: await freePort() };
}

/** What an opening fails with: it shows no password, neither that of the tests nor `canary`. */
export async function openingFailure(opening: Promise<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([opening]);
  if (outcome?.status !== 'rejected') throw new Error('it did not fail');
  expect(inspect(outcome.reason, { showHidden: true, depth: 9 })).not.toMatch(/test:test|canary/);
  return outcome.reason as Error;
}

/** Adds a turn until it is stored: a call that was under way may be lost with its connection. */
export async function storedInTheEnd(
  session: ReturnType<SessionStore['session']>,
  turn: Parameters<typeof session.addItems>[0],
): Promise<void> {
  const outcome = () =>
    session.addItems(turn, undefined, { operationId: 'in the end' }).then(
      () => 'stored',
      () => 'lost',
    );
  await expect.poll(outcome, { timeout: 30_000 }).toBe('stored');
}

/** A store, the server of its URL, and how it is opened. */
export interface ListedSubject extends Pick<ServerSubject, 'server' | 'url'> {
  open(
    url: string,
    options: { readonly max?: number; readonly maxRetries?: number; readonly connectionTimeout?: number },
  ): Promise<SessionStore>;
}

/** What holds for a URL with several hosts, whatever the engine. */
export function describeSeveralHosts({ server, url, open }: ListedSubject): void {
  const turnOf = (text: string) => [{ role: 'user' as const, content: text }];

  test('hosts that refuse, and that are silent, are passed over, and not asked again', async () => {
    await using silent = await startProxy(server);
    silent.silent = true;
    await using here = await startProxy(server);
    const list = listed(url, [await nobody(), silent, await nobody('[::1]'), here]);
    await using store = await open(list, { maxRetries: 0, connectionTimeout: 3000 });
    const turns = Array.from({ length: 20 }, (_, turn) => turnOf(`${turn}`));
    await Promise.all(turns.map((turn) => store.session(randomUUID()).addItems(turn)));
    expect(silent.connections).toBe(1);
    here.cutAll();
    await storedInTheEnd(store.session('after'), turns.flat());
    expect(await store.session('after').getItems()).toHaveLength(20);
    expect(silent.connections).toBe(1);
  });

  test('no more connections than the option "max" says, and all calls come to their turn', async () => {
    await using proxy = await startProxy(server);
    await using store = await open(listed(url, [await nobody(), proxy]), { max: 2 });
    const ids = Array.from({ length: 30 }, () => randomUUID());
    await Promise.all(ids.map((id) => store.session(id).addItems(turnOf(id))));
    for (const id of ids) expect(await store.session(id).getItems()).toEqual(turnOf(id));
    expect(proxy.connections).toBeLessThanOrEqual(2);
    const id = randomUUID();
    await store.transaction(async (tx) => {
      await (tx.client as { query(sql: string): Promise<unknown> }).query('SELECT 1');
      await tx.session(id).addItems(turnOf('in a transaction'));
    });
    expect(await store.session(id).getItems()).toEqual(turnOf('in a transaction'));
  });
}
