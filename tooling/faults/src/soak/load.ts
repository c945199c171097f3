import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore, StoreSession } from '@stackone/openai-agents-js-sessions';
import { ChangedMind } from './calls.ts';
import { playRun } from './run-load.ts';
import type { World } from './world.ts';

/** Calls of one kind, and how often they are chosen. */
interface Load {
  readonly often: number;
  play(world: World): Promise<unknown>;
}

/** How long a follower waits for something to come, in ms. */
const FOLLOWS = 1000;

const say = (content: string): AgentInputItem => ({ type: 'message', role: 'user', content });

/** A turn as runs store it, of some kilobytes. */
const turn = (world: World): AgentInputItem[] => [
  say(`Where is order ${Math.floor(world.random() * 1000)}?`),
  {
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'On its way. '.repeat(1 + Math.floor(world.random() * 200)) }],
  },
];

/** A conversation that anything may happen to. */
function loose(world: World): {
  readonly store: SessionStore;
  readonly id: string;
  readonly session: StoreSession;
} {
  const store = world.pick([world.plain, world.sealed]);
  const id = `loose-${Math.floor(world.random() * 5)}`;
  return { store, id, session: store.session(id) };
}

/** All that is played. */
export const LOADS: readonly Load[] = [
  { often: 20, play: (world) => world.append(world.pick(world.journalled)) },
  { often: 15, play: (world) => world.append(world.pick(world.journalled), { repeats: true }) },
  { often: 4, play: (world) => world.retire() },
  { often: 12, play: addLoosely },
  { often: 15, play: read },
  { often: 10, play: readPages },
  { often: 6, play: (world) => world.calls.make('popItem', () => loose(world).session.popItem()) },
  { often: 2, play: (world) => world.calls.make('clearSession', () => loose(world).session.clearSession()) },
  { often: 6, play: edit },
  { often: 6, play: manage },
  { often: 3, play: copy },
  { often: 3, play: recordUsage },
  { often: 5, play: transact },
  { often: 5, play: ofTenant },
  { often: 6, play: giveUp },
  { often: 4, play: follow },
  { often: 3, play: playRun },
  { often: 2, play: openAnother },
  { often: 2, play: overload },
  { often: 2, play: (world) => world.calls.make('health', () => world.plain.health({ timeout: 2000 })) },
  { often: 1, play: prune },
];

function addLoosely(world: World): Promise<unknown> {
  const { session } = loose(world);
  return world.calls.make('addItems', () => session.addItems(turn(world), undefined, lasting(world)));
}

const lasting = (world: World) => ({ signal: world.lasting.signal });

function read(world: World): Promise<unknown> {
  const { id, store, session } = loose(world);
  const any = world.pick<Pick<StoreSession, 'getItems'>>([
    session,
    world.pick(world.journalled).session,
    store.session(id, { window: { turns: 3 } }),
    store.session(id, { window: { items: 10 } }),
  ]);
  const limit = world.chance(0.5) ? 10 : undefined;
  return world.calls.make('getItems', () => any.getItems(limit, undefined, lasting(world)));
}

async function readPages(world: World): Promise<void> {
  const { session } = world.chance(0.5) ? loose(world) : world.pick(world.journalled);
  if (world.chance(0.5)) {
    await world.calls.make('turns', () => session.turns({ limit: 5, ...lasting(world) }));
    return;
  }
  const page = await world.calls.make('history', () => session.history({ limit: 10 }));
  const before = 'value' in page ? page.value.data[0]?.id : undefined;
  if (before !== undefined) await world.calls.make('history', () => session.history({ before, limit: 10 }));
}

async function edit(world: World): Promise<void> {
  const { session } = loose(world);
  const { calls } = world;
  const how = world.random();
  if (how < 0.4) {
    const items = await calls.make('getItems', () => session.getItems());
    const first = 'value' in items ? items.value.slice(0, Math.ceil(items.value.length / 2)) : [];
    if (first.length > 0)
      await calls.make('replaceBeginning', () => session.replaceBeginning(first, [say('A summary.')]));
  } else if (how < 0.5) {
    await calls.make('replaceHistoryWithCompaction', () => session.replaceHistoryWithCompaction(turn(world)));
  } else {
    const turns = await calls.make('turns', () => session.turns({ limit: 3 }));
    const last = 'value' in turns ? turns.value.data.at(-1) : undefined;
    const item = last?.items[0];
    if (!last || !item) return;
    if (how < 0.65) await calls.make('rewind', () => session.rewind(last));
    else if (how < 0.8) await calls.make('replaceTurn', () => session.replaceTurn(last, turn(world)));
    else if (how < 0.9) await calls.make('replaceItem', () => session.replaceItem(item, say('[removed]')));
    else await calls.make('removeItem', () => session.removeItem(item));
  }
}

async function manage(world: World): Promise<void> {
  const { store, id } = loose(world);
  const { calls } = world;
  const how = world.random();
  if (how < 0.3)
    await calls.make('sessions.list', () => store.sessions.list({ limit: 5, ...lasting(world) }));
  else if (how < 0.45) await calls.make('sessions.count', () => store.sessions.count({ idPrefix: 'loose' }));
  else if (how < 0.7) await calls.make('sessions.retrieve', () => store.sessions.retrieve(id));
  else {
    const change = { title: `About order ${Math.floor(world.random() * 100)}`, metadata: { user: 'ada' } };
    await calls.make('sessions.update', () => store.sessions.update(id, change));
  }
}

