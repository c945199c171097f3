import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Session } from '@openai/agents-core';
import { SessionStore } from '@stackone/sessions-core';
import { type Awaitable, type SessionBackend, withTimeLimit } from '@stackone/sessions-core/backend';
import {
  backendSuite,
  checkConformance,
  type SessionFeatures,
  type SessionSubject,
  type StoreParts,
  sessionFeatures,
  sessionSuite,
  storeSuite,
} from '@stackone/sessions-core/conformance';
import type { UnderTest } from './conformance.js';
import { oneLine, UsageError } from './usage-error.js';

/** What a module exports: what makes the thing to check, and what it can be asked beyond the duties of all. */
interface TestedModule {
  readonly open: (sessionId: string) => Awaitable<object>;
  readonly supports: SessionFeatures;
}

interface BackendParts {
  readonly backend: SessionBackend;
  close?(): Awaitable<unknown>;
}

/**
 * Loads a module and finds out what it makes: a backend, a store, sessions by their ids, or one session.
 *
 * @param timeLimit - How long its first `open()` may take, in ms.
 * @throws UsageError if it cannot be loaded or makes none of these.
 */
export async function moduleUnderTest(path: string, timeLimit: number): Promise<UnderTest> {
  const tested = await load(path);
  const made = await firstOf(tested, path, timeLimit);
  try {
    return await underTestFor(tested, made, path);
  } finally {
    await closed(made);
  }
}

async function load(path: string): Promise<TestedModule> {
  const file = resolve(path);
  if (!existsSync(file)) throw new UsageError(`There is no file ${path}.`);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${path} cannot be loaded: ${oneLine(error)}`);
  }
  // a CommonJS module may have its exports under `default`
  const inDefault = typeof exported.default === 'object' ? (exported.default as Record<string, unknown>) : {};
  const { open = exported.default, supports = {} } = { ...inDefault, ...exported };
  if (typeof open !== 'function') {
    throw new UsageError(`${path} exports no function open(), and no function as its default.`);
  }
  return { open: open as TestedModule['open'], supports: supports as SessionFeatures };
}

async function firstOf({ open }: TestedModule, path: string, timeLimit: number): Promise<object> {
  try {
    const opening = Promise.resolve(open('conformance-probe'));
    return await withTimeLimit(timeLimit, opening, () => new Error(`not done after ${timeLimit / 1000} s`));
  } catch (error) {
    throw new UsageError(`open() of ${path} failed: ${oneLine(error)}`);
  }
}

async function underTestFor(
  { open, supports }: TestedModule,
  made: object,
  name: string,
): Promise<UnderTest> {
  if (isBackend(partOf(made, 'backend'))) {
    return backend(name, async () => parts(await open('conformance'), 'backend') as BackendParts, made);
  }
  if (isStore(partOf(made, 'store'))) {
    return store(name, async () => parts(await open('conformance'), 'store') as unknown as StoreParts, made);
  }
  if (has(made, 'session')) {
    const session = await (made as SessionSubject).session('conformance-probe');
    const suite = sessionSuite({
      name,
      open: async () => (await open('conformance')) as SessionSubject,
      supports: { ...methodsOf(session), ...detected(made), ...supports },
    });
    const check = (...limits: Limits) => checkConformance(suite, ...limits);
    return { kind: 'sessions by their ids', checks: [check] };
  }
  if (has(made, 'getItems', 'addItems', 'popItem', 'clearSession')) {
    const subject = { session: async (id: string) => (await open(id)) as Session };
    const suite = sessionSuite({
      name,
      open: () => subject,
      supports: { ...methodsOf(made), ...supports },
    });
    return { kind: 'a session', checks: [(...limits: Limits) => checkConformance(suite, ...limits)] };
  }
  throw new UsageError(
    `open() of ${name} makes neither a session (getItems, addItems, popItem, clearSession), nor sessions by their ids ` +
      '(session), nor a store (session, supports, open, close), nor a backend (append, read, pop, clear).',
  );
}

type Limits = [timeLimit: number, aborted: () => Promise<never>];

/** A backend is asked twice: by itself, and through the sessions over it. */
function backend(name: string, open: () => Promise<BackendParts>, made: object): UnderTest {
  const { supports } = partOf(made, 'backend') as SessionBackend;
  const port = backendSuite({ name: `${name}: the port`, open, supports });
  const sessions = sessionSuite({
    name: `${name}: sessions`,
    open: async () => {
      const { backend, close } = await open();
      const over = new SessionStore({ name: 'tested', supports, open: () => backend }).on(
        'warning',
        () => {},
      );
      return {
        session: (id) => over.session(id),
        insertRaw: (sessionId, text) => backend.append([{ sessionId, texts: [text] }]),
        close: async () => {
          await over.close();
          await close?.();
        },
      };
    },
    supports: { ...sessionFeatures(supports), raw: true },
  });
  return {
    kind: 'a SessionBackend, by itself and through sessions',
    checks: [
      (...limits: Limits) => checkConformance(port, ...limits),
      (...limits: Limits) => checkConformance(sessions, ...limits),
    ],
  };
}

function store(name: string, open: () => Promise<StoreParts>, made: object): UnderTest {
  const { supports } = partOf(made, 'store') as StoreParts['store'];
  const suite = storeSuite({
    name,
    open,
    supports: { ...supports, tenants: has(partOf(made, 'store'), 'scoped'), ...detected(made) },
  });
  return {
    kind: 'a SessionStore and its sessions',
    checks: [(...limits: Limits) => checkConformance(suite, ...limits)],
  };
}

/** Which parts the subject has. */
function detected(made: object) {
  return {
    reopen: has(made, 'reopen'),
    raw: has(made, 'insertRaw'),
    outOfReach: has(made, 'outOfReach'),
    inTransaction: has(made, 'inTransaction'),
  };
}

/** Which optional methods a session has. */
function methodsOf(session: object): SessionFeatures {
  return {
    historyTransactions: has(session, 'applyHistoryTransaction'),
    historyMutations: has(session, 'applyHistoryMutations'),
    compaction: has(session, 'replaceHistoryWithCompaction'),
  };
}

function has(value: unknown, ...methods: string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}

const isBackend = (value: unknown) => has(value, 'append', 'read', 'pop', 'clear');
const isStore = (value: unknown) => has(value, 'session', 'open', 'close') && 'supports' in (value as object);

/** `open()` may give the thing itself, or an object that has it with what else the suite can use. */
function partOf(made: object, part: 'backend' | 'store'): unknown {
  return Reflect.get(made, part) ?? made;
}

function parts(made: object, part: 'backend' | 'store'): object {
  return Reflect.get(made, part) === undefined ? { [part]: made } : made;
}

async function closed(made: object): Promise<void> {
  for (const one of [made, Reflect.get(made, 'store'), Reflect.get(made, 'backend')]) {
    if (has(one, 'close')) await (one as { close(): Awaitable<unknown> }).close();
  }
}
