import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { afterTick } from '../../port/timers.js';
import type { SessionWarning } from '../../port/warnings.js';
import { OPERATION_CHANNEL } from '../../store/diagnostics.js';
import { type Contract, contents, message, messages, needing, newId } from '../harness.js';
import type { StoreSubject } from './subject.js';
import { callsOf } from './subject.js';

/** A conversation of `m0`, two rows that are not items, and `m1`. */
async function damaged({ store, insertRaw }: StoreSubject) {
  assert.ok(insertRaw, 'the subject says it has raw access and has no insertRaw()');
  const id = newId();
  const session = store.session(id);
  await session.addItems([message('m0')]);
  await insertRaw(id, 'canary');
  await insertRaw(id, '["canary"]');
  await session.addItems([message('m1')]);
  return session;
}

/** What is done in microtasks is done then. */
function nextTick(): Promise<void> {
  return new Promise(afterTick);
}

/** The warnings about rows while `work` runs. */
async function warningsOf({ store }: StoreSubject, work: () => Promise<unknown>): Promise<SessionWarning[]> {
  const heard: SessionWarning[] = [];
  const listener = (warning: SessionWarning) => void heard.push(warning);
  store.on('warning', listener);
  await work();
  await nextTick();
  store.off('warning', listener);
  return heard.filter(({ code }) => code === 'CORRUPT_ITEM');
}

export const WARNINGS: Contract<StoreSubject> = {
  name: 'warnings',
  cases: needing('raw', [
    {
      name: 'reading tells of every row that is not an item, by the id of the row',
      async run(subject) {
        const session = await damaged(subject);
        const heard = await warningsOf(subject, () => session.getItems());
        assert.equal(heard.length, 2);
        const ids = heard.map(({ rowId }) => rowId);
        assert.ok(ids.every((id) => typeof id === 'string' && id !== ''));
        assert.equal(new Set(ids).size, 2);
      },
    },
    {
      name: 'popping tells of the rows that it removed',
      async run(subject) {
        const session = await damaged(subject);
        await session.popItem();
        const heard = await warningsOf(subject, () => session.popItem());
        assert.equal(heard.length, 2);
        assert.ok(heard.every(({ message }) => message.includes('removed')));
      },
    },
    {
      name: 'a warning shows nothing of what is in the row',
      async run(subject) {
        const session = await damaged(subject);
        const heard = await warningsOf(subject, () => session.getItems());
        assert.notEqual(heard.length, 0);
        assert.ok(!inspect(heard, { depth: 10, showHidden: true }).includes('canary'));
      },
    },
    {
      name: 'a listener that off() took away hears nothing',
      async run(subject) {
        const session = await damaged(subject);
        const heard: unknown[] = [];
        const listener = (warning: unknown) => void heard.push(warning);
        subject.store.on('warning', () => {});
        subject.store.on('warning', listener);
        subject.store.off('warning', listener);
        await session.getItems();
        await nextTick();
        assert.deepEqual(heard, []);
      },
    },
  ]),
};

/** What is published on the channel of operations while `work` runs. */
async function published(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  const listener = (message: unknown) => void heard.push(message as Record<string, unknown>);
  subscribe(OPERATION_CHANNEL, listener);
  try {
    await work();
    await nextTick();
  } finally {
    unsubscribe(OPERATION_CHANNEL, listener);
  }
  return heard;
}

export const DIAGNOSTICS: Contract<StoreSubject> = {
  name: 'diagnostics channel',
  cases: [
    {
      name: 'every call is published once, with its method',
      async run({ store }) {
        const calls = callsOf(store.session(newId()));
        const heard = await published(async () => {
          for (const [, call] of calls) await call();
        });
        assert.deepEqual(
          heard.map(({ operation }) => operation),
          calls.map(([method]) => method),
        );
      },
    },
    {
      name: 'a message has the name of the engine and the time in ms',
      async run({ store }) {
        const heard = await published(() => store.session(newId()).addItems(messages(1)));
        const [{ engine, ms, error } = {}] = heard;
        assert.ok(typeof engine === 'string' && engine !== '');
        assert.ok(typeof ms === 'number' && ms >= 0);
        assert.equal(error, undefined);
      },
    },
    {
      name: 'a failed call is published with the code of its error',
      async run({ store }) {
        const session = store.session(newId());
        const bad = { role: 'user', content: 'x', providerData: { call: () => 1 } } as AgentInputItem;
        const heard = await published(async () => {
          for (const items of [[bad], [5 as unknown as AgentInputItem]])
            await session.addItems(items).catch(() => undefined);
        });
        assert.deepEqual(
          heard.map(({ error }) => error),
          ['UNSUPPORTED_VALUE', 'TypeError'],
        );
      },
    },
    {
      name: 'a message says whether what was to be written is stored',
      async run({ store }) {
        const session = store.session(newId());
        const heard = await published(async () => {
          await session.addItems(messages(1));
          await session.addItems([5 as unknown as AgentInputItem]).catch(() => undefined);
        });
        assert.deepEqual(
          heard.map(({ outcome }) => outcome),
          ['stored', 'unwritten'],
        );
      },
    },
    {
      name: 'messages show no item and no id of a conversation',
      async run({ store }) {
        const session = store.session(newId('canary'));
        const heard = await published(async () => {
          await session.addItems([message('canary')]);
          assert.deepEqual(contents(await session.getItems()), ['canary']);
        });
        assert.equal(heard.length, 2);
        assert.ok(!inspect(heard, { depth: 10, showHidden: true }).includes('canary'));
      },
    },
  ],
};
