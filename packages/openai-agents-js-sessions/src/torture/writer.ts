// node torture-writer.js <target> <journal> <name> <orders as JSON>
//
// Adds turns, reads and pops, several at a time, on the conversations that it is told, and notes each call before and after it is made.
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Session } from '@openai/agents-core';
import { isSessionError, type StoreSession } from '@stackone/sessions-core';
import { codeOf, type Ended, Journal, machineTime } from './journal.js';
import { oneOf, randomFrom } from './random.js';
import { type OpenOptions, openTarget, type Target } from './target.js';
import { itemsOf, keyOf, pieceIn } from './turns.js';

/** What a writer is told when it is started. */
export interface WriterOrders {
  readonly seed: string;
  /** Calls at the same time. */
  readonly callers: number;
  readonly open: OpenOptions;
}

/** What it is told later. `appended` get turns and are read, items are taken from `popped`. */
export type WriterOrder =
  | { readonly begin: { readonly appended: readonly [string, ...string[]]; readonly popped: string } }
  | { readonly pause: true }
  | { readonly end: true };

/** What it says. `open`: sockets and files that it has after it closed the store, and had not before. */
export type WriterReport =
  | { readonly ready: true }
  | { readonly stored: number }
  | { readonly paused: true }
  | { readonly closed: true; readonly open: readonly string[] };

const [target = '', journalPath = '', name = '', orders = '{}'] = process.argv.slice(2);
const { seed, callers, open: openOptions }: WriterOrders = JSON.parse(orders);
const random = randomFrom(`${seed} ${name}`);
const journal = new Journal(journalPath);
const openBefore = openFiles();
const opened = await openTarget(target, openOptions);
let isRunning = false;
let running: Promise<unknown> = Promise.resolve();
let calls = 0;
let turns = 0;
let stored = 0;

function say(report: WriterReport, then: () => void = () => {}): void {
  // a harness that has gone needs no report
  if (process.connected) process.send?.(report, then);
}

/** What this process has open on Linux, other than the pipes and watchers of Node itself. */
function openFiles(): string[] {
  if (process.platform !== 'linux')
    return process.getActiveResourcesInfo().filter((one) => /Socket/.test(one));
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) =>
        /^\/(?!dev\/|proc\/)|^socket:/.test(path),
      );
    } catch {
      return []; // the one that reads the folder
    }
  });
}

/** Makes one call, with an entry before and after it. @returns Whether it resolved. */
async function noted(
  { isStore }: Target,
  began: { conversation: string; does: 'append' | 'pop' | 'read'; number?: number; size?: number },
  make: () => Promise<unknown>,
): Promise<boolean> {
  const call = ++calls;
  journal.write({ call, began: machineTime(), ...began });
  let end: Pick<Ended, 'outcome' | 'code' | 'saw'>;
  try {
    const answer = await make();
    const saw = began.does === 'append' ? [] : [answer].flat().filter((item) => item !== undefined);
    end = { outcome: 'stored', saw: saw.map(seen) };
  } catch (error) {
    end = endOf(isStore, error);
  }
  journal.write({ call, ended: machineTime(), ...end });
  if (end.outcome === 'stored') {
    stored++;
    say({ stored });
  }
  return end.outcome === 'stored';
}

function seen(item: unknown): string {
  const piece = pieceIn(item);
  return piece ? `${keyOf(piece)} ${piece.index}` : '?';
}

function endOf(isStore: boolean, error: unknown): Pick<Ended, 'outcome' | 'code'> {
  const told = codeOf(error);
  if (!isStore) {
    const { retryable } = (error ?? {}) as Record<string, unknown>;
    return { outcome: retryable === true ? 'unwritten' : 'unknown', code: told };
  }
  const isTyped = isSessionError(error) && error.code !== 'OPERATION_CONFLICT';
  if (!isTyped) return { outcome: 'untyped', code: told };
  if (error.code !== 'OUTCOME_UNKNOWN') return { outcome: 'unwritten', code: told };
  return { outcome: error.retryable ? 'untyped' : 'unknown', code: told };
}

/** Makes the call again, under its operation id, until it resolves or the round is over. */
async function appendOnce(session: Session, turn: Parameters<typeof itemsOf>[0], isCurrent: () => boolean) {
  const operationId = `${turn.conversation} ${keyOf(turn)}`;
  const { applyHistoryTransaction } = session as Partial<StoreSession>;
  const isTransaction = applyHistoryTransaction && (!opened.isStore || random() < 0.3);
  const append = () =>
    isTransaction
      ? applyHistoryTransaction.call(session as StoreSession, {
          operationId,
          transaction: { type: 'append_items', items: itemsOf(turn) },
        })
      : (session as StoreSession).addItems(itemsOf(turn), undefined, { operationId });
  while (isCurrent()) {
    if (await noted(opened, { does: 'append', ...turn }, append)) return;
    await wait(10 + random() * 40);
  }
}

async function caller(
  appended: ReadonlyMap<string, Session>,
  [poppedId, popped]: readonly [string, Session],
  isCurrent: () => boolean,
): Promise<void> {
  const ids = [...appended.keys()] as [string, ...string[]];
  while (isCurrent()) {
    const conversation = oneOf(random, ids);
    const session = appended.get(conversation) ?? popped;
    const chance = random();
    if (chance < 0.1) await noted(opened, { does: 'read', conversation }, () => session.getItems());
    else if (chance < 0.2)
      await noted(opened, { does: 'pop', conversation: poppedId }, () => popped.popItem());
    else {
      const isPopped = chance < 0.35;
      const id = isPopped ? poppedId : conversation;
      const size = isPopped ? 1 : 1 + Math.floor(random() * 4);
      const turn = { conversation: id, writer: name, number: ++turns, size };
      const to = isPopped ? popped : session;
      const knowsOperations = opened.isStore || 'applyHistoryTransaction' in to;
      if (knowsOperations && random() < 0.5) await appendOnce(to, turn, isCurrent);
      else await noted(opened, { does: 'append', ...turn }, () => to.addItems(itemsOf(turn)));
    }
    await wait(random() * 20);
  }
}

async function begin(appended: readonly string[], popped: string): Promise<void> {
  const sessions = new Map<string, Session>();
  for (const id of appended) sessions.set(id, await opened.session(id));
  const last = [popped, await opened.session(popped)] as const;
  const round = Symbol('round');
  current = round;
  isRunning = true;
  const isCurrent = () => isRunning && current === round;
  running = Promise.all(Array.from({ length: callers }, () => caller(sessions, last, isCurrent)));
}
let current: symbol | undefined;
let isOver = false;

async function end(): Promise<void> {
  await opened.close();
  journal.close();
  let open: string[] = [];
  for (let tries = 0; tries < 40; tries++) {
    open = left();
    if (open.length === 0) break;
    await wait(50);
  }
  isOver = true;
  // what is still on its way would be lost
  say({ closed: true, open }, () => process.disconnect());
}

function left(): string[] {
  const before = [...openBefore];
  return openFiles().filter((file) => {
    const at = before.indexOf(file);
    if (at >= 0) before.splice(at, 1);
    return at < 0;
  });
}

process.on('message', async (order: WriterOrder) => {
  if ('begin' in order) await begin(order.begin.appended, order.begin.popped);
  else {
    isRunning = false;
    await running;
    if ('pause' in order) say({ paused: true });
    else await end();
  }
});
// nobody would end it any more
process.on('disconnect', () => {
  if (!isOver) process.exit(1);
});
say({ ready: true });
