import {
  Agent,
  type OpenAIResponsesCompactionAwareSession,
  type Session,
  setTracingDisabled,
  Usage,
} from '@openai/agents-core';
import {
  atomicCompaction,
  copyStore,
  durableCall,
  EncryptedSession,
  exportSessions,
  importSessions,
  MemorySessionStore,
  recordDigest,
  type SessionStore,
  type StoreSession,
} from '@stackone/openai-agents-js-sessions';

/** Every text that may not be shown, by what it is. */
export const SECRET = {
  session: 'chat canary-of-a-session',
  other: 'chat canary-of-another-session',
  tenant: 'canary-of-a-tenant',
  item: 'canary-of-an-item',
  title: 'canary-of-a-title',
  metadata: 'canary-of-metadata',
  operation: 'canary-of-an-operation',
  model: 'canary-of-a-model',
  password: 'canary-of-a-password',
  key: 'canary-of-a-key',
  otherKey: 'canary-of-another-key',
} as const;

/** What ends a call early. */
export interface Limits {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

/** What the calls are made on. */
export interface Subject {
  readonly store: SessionStore;
  readonly session: StoreSession;
  readonly limits: Limits;
}

const user = (content: string) => ({ role: 'user', content }) as const;
const CALL = {
  type: 'function_call',
  callId: SECRET.item,
  name: SECRET.item,
  arguments: SECRET.item,
} as const;
const TURN = [user(SECRET.item), { ...CALL, status: 'completed' } as const];
const AGENT = new Agent({
  name: 'A',
  model: {
    getResponse: async () => ({
      usage: new Usage(),
      output: [
        {
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: SECRET.item }],
        },
      ],
    }),
    getStreamedResponse: () => {
      throw new Error('not asked for');
    },
  },
});
const used = { requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 };
const RESULT = {
  rawResponses: [{ usage: used, output: [], responseId: SECRET.operation }],
  state: { usage: used },
} as never;
const RECORD = {
  id: SECRET.other,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  title: SECRET.title,
  metadata: { [SECRET.metadata]: SECRET.metadata },
  version: 1,
  items: [{ item: user(SECRET.item), createdAt: new Date(0) }],
};

/** As the SDK's class compacts: it reads, clears and adds what is left. */
const compacting = (session: Session): OpenAIResponsesCompactionAwareSession => ({
  getSessionId: () => session.getSessionId(),
  getItems: (limit) => session.getItems(limit),
  addItems: (items) => session.addItems(items),
  popItem: () => session.popItem(),
  clearSession: () => session.clearSession(),
  async runCompaction() {
    await session.getItems();
    await session.clearSession();
    await session.addItems([user(SECRET.item)]);
    return null;
  },
});

async function all(values: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
  let left = 3;
  for await (const _ of values) if (--left === 0) return;
}

const soon = () => AbortSignal.timeout(20);

// the SDK's own traces go to OpenAI
setTracingDisabled(true);

/** Every call of a session, by its method. */
export const SESSION_CALLS: Readonly<Record<string, (subject: Subject) => unknown>> = {
  getSessionId: ({ session }) => session.getSessionId(),
  addItems: ({ session, limits }) =>
    session.addItems([...TURN], undefined, { operationId: SECRET.operation, ...limits }),
  getItems: ({ session, limits }) => session.getItems(undefined, undefined, limits),
  history: ({ session, limits }) => session.history({ pending: true, ...limits }),
  turns: ({ session, limits }) => session.turns(limits),
  items: ({ session }) => all(session.items()),
  watch: ({ session }) => all(session.watch({ signal: soon() })),
  applyHistoryTransaction: ({ session }) =>
    session.applyHistoryTransaction({
      operationId: SECRET.operation,
      transaction: {
        type: 'replace_suffix',
        expectedSuffix: [user(SECRET.item)],
        replacement: [user(SECRET.item)],
      },
    }),
  applyHistoryMutations: ({ session }) =>
    session.applyHistoryMutations({
      mutations: [{ type: 'replace_function_call', callId: SECRET.item, replacement: CALL }],
    }),
  replaceHistoryWithCompaction: ({ session }) => session.replaceHistoryWithCompaction([user(SECRET.item)]),
  replaceBeginning: ({ session, limits }) =>
    session.replaceBeginning([user(SECRET.item)], [user(SECRET.item)], undefined, limits),
  replaceItem: ({ session, limits }) => session.replaceItem('1', user(SECRET.item), undefined, limits),
  replaceTurn: ({ session, limits }) =>
    session.replaceTurn(
      { id: '1', items: [{ id: '1', item: user(SECRET.item), createdAt: new Date(0) }] },
      [user(SECRET.item)],
      undefined,
      limits,
    ),
  removeItem: ({ session, limits }) => session.removeItem('1', undefined, limits),
  rewind: ({ session, limits }) => session.rewind('1', undefined, limits),
  recordUsage: ({ session, limits }) =>
    session.recordUsage(RESULT, { model: SECRET.model, operationId: SECRET.operation, ...limits }),
  usage: ({ session }) => session.usage({ by: 'model' }),
  popItem: ({ session, limits }) => session.popItem(undefined, limits),
  clearSession: ({ session, limits }) => session.clearSession(undefined, limits),
};

