import { basename, dirname, join, resolve } from 'node:path';
import type { SessionStore } from '@stackone/sessions-core';
import {
  digestOf,
  parseStoreUrl,
  type StoreUrl,
  startTimer,
  type Timer,
} from '@stackone/sessions-core/backend';
import { IN_MEMORY, sqliteLocation } from '@stackone/sessions-sqlite';
import { type OpenStoreOptions, openSessionStore } from './open-store.js';

/** One use of a shared store. */
export interface StoreLease {
  readonly store: SessionStore;
  /** Gives the store back. The last lease to be given back ends the store, after `linger` ms. Further calls do nothing. */
  release(): Promise<void>;
}

interface SharedStore {
  readonly opening: Promise<SessionStore>;
  leases: number;
  ending?: Timer;
}

/** One registry a process, also for several copies of this package (ESM beside CommonJS). */
const REGISTRY = Symbol.for('@stackone/openai-agents-js-sessions/shared-stores');
const registry = globalThis as { [REGISTRY]?: Map<string, SharedStore> };

/**
 * The store of a URL, opened once for everybody in the process who asks with the same URL and options.
 *
 * @param linger - How long the store stays open after its last lease ended, in ms. The wait does not hold the
 * process.
 */
export async function leaseStore(
  url: string,
  options: OpenStoreOptions,
  linger: number,
): Promise<StoreLease> {
  const location = normalized(parseStoreUrl(url));
  if (location === undefined) {
    const store = await openSessionStore(url, options);
    return { store, release: () => store.close() };
  }
  registry[REGISTRY] ??= new Map();
  const shared = registry[REGISTRY];
  const { drivers = {}, ...plain } = options;
  const modules = Object.entries(drivers).flatMap(([name, module]) =>
    module === undefined ? [] : [`${name}:${identity(module)}`],
  );
  const key = digestOf([location, fingerprint(plain), ...modules.toSorted()].join('\n'));
  const entry = shared.get(key) ?? { opening: openSessionStore(url, options), leases: 0 };
  shared.set(key, entry);
  entry.ending?.cancel();
  entry.leases++;
  let store: SessionStore;
  try {
    store = await entry.opening;
  } catch (error) {
    if (shared.get(key) === entry) shared.delete(key);
    throw error;
  }
  let released = false;
  return {
    store,
    async release() {
      if (released) return;
      released = true;
      entry.leases--;
      if (entry.leases > 0) return;
      entry.ending = startTimer(linger, () => {
        shared.delete(key);
        void store.close().catch((error: unknown) => process.emitWarning(error as Error));
      }).unref();
    },
  };
}

/** The same text for every way to write one location; `undefined` for a database that nobody else can see. */
function normalized(url: StoreUrl): string | undefined {
  if (url.scheme === 'memory') return undefined;
  const { query } = url; // a copy
  query.sort();
  if (url.scheme === 'sqlite') {
    const location = sqliteLocation(url);
    return location === IN_MEMORY ? undefined : `sqlite:${realPath(resolve(location))}?${query}`;
  }
  return JSON.stringify([url.scheme, url.user, url.password, url.servers, url.database, `${query}`]);
}

/** The file behind links, also if it is yet to be made. */
function realPath(file: string): string {
  const { realpathSync } = process.getBuiltinModule('node:fs');
  try {
    return realpathSync(file);
  } catch {
    try {
      return join(realpathSync(dirname(file)), basename(file));
    } catch {
      return file; // opening it will say what is wrong
    }
  }
}

interface Identities {
  readonly numbers: WeakMap<object, number>;
  last: number;
}

/** One counter a process, as there is one registry: two copies that count apart would give two objects one number. */
const IDENTITIES = Symbol.for('@stackone/openai-agents-js-sessions/identities');
const counter = globalThis as { [IDENTITIES]?: Identities };

/** A text that is the same for equal plain options; functions and other objects count by identity. */
function fingerprint(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' && typeof value !== 'function') return `${typeof value}:${String(value)}`;
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('base64')}`;
  if (Array.isArray(value)) return `[${value.map(fingerprint).join()}]`;
  if (Object.getPrototypeOf(value) === Object.prototype) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${fields
      .map(([name, field]) => `${JSON.stringify(name)}:${JSON.stringify(fingerprint(field))}`)
      .toSorted()
      .join()}}`;
  }
  return `object:${identity(value)}`;
}

function identity(value: object): number {
  counter[IDENTITIES] ??= { numbers: new WeakMap(), last: 0 };
  const identities = counter[IDENTITIES];
  const known = identities.numbers.get(value) ?? ++identities.last;
  identities.numbers.set(value, known);
  return known;
}
