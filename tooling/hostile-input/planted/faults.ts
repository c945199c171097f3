import { types } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore, StoreSession } from '@stackone/openai-agents-js-sessions';
import type { Plant } from '../src/fuzz/stage.ts';
import type { Database } from '../src/world.ts';

/** A fault, and what the fuzzer says about it. */
interface Planted {
  readonly plant: Plant;
  readonly found: RegExp;
}

type Methods<T> = { [Name in keyof T]?: T[Name] };

/** The same object with other methods. */
function withOther<T extends object>(object: T, methods: Methods<T>): T {
  return new Proxy(object, {
    get(target, key) {
      if (Object.hasOwn(methods, key)) return methods[key as keyof T];
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const withSessions = (
  store: SessionStore,
  change: (session: StoreSession) => Methods<StoreSession>,
): SessionStore =>
  withOther(store, {
    session: ((id: string, options?: object) => {
      const session = store.session(id, options);
      return withOther(session, change(session));
    }) as SessionStore['session'],
  });

const withIds = (store: SessionStore, idOf: (id: string) => string): SessionStore =>
  withOther(store, {
    session: ((id: string, options?: object) => store.session(idOf(id), options)) as SessionStore['session'],
  });

/** What somebody writes who merges by hand. */
function merge(into: Record<string, unknown>, from: object): void {
  for (const [key, value] of Object.entries(from)) {
    const there = into[key];
    if (typeof value === 'object' && value !== null && typeof there === 'object' && there !== null)
      merge(there as Record<string, unknown>, value);
    else into[key] = value;
  }
}

const withUpdate = (store: SessionStore, before: (metadata: object) => void): SessionStore =>
  withOther(store, {
    sessions: withOther(store.sessions, {
      update: (id, change, options) => {
        before(change.metadata ?? {});
        return store.sessions.update(id, change, options);
      },
    }),
  } as Methods<SessionStore>);

/** Faults of the kinds that the fuzzer is for. Each breaks one promise. */
export const FAULTS: Readonly<Record<string, Planted>> = {
  'an id that is put into a statement': {
    plant: (store, { database }) =>
      withSessions(store, (session) => ({
        clearSession: async () => {
          await (database as Database).run(
            `DELETE FROM agent_messages WHERE session_id = '${session.sessionId}'`,
          );
          await session.clearSession();
        },
      })),
    found: /SqliteError|of others/,
  },
  'ids that are the same in another case': {
    plant: (store) => withIds(store, (id) => (/^[\w-]{36}$|bystander/.test(id) ? id : id.toLowerCase())),
    found: /what is in/,
  },
  'ids without the spaces at their ends': {
    plant: (store) => withIds(store, (id) => (typeof id === 'string' ? id.trimEnd() || id : id)),
    found: /what is in/,
  },
  'an array without its holes': {
    plant: (store) =>
      withSessions(store, (session) => ({
        addItems: (items, ...more) => session.addItems(withoutHoles(items) as AgentInputItem[], ...more),
      })),
    found: /accepted what cannot be kept/,
  },
  'JSON instead of the item': {
    plant: (store) =>
      withSessions(store, (session) => ({
        addItems: async (items, ...more) => session.addItems(JSON.parse(JSON.stringify(items)), ...more),
      })),
    found: /accepted what cannot be kept|read back|was not refused|shows what/,
  },
  'metadata that are merged by hand': {
    plant: (store) => withUpdate(store, (metadata) => merge({}, metadata)),
    found: /of the prototypes/,
  },
  'a refusal that has stored something': {
    plant: (store) =>
      withSessions(store, (session) => ({
        addItems: async (items, context, options) => {
          await session.addItems(items, context, options).catch(async (error) => {
            await session.addItems([{ role: 'user', content: 'half' }]);
            throw error;
          });
        },
      })),
    found: /after a refusal/,
  },
  'a turn that is stored twice': {
    plant: (store) =>
      withSessions(store, (session) => ({
        addItems: async (items) => {
          await session.addItems(items);
          await session.addItems(items);
        },
      })),
    found: /read back|what is in/,
  },
  'a prefix that is a pattern': {
    plant: (store, { database }) =>
      withOther(store, {
        sessions: withOther(store.sessions, {
          list: ((options: { idPrefix?: string }) =>
            options?.idPrefix === undefined
              ? store.sessions.list(options)
              : listed(
                  database as Database,
                  options.idPrefix,
                )) as unknown as SessionStore['sessions']['list'],
        }),
      } as Methods<SessionStore>),
    found: /the conversations that begin with/,
  },
  'what an accessor throws, handed on': {
    plant: (store) =>
      withSessions(store, (session) => ({
        addItems: async (items, context, options) => {
          for (const item of items) JSON.stringify(structuredClone(item));
          await session.addItems(items, context, options);
        },
      })),
    found: /was not refused|shows what/,
  },
  'a rejection that nobody handles': {
    plant: (store) =>
      withSessions(store, (session) => ({
        addItems: (items, context, options) => {
          const call = session.addItems(items, context, options);
          void call.then(() => undefined);
          return call;
        },
      })),
    found: /nobody handles/,
  },
};

async function* listed(database: Database, prefix: string) {
  const rows = await database.run('SELECT session_id AS id FROM agent_sessions WHERE session_id LIKE ?', [
    `${prefix}%`,
  ]);
  yield* rows.filter(({ id }) => !String(id).startsWith('$tenant:'));
}

function withoutHoles(value: unknown): unknown {
  if (types.isProxy(value)) return value; // may throw whatever it is asked
  if (
    Array.isArray(value) &&
    Object.getPrototypeOf(value) === Array.prototype &&
    value.length > 0 &&
    Object.keys(value).length === 0
  )
    return [];
  if (Array.isArray(value)) return value.map(withoutHoles);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  try {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutHoles(inner)]));
  } catch {
    return value;
  }
}
