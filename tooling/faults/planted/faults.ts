import { setTimeout as wait } from 'node:timers/promises';
import {
  isSessionError,
  SessionError,
  type SessionStore,
  type StoreSession,
} from '@stackone/openai-agents-js-sessions';

/** What is wrong with a store: one of its sessions, or its end. */
interface Planted {
  readonly session?: (session: StoreSession, id: string) => StoreSession;
  readonly close?: () => Promise<void>;
}

type Append = StoreSession['addItems'];

/** Sessions whose turns are added in another way. */
const appending = (
  append: (session: StoreSession, ...given: Parameters<Append>) => Promise<void>,
): Planted => ({
  session: (session) =>
    changed(session, { addItems: (...given: Parameters<Append>) => append(session, ...given) }),
});

/** A session with other methods; a history transaction is a turn. */
function changed(session: StoreSession, methods: Partial<StoreSession>): StoreSession {
  return {
    getItems: (limit?: number) => session.getItems(limit),
    addItems: (...given: Parameters<Append>) => session.addItems(...given),
    popItem: () => session.popItem(),
    clearSession: () => session.clearSession(),
    ...methods,
  } as StoreSession;
}

const seldom = () => Math.random() < 0.1;

/** By name, what makes a store wrong in one way. */
export const FAULTS: Readonly<Record<string, (parts: { readonly store: SessionStore }) => Planted>> = {
  'the commit is not awaited': () =>
    appending(async (session, ...given) => {
      wait(30)
        .then(() => session.addItems(...given))
        .catch(() => {});
    }),
  'acknowledged before it is written': () => {
    const kept: Promise<void>[] = [];
    let last: (() => Promise<void>) | undefined;
    return appending(async (session, ...given) => {
      const earlier = last;
      last = () => session.addItems(...given);
      if (earlier) kept.push(earlier());
      await Promise.all(kept.splice(0));
    });
  },
  'a lost answer is repeated without the id': () =>
    appending(async (session, items, context) => {
      await session.addItems(items, context);
      if (seldom()) await session.addItems(items, context);
    }),
  'an unknown end is repeated without the id': () =>
    appending(async (session, items, context) => {
      try {
        await session.addItems(items, context);
      } catch (error) {
        if (!isSessionError(error) || error.code !== 'OUTCOME_UNKNOWN') throw error;
        await session.addItems(items, context);
      }
    }),
  'an unknown end is called a failed connection': () =>
    appending(async (session, ...given) => {
      try {
        await session.addItems(...given);
      } catch (error) {
        if (!isSessionError(error) || error.code !== 'OUTCOME_UNKNOWN') throw error;
        throw new SessionError('CONNECTION_FAILED', 'The connection was lost.');
      }
    }),
  'an error after the turn was stored': () =>
    appending(async (session, ...given) => {
      await session.addItems(...given);
      if (seldom()) throw new SessionError('BUSY', 'Somebody else has the lock.');
    }),
  'an error of the driver itself': () =>
    appending(async (session, ...given) => {
      if (seldom()) throw new Error('SQLITE_BUSY: database is locked');
      await session.addItems(...given);
    }),
  'the lock is left out': () =>
    appending(async (session, items) => {
      const before = await session.getItems();
      await wait(5);
      await session.clearSession();
      await session.addItems([...before, ...items]);
    }),
  'a turn in two transactions': () =>
    appending(async (session, items, context) => {
      await session.addItems(items.slice(0, 1), context);
      if (items.length > 1) await session.addItems(items.slice(1), context);
    }),
  'calls overtake each other': () =>
    appending(async (session, ...given) => {
      await wait(Math.random() * 30);
      await session.addItems(...given);
    }),
  'the items of a turn in another order': () =>
    appending((session, items, ...more) => session.addItems(items.toReversed(), ...more)),
  'a pop that reads before it removes': () => ({
    session: (session) =>
      changed(session, {
        popItem: async () => {
          const [newest] = await session.getItems(1);
          await wait(5);
          await session.popItem();
          return newest;
        },
      }),
  }),
  'ids that are cut off': ({ store }) => ({ session: (_session, id) => store.session(id.slice(0, -1)) }),
  'texts that are cut off': () =>
    appending((session, items, ...more) =>
      session.addItems(
        items.map((item) => {
          const { content } = item as { content: string };
          return { ...item, content: content.slice(0, 1000) } as typeof item;
        }),
        ...more,
      ),
    ),
  'a call that does not settle': () =>
    appending((session, ...given) => (seldom() ? new Promise(() => {}) : session.addItems(...given))),
  'an error outside of every call': () =>
    appending(async (session, ...given) => {
      await session.addItems(...given);
      if (seldom()) setImmediate(fail);
    }),
  'a connection that close() leaves open': () => ({ close: async () => {} }),
};

function fail(): void {
  throw new Error('The connection was lost.');
}
