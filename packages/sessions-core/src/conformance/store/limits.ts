import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import type { CallLimits } from '../../port/call-limits.js';
import { isSessionError } from '../../port/errors.js';
import { afterTick } from '../../port/timers.js';
import { type Contract, contents, message, needing, newId } from '../harness.js';
import type { StoreSubject } from './subject.js';

/** The five methods with what ends a call behind the run context. */
interface LimitedSession {
  getItems(limit?: number, runContext?: undefined, options?: CallLimits): Promise<AgentInputItem[]>;
  addItems(items: AgentInputItem[], runContext?: undefined, options?: CallLimits): Promise<void>;
  popItem(runContext?: undefined, options?: CallLimits): Promise<AgentInputItem | undefined>;
  clearSession(runContext?: undefined, options?: CallLimits): Promise<void>;
}

const limited = (session: unknown) => session as LimitedSession;

const ENDED = { name: 'SessionError', code: 'ABORTED', retryable: true };

/** Waits in a way of its own for each number: some turns of the event loop, then milliseconds. */
async function pause(step: number): Promise<void> {
  if (step > 6) return wait(step - 6);
  for (let tick = 0; tick < step; tick++) await new Promise<void>(afterTick);
}

export const CALL_LIMITS: Contract<StoreSubject> = {
  name: 'limits of calls: signal and timeout',
  cases: needing('limits', [
    {
      name: 'a signal that was aborted before lets no call begin',
      async run({ store }) {
        const id = newId();
        const session = limited(store.session(id));
        await session.addItems([message('kept')]);
        const signal = AbortSignal.abort();
        for (const call of [
          () => session.getItems(undefined, undefined, { signal }),
          () => session.addItems([message('late')], undefined, { signal }),
          () => session.popItem(undefined, { signal }),
          () => session.clearSession(undefined, { signal }),
        ])
          await assert.rejects(async () => call(), ENDED);
        assert.deepEqual(contents(await session.getItems()), ['kept']);
      },
    },
    {
      name: 'a call that is ended while it waits for another is ABORTED, and is not made later',
      async run({ store }) {
        const session = limited(store.session(newId()));
        await session.addItems([message('a')]);
        const controller = new AbortController();
        const before = session.popItem();
        const late = session.addItems([message('late')], undefined, { signal: controller.signal });
        controller.abort();
        await assert.rejects(late, ENDED);
        await before;
        await session.addItems([message('b')]);
        assert.deepEqual(contents(await session.getItems()), ['b']);
      },
    },
    {
      name: 'a call that was ABORTED has stored nothing, whenever its signal came',
      async run({ store }) {
        const session = limited(store.session(newId()));
        const stored: string[] = [];
        const unknown: string[] = [];
        for (let step = 0; step < 12; step++) {
          const controller = new AbortController();
          const text = `m${step}`;
          const call = session.addItems([message(text)], undefined, { signal: controller.signal });
          const settled = Promise.allSettled([call]);
          await pause(step);
          controller.abort();
          const [{ status, reason }] = (await settled) as [{ status: string; reason?: unknown }];
          if (status === 'fulfilled') stored.push(text);
          else if (isSessionError(reason) && reason.code === 'OUTCOME_UNKNOWN') unknown.push(text);
          else assert.ok(isSessionError(reason) && reason.code === 'ABORTED', 'it says how it ended');
        }
        const found = contents(await session.getItems());
        assert.deepEqual(
          found.filter((text) => !unknown.includes(text as string)),
          stored,
        );
      },
    },
    {
      name: 'limits of another form are a TypeError, and nothing is stored',
      async run({ store }) {
        const session = limited(store.session(newId()));
        for (const wrong of [{ signal: {} }, { timeout: -1 }, { timeout: 0.5 }])
          await assert.rejects(
            async () => session.addItems([message('late')], undefined, wrong as CallLimits),
            TypeError,
          );
        await session.addItems([message('kept')], undefined, {
          signal: new AbortController().signal,
          timeout: 60_000,
        });
        assert.deepEqual(contents(await session.getItems()), ['kept']);
      },
    },
    {
      name: 'inside a transaction of the application a call whose signal was aborted does nothing',
      needs: ['transactions', 'inTransaction'],
      async run({ store, inTransaction }) {
        const id = newId();
        await store.open();
        const signal = AbortSignal.abort();
        await inTransaction?.(
          (tx) =>
            assert.rejects(
              async () =>
                limited(store.with(tx).session(id)).addItems([message('late')], undefined, { signal }),
              ENDED,
            ),
          'commit',
        );
        assert.deepEqual(await store.session(id).getItems(), []);
      },
    },
    {
      name: 'inside a transaction of the store a call whose signal was aborted does nothing, and the others commit',
      needs: ['ownTransactions'],
      async run({ store }) {
        const id = newId();
        const signal = AbortSignal.abort();
        await store.transaction?.(async (tx) => {
          const session = limited(tx.session(id));
          await session.addItems([message('kept')]);
          await assert.rejects(session.addItems([message('late')], undefined, { signal }), ENDED);
        });
        assert.deepEqual(contents(await store.session(id).getItems()), ['kept']);
      },
    },
  ]),
};
