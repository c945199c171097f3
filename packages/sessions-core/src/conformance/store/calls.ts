import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type {
  AgentInputItem,
  Session,
  SessionHistoryTransaction,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
import type { SessionErrorCode } from '../../port/errors.js';
import { type Contract, contents, message, messages, newId } from '../harness.js';
import type { StoreSubject } from './subject.js';
import { storeOutOfReach } from './subject.js';

const ITEM = message('new');
const APPEND: SessionHistoryTransaction = { type: 'append_items', items: [ITEM] };

/** What a conversation of `old`, with the operation `used`, refuses: in the words of the SDK's `MemorySession` (0.20). */
const REFUSALS: readonly (readonly [
  code: SessionErrorCode,
  words: string,
  operationId: unknown,
  transaction: unknown,
])[] = [
  ['INVALID_TRANSACTION', 'Session history transaction operationId must be a non-empty string.', ' ', APPEND],
  ['INVALID_TRANSACTION', 'Session history transaction must be an object.', 'o1', undefined],
  [
    'INVALID_TRANSACTION',
    'Unsupported session history transaction type.',
    'o1',
    { type: 'prepend', items: [] },
  ],
  [
    'INVALID_TRANSACTION',
    'Session history append transaction fields are invalid.',
    'o1',
    { type: 'append_items' },
  ],
  [
    'INVALID_TRANSACTION',
    'Session history suffix transaction fields are invalid.',
    'o1',
    { type: 'replace_suffix' },
  ],
  [
    'INVALID_TRANSACTION',
    'Session history transaction items contain invalid or unsupported data.',
    'o1',
    { type: 'append_items', items: [{ type: 'unheard-of' }] },
  ],
  [
    'INVALID_TRANSACTION', // items are looked at before the operation is looked up
    'Session history transaction items contain invalid or unsupported data.',
    'used',
    { type: 'append_items', items: [{ type: 'unheard-of' }] },
  ],
  [
    'SUFFIX_MISMATCH',
    'Session history suffix no longer matches the transaction precondition.',
    'o1',
    { type: 'replace_suffix', expectedSuffix: [ITEM], replacement: [] },
  ],
  [
    'OPERATION_CONFLICT',
    'Session history operation was already applied with a different transaction.',
    'used',
    { type: 'append_items', items: [] },
  ],
];

function addOnce(session: Session, content: string, operationId: unknown): Promise<void> {
  const addItems = session.addItems as (...args: unknown[]) => Promise<void>;
  return addItems.call(session, [message(content)], undefined, { operationId });
}

export const STORE_CALLS: Contract<StoreSubject> = {
  name: 'calls on a store',
  cases: [
    {
      name: 'calls of several objects of one id take effect in the order in which they were made',
      async run({ store }) {
        const id = newId();
        const results = await Promise.all([
          store.session(id).addItems(messages(3)),
          store.session(id).popItem(),
          store.session(id).addItems([message('b')]),
          store.session(id).getItems(),
          store.session(id).clearSession(),
          store.session(id).getItems(),
        ]);
        assert.deepEqual(results[1], message('m2'));
        assert.deepEqual(contents(results[3]), ['m0', 'm1', 'b']);
        assert.deepEqual(results[5], []);
      },
    },
    {
      name: 'a call that fails does not hold up the next one',
      needs: ['operations'],
      async run({ store }) {
        const session = store.session(newId());
        await addOnce(session, 'first', 'o1');
        const failing = addOnce(session, 'other', 'o1');
        const next = session.addItems([message('second')]);
        await assert.rejects(failing);
        await next;
        assert.deepEqual(contents(await session.getItems()), ['first', 'second']);
      },
    },
    {
      name: 'a bad id is a TypeError of session() itself',
      run: async ({ store }) => assert.throws(() => store.session('a\0b'), TypeError),
    },
    {
      name: 'mistakes in the arguments are told before the database is needed',
      needs: ['outOfReach'],
      async run(subject) {
        const { store } = await storeOutOfReach(subject);
        const session = store.session(newId());
        await assert.rejects(session.addItems([5 as unknown as AgentInputItem]), TypeError);
        const value = { role: 'user', content: 'x', providerData: { call: () => 1 } } as AgentInputItem;
        await assert.rejects(session.addItems([value]), { code: 'UNSUPPORTED_VALUE' });
        await store.close();
      },
    },
    {
      name: 'history transactions are refused with a SessionError in the words of the SDK, without data',
      needs: ['edit', 'operations'],
      async run({ store }) {
        const session = store.session(newId()) as Session & SessionHistoryTransactionAwareSession;
        await session.addItems([message('old')]);
        await session.applyHistoryTransaction({ operationId: 'used', transaction: APPEND });
        await session.popItem();
        for (const [code, words, operationId, transaction] of REFUSALS) {
          await assert.rejects(
            async () => session.applyHistoryTransaction({ operationId, transaction } as never),
            {
              name: 'SessionError',
              code,
              message: words,
            },
          );
        }
        assert.deepEqual(contents(await session.getItems()), ['old']);
      },
    },
    {
      name: 'a blank operation id is a TypeError, one that was used for other items is OPERATION_CONFLICT',
      needs: ['operations'],
      async run({ store }) {
        const session = store.session(newId());
        for (const id of ['', ' \n', 7, null]) await assert.rejects(addOnce(session, 'x', id), TypeError);
        await addOnce(session, 'x', 'o1');
        await assert.rejects(addOnce(session, 'y', 'o1'), {
          name: 'SessionError',
          code: 'OPERATION_CONFLICT',
        });
        assert.deepEqual(contents(await session.getItems()), ['x']);
      },
    },
    {
      name: 'inspecting a store or a session shows no items',
      async run({ store }) {
        const session = store.session(newId());
        await session.addItems([message('canary')]);
        await session.getItems();
        for (const object of [store, session]) {
          assert.ok(!inspect(object, { depth: 10, showHidden: true }).includes('canary'));
        }
      },
    },
  ],
};