/** Every call of a store, its conversations and runs, and of the functions that take stores. */
export const STORE_CALLS: Readonly<Record<string, (subject: Subject) => unknown>> = {
  'store.open': ({ store }) => store.open(),
  // longer than what a file has room for in advance, where a disk is full; the others give some of that back
  'a long item': ({ store, limits }) =>
    store.session(SECRET.other).addItems([user(SECRET.item.repeat(20_000))], undefined, limits),
  'store.health': ({ store }) => store.health(),
  'store.session': ({ store }) =>
    store.session(SECRET.other, { tenant: () => SECRET.tenant }).addItems([user(SECRET.item)]),
  'store.scoped': ({ store }) =>
    store
      .scoped(SECRET.tenant)
      .session(SECRET.session)
      .addItems([user(SECRET.item)]),
  'store.with': ({ store }) =>
    store
      .with({ [SECRET.item]: SECRET.item })
      .session(SECRET.session)
      .addItems([user(SECRET.item)]),
  'store.transaction': ({ store }) =>
    store.transaction(async (tx) => {
      await tx.session(SECRET.session).addItems([user(SECRET.item)]);
    }),
  'store.usage': ({ store }) => store.usage({ by: ['session', 'tenant', 'model'] }),
  'store.watch': ({ store }) => all(store.watch({ signal: soon() })),
  'store.prune': ({ store }) => store.prune({ keep: { items: 1 } }),
  'store.reencrypt': ({ store }) => store.reencrypt(),
  'sessions.list': ({ store }) => store.sessions.list({ idPrefix: SECRET.session }),
  'sessions.list, metadata': ({ store }) =>
    store.sessions.list({ metadata: { [SECRET.metadata]: SECRET.metadata } }),
  'sessions.count': ({ store }) => store.sessions.count({ idPrefix: SECRET.session }),
  'sessions.retrieve': ({ store }) => store.sessions.retrieve(SECRET.session),
  'sessions.update': ({ store }) =>
    store.sessions.update(SECRET.session, {
      title: SECRET.title,
      metadata: { [SECRET.metadata]: SECRET.metadata },
    }),
  'sessions.update, version': ({ store }) =>
    store.sessions.update(SECRET.session, { title: SECRET.title }, { ifVersion: 99 }),
  'sessions.fork': ({ store }) => store.sessions.fork(SECRET.session, SECRET.other),
  'sessions.rename': ({ store }) => store.sessions.rename(SECRET.session, SECRET.other),
  'sessions.delete': ({ store }) => store.sessions.delete(SECRET.other, { refuseFor: 1000 }),
  'sessions.delete, many': ({ store }) => store.sessions.delete({ ids: [SECRET.other] }),
  'runs.start': ({ store, session }) =>
    store.runs.start(AGENT, SECRET.item, { session, runId: 'run', lease: 200 }),
  'runs.resume': ({ store }) =>
    store.runs.resume(AGENT, 'run', { lease: 200, signal: AbortSignal.timeout(500) }),
  'runs.retrieve': ({ store }) => store.runs.retrieve('run'),
  'runs.pending': ({ store }) => store.runs.pending({ sessionId: SECRET.session }),
  'runs.decide': ({ store }) =>
    store.runs.decide('run', [{ callId: SECRET.item, approve: false, reason: SECRET.item, by: SECRET.item }]),
  'runs.cancel': ({ store }) => store.runs.cancel('run'),
  'runs.work': ({ store }) => store.runs.work({ agents: [AGENT], signal: soon() }),
  exportSessions: ({ store }) => all(exportSessions(store)),
  importSessions: ({ store }) => importSessions(store, [RECORD]),
  copyStore: ({ store }) => copyStore(store, new MemorySessionStore()),
  recordDigest: () => recordDigest({ ...RECORD, items: [{ item: () => SECRET.item } as never] }),
  atomicCompaction: ({ session }) => atomicCompaction(session, compacting).runCompaction(),
  durableCall: () => durableCall({ [SECRET.item]: SECRET.item }),
  EncryptedSession: ({ session }) =>
    new EncryptedSession({ session, key: SECRET.key }).addItems([user(SECRET.item)]),
  'EncryptedSession, another key': ({ session }) =>
    new EncryptedSession({ session, key: SECRET.otherKey }).getItems(),
  'an item that cannot be kept': ({ session }) =>
    session.addItems([{ ...user(SECRET.item), providerData: { x: () => SECRET.item } }]),
  'an operation id for something else': ({ session }) =>
    session.addItems([user(`another ${SECRET.item}`)], undefined, { operationId: SECRET.operation }),
  'an invalid id': ({ store }) => store.session(`\0${SECRET.session}`),
  'an invalid tenant': ({ store }) => store.scoped(`\0${SECRET.tenant}`),
};
