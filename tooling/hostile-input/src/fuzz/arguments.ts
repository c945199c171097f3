import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent, Usage } from '@openai/agents-core';
import {
  exportSessions,
  importSessions,
  isSessionError,
  MysqlSessionStore,
  PostgresSessionStore,
  parseStoreUrl,
  parseTenantSessionId,
  recordDigest,
  type ScopedStore,
  type SessionStore,
  SqliteSessionStore,
  type StoreSession,
  tenantSessionId,
} from '@stackone/openai-agents-js-sessions';
import fc from 'fast-check';
import { attempt } from './promises.ts';
import type { Stage } from './stage.ts';
import { hostileText } from './texts.ts';
import { anyArgument, type Hostile, hostile } from './values.ts';

/** What a call is made on: a conversation with two turns, of a tenant of its own. */
interface Subject {
  readonly store: ScopedStore<object>;
  readonly session: StoreSession;
  readonly whole: SessionStore;
  /** The id of its first item. */
  readonly first: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what is handed over is of no type at all
type Call = (subject: Subject, x: any) => unknown;

const TURN = [{ role: 'user' as const, content: 'hello' }];
/** Answers without a model. */
const AGENT = new Agent({
  name: 'nobody',
  model: {
    getResponse: async () => ({ usage: new Usage(), output: [] }),
    getStreamedResponse: () => assert.fail('is not asked for'),
  },
});
/** What a record may be that came as a text. */
function asJson(x: unknown) {
  try {
    return JSON.parse(JSON.stringify(x));
  } catch {
    return {};
  }
}
const ended = () => AbortSignal.abort();
const usage = { requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 };
const result = () => ({ rawResponses: [{ usage, output: [], responseId: randomUUID() }], state: { usage } });

/** Calls with a place for anything. What is an option is drawn for each of these names. */
const CALLS: Readonly<Record<string, Call>> = {
  'store.session': ({ store }, x) => store.session(x),
  'store.session, options': ({ store }, x) => store.session('a', x),
  'store.session, window': ({ store }, x) => store.session('a', { window: x }).getItems(),
  'store.session, window of': ({ store }, x) =>
    store.session('a', { window: { items: x, turns: x, toolOutputs: x } }),
  'store.session, tenant': ({ whole }, x) => whole.session('a', { tenant: () => x }).getItems(),
  'store.scoped': ({ whole }, x) => whole.scoped(x),
  'store.with': ({ whole }, x) => whole.with(x).session('a').getItems(),
  'store.health': ({ whole }, x) => whole.health(x),
  'store.health, timeout': ({ whole }, x) => whole.health({ timeout: x }),
  'store.usage': ({ store }, x) => store.usage(x),
  'store.usage of': ({ store }, x) => store.usage({ by: x, from: x, to: x }),
  'store.watch': ({ store }, x) => store.watch({ signal: ended(), after: x, interval: x }).next(),
  'store.prune': ({ store }, x) => store.prune({ keep: x }),
  'store.prune, items': ({ store }, x) => store.prune({ keep: { items: x }, batchSize: x }),
  'store.prune, olderThan': ({ store }, x) => store.prune({ olderThan: x }),
  'sessions.list': ({ store }, x) => store.sessions.list(x),
  'sessions.list, after': ({ store }, x) => store.sessions.list({ after: x }),
  'sessions.list, filter': ({ store }, x) => store.sessions.list({ idPrefix: x, limit: x, by: x, order: x }),
  'sessions.list, metadata': ({ store }, x) => store.sessions.list({ metadata: x }),
  'sessions.count': ({ store }, x) => store.sessions.count({ changedAfter: x }),
  'sessions.retrieve': ({ store }, x) => store.sessions.retrieve(x),
  'sessions.update': ({ store }, x) => store.sessions.update(x, {}),
  'sessions.update, change': ({ store }, x) => store.sessions.update('a', x),
  'sessions.update, title': ({ store }, x) => store.sessions.update('a', { title: x }),
  'sessions.update, metadata': ({ store }, x) => store.sessions.update('a', { metadata: x }),
  'sessions.update, options': ({ store }, x) => store.sessions.update('a', {}, x),
  'sessions.update, ifVersion': ({ store }, x) => store.sessions.update('a', {}, { ifVersion: x }),
  'sessions.rename': ({ store }, x) => store.sessions.rename(x, 'b'),
  'sessions.rename to': ({ store }, x) => store.sessions.rename('a', x),
  'sessions.fork': ({ store }, x) => store.sessions.fork('a', x),
  'sessions.fork, upTo': ({ store }, x) => store.sessions.fork('a', 'b', { upTo: x }),
  'sessions.delete': ({ store }, x) => store.sessions.delete(x),
  'sessions.delete, ids': ({ store }, x) => store.sessions.delete({ ids: x }),
  'sessions.delete, refuseFor': ({ store }, x) => store.sessions.delete('b', x),
  'runs.start': ({ store, session }, x) => store.runs.start(AGENT, x, { session, runId: x, lease: x }),
  'runs.start, agent': ({ store, session }, x) => store.runs.start(x, 'hello', { session }),
  'runs.start, options': ({ store }, x) => store.runs.start(AGENT, 'hello', x),
  'runs.resume': ({ store }, x) => store.runs.resume(AGENT, x),
  'runs.retrieve': ({ store }, x) => store.runs.retrieve(x),
  'runs.pending': ({ store }, x) => store.runs.pending(x),
  'runs.pending, options': ({ store }, x) => store.runs.pending({ after: x, limit: x }),
  'runs.decide': ({ store }, x) => store.runs.decide(x, [{ callId: 'c', approve: true }]),
  'runs.decide, decisions': ({ store }, x) => store.runs.decide('a', x),
  'runs.decide, decision': ({ store }, x) => store.runs.decide('a', [{ callId: x, approve: x, reason: x }]),
  'runs.cancel': ({ store }, x) => store.runs.cancel(x),
  getItems: ({ session }, x) => session.getItems(x),
  'getItems, context': ({ session }, x) => session.getItems(1, x),
  'getItems, options': ({ session }, x) => session.getItems(1, undefined, x),
  'getItems, limits': ({ session }, x) => session.getItems(1, undefined, { signal: x, timeout: x }),
  addItems: ({ session }, x) => session.addItems(x),
  'addItems, options': ({ session }, x) => session.addItems(TURN, undefined, x),
  'addItems, operationId': ({ session }, x) => session.addItems(TURN, undefined, { operationId: x }),
  'addItems, timeout': ({ session }, x) => session.addItems(TURN, undefined, { timeout: x }),
  popItem: ({ session }, x) => session.popItem(x, x),
  clearSession: ({ session }, x) => session.clearSession(x, x),
  applyHistoryTransaction: ({ session }, x) => session.applyHistoryTransaction(x),
  'applyHistoryTransaction of': ({ session }, x) =>
    session.applyHistoryTransaction({ operationId: 'o', transaction: x }),
  'applyHistoryTransaction, suffix': ({ session }, x) =>
    session.applyHistoryTransaction({
      operationId: x,
      transaction: { type: 'replace_suffix', expectedSuffix: x, replacement: x },
    }),
  applyHistoryMutations: ({ session }, x) => session.applyHistoryMutations(x),
  'applyHistoryMutations of': ({ session }, x) => session.applyHistoryMutations({ mutations: x }),
  'applyHistoryMutations with': ({ session }, x) =>
    session.applyHistoryMutations({
      mutations: [{ type: 'replace_function_call', callId: x, replacement: x }],
    }),
  replaceHistoryWithCompaction: ({ session }, x) => session.replaceHistoryWithCompaction(x),
  history: ({ session }, x) => session.history(x),
  'history before': ({ session }, x) => session.history({ before: x }),
  'history after': ({ session }, x) => session.history({ after: x, limit: x, pending: x }),
  turns: ({ session }, x) => session.turns({ before: x, limit: x }),
  watch: ({ session }, x) => session.watch({ signal: ended(), after: x }).next(),
  rewind: ({ session }, x) => session.rewind(x),
  replaceTurn: ({ session }, x) => session.replaceTurn(x, TURN),
  'replaceTurn by': async ({ session, first }, x) => {
    const { data } = await session.turns();
    return session.replaceTurn(data.find(({ id }) => id === first) ?? x, x);
  },
  removeItem: ({ session }, x) => session.removeItem(x),
  replaceItem: ({ session }, x) => session.replaceItem(x, TURN[0] as never),
  'replaceItem by': ({ session, first }, x) => session.replaceItem(first, x),
  replaceBeginning: ({ session }, x) => session.replaceBeginning(x, TURN),
  'replaceBeginning by': ({ session }, x) => session.replaceBeginning(TURN, x),
  recordUsage: ({ session }, x) => session.recordUsage(x),
  'recordUsage, response': ({ session }, x) =>
    session.recordUsage({ ...result(), rawResponses: [x] } as never),
  'recordUsage, counts': ({ session }, x) => session.recordUsage({ rawResponses: [], state: { usage: x } }),
  'recordUsage, options': ({ session }, x) =>
    session.recordUsage(result() as never, { model: x, turn: x, operationId: x }),
  'recordUsage, turn': ({ session }, x) => session.recordUsage(result() as never, { turn: x }),
  usage: ({ session }, x) => session.usage(x),
  'usage, by': ({ session }, x) => session.usage({ by: x }),
  exportSessions: ({ whole }, x) => exportSessions(whole, { ids: [x], tenant: x }).next(),
  'exportSessions, options': ({ whole }, x) => exportSessions(whole, { ids: x }).next(),
  importSessions: ({ whole }, x) => importSessions(whole, [asJson(x)]),
  tenantSessionId: (_, x) => tenantSessionId(x, x),
  parseTenantSessionId: (_, x) => typeof x === 'string' && parseTenantSessionId(x),
  parseStoreUrl: (_, x) => parseStoreUrl(x),
  'SqliteSessionStore.fromDatabase': (_, x) => SqliteSessionStore.fromDatabase(x),
  'SqliteSessionStore.fromDrizzle': (_, x) => SqliteSessionStore.fromDrizzle(x),
  'PostgresSessionStore.fromPool': (_, x) => PostgresSessionStore.fromPool(x),
  'PostgresSessionStore.fromDrizzle': (_, x) => PostgresSessionStore.fromDrizzle(x),
  'MysqlSessionStore.fromPool': (_, x) => MysqlSessionStore.fromPool(x),
  'MysqlSessionStore.fromDrizzle': (_, x) => MysqlSessionStore.fromDrizzle(x),
  recordDigest: (_, x) => recordDigest(x),
  isSessionError: (_, x) => isSessionError(x),
};

/** Options of an odd form around a value: with a key that is inherited, unknown, or of all objects. */
const wrapped: fc.Arbitrary<Hostile> = fc.oneof(
  { weight: 4, arbitrary: anyArgument },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.oneof(
          fc.constantFrom('limit', 'timeout', 'signal', 'after', 'id', 'items', 'tenant'),
          hostileText,
        ),
        anyArgument,
      )
      .map(([key, value]) =>
        hostile({
          ...value,
          says: `{ ${key}: ${value.says} }`,
          make: () => Object.fromEntries([[key, value.make()]]),
        }),
      ),
  },
  {
    weight: 1,
    arbitrary: anyArgument.map((value) =>
      hostile({ ...value, says: `[${value.says}]`, make: () => [value.make()] }),
    ),
  },
);

