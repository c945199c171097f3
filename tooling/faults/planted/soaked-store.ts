import { openSync } from 'node:fs';
import type { SessionStore, StoreSession } from '@stackone/openai-agents-js-sessions';
import pg from 'pg';

/** What a store that is wrong does for a turn, after a call that succeeded, and after one that failed. */
interface Plant {
  readonly add?: (session: StoreSession, ...turn: Parameters<StoreSession['addItems']>) => Promise<void>;
  readonly done?: (signal: AbortSignal | undefined) => void;
  readonly failed?: (url: string) => Promise<unknown>;
}

/** Of what is kept in memory: a conversation with a file in it. In bytes. */
const KEPT = 500_000;

const calls = new Map<number, number[]>();
const buffers: Uint8Array[] = [];

let turns = 0;

/** Whether this turn is one of those that are wrong: counted, as chance may leave a short soak without any. */
const isNth = (nth: number) => ++turns % nth === 0;

/** By name, what is not given back. */
export const LEAKS: Readonly<Record<string, Plant>> = {
  'a listener of a signal': { done: (signal) => signal?.addEventListener('abort', () => calls.clear()) },
  'a map of all calls': {
    done: () => void calls.set(calls.size, new Array(KEPT / 8).fill(0)),
  },
  'a buffer': { done: () => void buffers.push(new Uint8Array(KEPT).fill(1)) },
  'a timer': { done: () => void setTimeout(() => {}, 3_600_000) },
  'a file': { done: () => void openSync(import.meta.filename, 'r') },
  'a connection, after an error': {
    // so that there are some
    add: (session, items, context, limits) =>
      session.addItems(items, context, { ...limits, ...(isNth(5) && { signal: AbortSignal.abort() }) }),
    async failed(url) {
      // a store would end one that is idle
      await new pg.Client(url).connect();
    },
  },
};

/** By name, what is wrong with turns or calls. */
export const WRONGS: Readonly<Record<string, Plant>> = {
  'turns that are lost': {
    add: async (session, ...turn) => {
      if (!isNth(3)) await session.addItems(...turn);
    },
  },
  'turns that are stored twice': {
    add: async (session, items, ...more) => {
      await session.addItems(items, ...more);
      if (isNth(3)) await session.addItems(items);
    },
  },
  'an error outside of every call': {
    done: () =>
      void setTimeout(() => {
        throw new Error('nobody waits for this');
      }),
  },
};

/** Makes a store wrong with the calls of its sessions. */
export function plantIn(store: SessionStore, name: string, url: string): void {
  const plant = { ...LEAKS, ...WRONGS }[name];
  if (!plant) throw new Error(`Nothing is called "${name}".`);
  const session = store.session.bind(store) as (...given: unknown[]) => StoreSession;
  const planted = async <T>(call: Promise<T>, signal: AbortSignal | undefined) => {
    try {
      const value = await call;
      plant.done?.(signal);
      return value;
    } catch (error) {
      await plant.failed?.(url);
      throw error;
    }
  };
  const open = (...given: unknown[]) => {
    const one = session(...given);
    const getItems = one.getItems.bind(one);
    const addItems = one.addItems.bind(one);
    const add = plant.add?.bind(undefined, { addItems } as StoreSession) ?? addItems;
    one.getItems = (...asked) => planted(getItems(...asked), asked[2]?.signal);
    one.addItems = (...turn) => planted(add(...turn), turn[2]?.signal);
    return one;
  };
  Object.assign(store, { session: open });
}
