import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Session } from '@openai/agents-core';
import { SessionStore } from '@stackone/sessions-core';
import type { Awaitable, SessionBackend } from '@stackone/sessions-core/backend';
import { type OpenStoreOptions, openSessionStore } from '../open-store.js';

/** What is tortured, opened. */
export interface Target {
  session(id: string): Awaitable<Session>;
  /** Whether it keeps the promises of our stores: errors with codes, operation ids, calls in the order in which they were made. */
  readonly isStore: boolean;
  close(): Awaitable<unknown>;
}

/** Whether it is a URL, and not the path of a module. */
export const isUrl = (target: string) => /^[a-z][a-z\d+.-]+:/i.test(target);

/** How it is opened. */
export interface OpenOptions {
  /** Of the store, where the target is a URL. */
  readonly store?: OpenStoreOptions | undefined;
  /** What a module is told to open. */
  readonly url?: string | undefined;
}

/**
 * Opens the store of a URL, or what a module makes: a store, a backend, sessions by their ids, or one session for each id.
 *
 * @throws TypeError if a module makes none of these; whatever opening throws.
 */
export async function openTarget(target: string, { store = {}, url }: OpenOptions): Promise<Target> {
  if (isUrl(target)) return ofStore(await openSessionStore(target, store));
  const exported = (await import(pathToFileURL(resolve(target)).href)) as Record<string, unknown>;
  const inDefault = typeof exported.default === 'object' ? exported.default : {};
  const { open = exported.default } = { ...inDefault, ...exported } as { open?: unknown };
  if (typeof open !== 'function') {
    throw new TypeError(`${target} exports no function open(), and no function as its default.`);
  }
  return await ofModule(target, (id) => open(id, url));
}

async function ofModule(name: string, open: (id: string) => Awaitable<object>): Promise<Target> {
  const made = await open('torture-probe');
  const [backend, store] = ['backend', 'store'].map((part) => Reflect.get(made, part) ?? made);
  if (has(backend, 'append', 'read', 'pop', 'clear')) {
    const { supports } = backend as SessionBackend;
    const over = new SessionStore({ name: 'tortured', supports, open: () => backend as SessionBackend });
    return { ...ofStore(over), close: async () => [await over.close(), await closed(made)] };
  }
  if (has(store, 'session', 'open', 'close') && 'supports' in store) return ofStore(store as SessionStore);
  const close = () => closed(made);
  if (has(made, 'session'))
    return { session: (id) => Reflect.get(made, 'session').call(made, id), isStore: false, close };
  if (has(made, 'getItems', 'addItems', 'popItem', 'clearSession')) {
    return { session: async (id) => (await open(id)) as Session, isStore: false, close };
  }
  throw new TypeError(
    `open() of ${name} makes neither a session, nor sessions by their ids, nor a store, nor a backend.`,
  );
}

function ofStore(store: SessionStore): Target {
  store.on('warning', () => {});
  return { session: (id) => store.session(id), isStore: true, close: () => store.close() };
}

const closed = async (made: object) => {
  if (has(made, 'close')) await Reflect.get(made, 'close').call(made);
};

function has(value: unknown, ...methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}