interface Drawn {
  readonly calls: readonly { readonly name: string; readonly value: Hostile }[];
}

/** Whatever stands in the place of an argument: the call is answered, or refused with a typed error. */
export const callArguments = {
  arbitrary: fc.record({
    calls: fc.array(fc.record({ name: fc.constantFrom(...Object.keys(CALLS)), value: wrapped }), {
      minLength: 3,
      maxLength: 6,
    }),
  }) as fc.Arbitrary<Drawn>,

  async play({ store }: Stage, { calls }: Drawn): Promise<void> {
    const tenant = `${randomUUID()}`;
    const scoped = store.scoped(tenant);
    const session = scoped.session('a');
    for (const { name, value } of calls) {
      await session.clearSession();
      await session.addItems(TURN);
      await session.addItems(TURN);
      const { data } = await session.history();
      const subject: Subject = { store: scoped, whole: store, session, first: data[0]?.id ?? '' };
      await attempt(`${name}(${value.says})`, () => (CALLS[name] as Call)(subject, value.make()), MORE);
    }
    for (const one of [scoped, store.scoped('tenant')])
      for await (const { id } of one.sessions.list())
        if (!id.startsWith('bystander')) await one.sessions.delete(id);
  },
};

const MORE = [
  'ABORTED',
  'NOT_OPEN',
  'RUN_FAILED',
  'RUN_LOST',
  'TENANT_MISSING',
  'TRANSACTION_OPEN',
  'SESSION_ERASED',
] as const;