async function copy(world: World): Promise<void> {
  const { store, id } = loose(world);
  const other = `${id}-other`;
  const { calls } = world;
  if (world.chance(0.5)) await calls.make('sessions.fork', () => store.sessions.fork(id, other));
  else await calls.make('sessions.rename', () => store.sessions.rename(id, other));
  await calls.make('sessions.delete', () => store.sessions.delete(other));
}

async function recordUsage(world: World): Promise<void> {
  const { store, session } = loose(world);
  const { calls } = world;
  const responseId = `response-${Math.floor(world.random() * 50)}`;
  const used = { requests: 1, inputTokens: 100, outputTokens: 10, totalTokens: 110 };
  const details = { inputTokensDetails: [], outputTokensDetails: [] };
  const usage = { ...used, ...details };
  const result = { rawResponses: [{ usage, output: [], responseId }], state: { usage } };
  await calls.make('recordUsage', () => session.recordUsage(result as never, { model: 'm' }));
  await calls.make('usage', () => session.usage({ by: 'model' }));
  if (world.chance(0.3)) await calls.make('usage', () => store.usage({ by: 'day' }));
}

async function transact(world: World): Promise<void> {
  const { store, id } = loose(world);
  const journalled = world.pick(world.journalled.filter(({ isPlain }) => isPlain));
  const inTransaction = (items: AgentInputItem[]) =>
    world.plain.transaction(async (tx) => {
      await tx.session(journalled.id).getItems(3);
      await tx.session(journalled.id).addItems(items);
    });
  if (world.chance(0.5))
    await world.append(journalled, { add: (_conversation, items) => inTransaction(items) });
  else
    await world.calls.make('transaction', () =>
      store.transaction(async (tx) => {
        await tx.session(id).addItems(turn(world));
        await tx.session(id).popItem();
        if (world.chance(0.5)) throw new ChangedMind();
      }),
    );
}

async function ofTenant(world: World): Promise<void> {
  const { calls } = world;
  const store = world.pick([world.plain, world.sealed]).scoped(`tenant-${Math.floor(world.random() * 3)}`);
  const id = `chat-${Math.floor(world.random() * 3)}`;
  await calls.make('addItems', () => store.session(id).addItems(turn(world)));
  await calls.make('getItems', () => store.session(id).getItems(10));
  if (world.chance(0.3)) await calls.make('sessions.list', () => store.sessions.list({ limit: 5 }));
  if (world.chance(0.2)) await calls.make('usage', () => store.usage());
  if (world.chance(0.4)) await calls.make('sessions.delete', () => store.sessions.delete(id));
}

/** Calls whose answer is not waited for: by a signal or a time limit. */
async function giveUp(world: World): Promise<void> {
  const { session } = loose(world);
  const { calls } = world;
  const controller = new AbortController();
  const limits = world.chance(0.7) ? { signal: controller.signal } : { timeout: 1 };
  if (world.chance(0.4)) controller.abort();
  const call = world.chance(0.5)
    ? calls.make('getItems, given up', () => session.getItems(undefined, undefined, limits))
    : calls.make('addItems, given up', () => session.addItems(turn(world), undefined, limits));
  if (world.chance(0.5)) await wait(world.random() * 4);
  controller.abort();
  await call;
}

/** A follower that ends with the first thing that is new, or when it has waited enough. */
async function follow(world: World): Promise<void> {
  const { store, session } = loose(world);
  const { calls } = world;
  const controller = new AbortController();
  const late = setTimeout(() => controller.abort(), FOLLOWS);
  const options = { signal: controller.signal, interval: 100 };
  const firstOf = async (all: AsyncGenerator<unknown>) => {
    for await (const _ of all) break;
  };
  const followed = world.chance(0.6)
    ? calls.make('watch', () => firstOf(session.watch(options)))
    : calls.make('store.watch', () => firstOf(store.watch(options)));
  if (world.chance(0.7)) await calls.make('addItems', () => session.addItems(turn(world)));
  await followed;
  clearTimeout(late);
}

async function openAnother(world: World): Promise<void> {
  const { calls } = world;
  const opened = await calls.make('open', () => world.openOther());
  if (!('value' in opened)) return;
  const { value: store } = opened;
  await calls.make('open', () => store.open());
  await calls.make('addItems', () => store.session('loose-0').addItems(turn(world)));
  await calls.make('close', () => store.close());
}

/** More turns at the same time than may wait. */
async function overload(world: World): Promise<void> {
  const { calls } = world;
  const opened = await calls.make('open', () => world.openOther({ maxWaitingTurns: 2 }));
  if (!('value' in opened)) return;
  const { value: store } = opened;
  const turns = Array.from({ length: 6 }, () =>
    calls.make('addItems', () => store.session('loose-1').addItems(turn(world))),
  );
  await Promise.all(turns);
  await calls.make('close', () => store.close());
}

async function prune(world: World): Promise<void> {
  const { store } = loose(world);
  const olderThan = new Date(Date.now() - 86_400_000);
  await world.calls.make('prune', () => store.prune({ olderThan, batchSize: 50 }));
}
