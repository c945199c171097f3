import assert from 'node:assert/strict';
import type { RunContext, Session } from '@openai/agents-core';
import { type Contract, contents, message, messages, needing, newId } from '../harness.js';
import type { ConformingStore, StoreSubject } from './subject.js';
import { failsWith } from './subject.js';

/** A session that asks for its tenant, with the run context where the SDK's runner puts it. */
interface AskingSession extends Session {
  readonly acceptsRunContext?: boolean;
  getItems(limit?: number, runContext?: unknown): ReturnType<Session['getItems']>;
  addItems(items: Parameters<Session['addItems']>[0], runContext?: unknown): Promise<void>;
  popItem(runContext?: unknown): ReturnType<Session['popItem']>;
  clearSession(runContext?: unknown): Promise<void>;
}

const tenantOf = ({ context }: RunContext<unknown>) => (context as { tenant: string }).tenant;

/** The context of a run of this tenant. */
const as = (tenant: unknown) => ({ context: { tenant } });

function asking(store: ConformingStore, sessionId: string): AskingSession {
  return store.session(sessionId, { tenant: tenantOf }) as AskingSession;
}

function ofTenant(store: ConformingStore, tenant: string, id: string): Session {
  assert.ok(store.scoped, 'the subject says it has tenants and its store has no scoped()');
  return store.scoped(tenant).session(id);
}

export const TENANTS: Contract<StoreSubject> = {
  name: 'tenants',
  cases: needing('tenants', [
    {
      name: 'one id of two tenants, and of none, is three conversations',
      async run({ store }) {
        const id = newId();
        const sessions = [ofTenant(store, 'acme', id), ofTenant(store, 'Acme', id), store.session(id)];
        for (const [index, session] of sessions.entries()) await session.addItems([message(`${index}`)]);
        await sessions[1]?.clearSession();
        const left = [];
        for (const session of sessions) left.push(contents(await session.getItems()));
        assert.deepEqual(left, [['0'], [], ['2']]);
      },
    },
    {
      name: 'tenants and ids are told apart wherever the one ends and the other begins',
      async run({ store }) {
        const id = newId('').slice(1);
        const pairs = [
          ['a', `b:${id}`],
          ['a:b', id],
          ['a:b:', id],
          ['a%3Ab', id],
          ['a', `b%3A${id}`],
          ['a ', `b:${id}`],
        ] as const;
        for (const [tenant, sessionId] of pairs) {
          await ofTenant(store, tenant, sessionId).addItems([message(`${tenant} ${sessionId}`)]);
        }
        for (const [tenant, sessionId] of pairs) {
          const items = await ofTenant(store, tenant, sessionId).getItems();
          assert.deepEqual(contents(items), [`${tenant} ${sessionId}`]);
        }
      },
    },
    {
      name: "a session that asks for its tenant opens the conversation of the run's tenant",
      async run({ store }) {
        const id = newId();
        const session = asking(store, id);
        await session.addItems(messages(2), as('acme'));
        await session.addItems([message('other')], as('globex'));
        assert.deepEqual(contents(await session.getItems(undefined, as('acme'))), ['m0', 'm1']);
        assert.deepEqual(await session.popItem(as('globex')), message('other'));
        assert.deepEqual(await ofTenant(store, 'acme', id).getItems(), messages(2));
        await session.clearSession(as('acme'));
        assert.deepEqual(await ofTenant(store, 'acme', id).getItems(), []);
        assert.equal(await session.getSessionId(), id);
      },
    },
    {
      name: 'without a tenant every call fails with TENANT_MISSING, and nothing is written',
      async run({ store }) {
        const id = newId();
        const session = asking(store, id);
        for (const context of [undefined, as(undefined), as(''), as(' '), as(7)]) {
          await failsWith('TENANT_MISSING', () => session.getItems(undefined, context));
          await failsWith('TENANT_MISSING', () => session.addItems(messages(1), context));
          await failsWith('TENANT_MISSING', () => session.popItem(context));
          await failsWith('TENANT_MISSING', () => session.clearSession(context));
        }
        assert.deepEqual(await store.session(id).getItems(), []);
      },
    },
    {
      name: 'a session that asks for its tenant accepts run contexts, and no other session does',
      async run({ store }) {
        const accepts = (session: Session) => (session as AskingSession).acceptsRunContext === true;
        assert.equal(accepts(asking(store, newId())), true);
        assert.equal(accepts(store.session(newId())), false);
        assert.equal(accepts(ofTenant(store, 'acme', newId())), false);
      },
    },
    {
      name: 'a tenant that is blank is a TypeError of scoped()',
      async run({ store }) {
        for (const tenant of ['', ' ', undefined, 7] as string[]) {
          assert.throws(() => ofTenant(store, tenant, newId()), TypeError);
        }
      },
    },
    {
      name: "an id that begins like the stored ids of tenants' conversations is a TypeError",
      run: async ({ store }) => assert.throws(() => store.session('$tenant:acme:chat_123'), TypeError),
    },
  ]),
};
