import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import {
  type Contract,
  contents,
  message,
  messages,
  newId,
  type SessionSource,
  type SessionSubject,
} from '../harness.js';
import { reopened } from './reopened.js';

/** Starts `count` turns of four items at once and checks that each lies whole and in order in the conversation. */
async function turnsStayWhole(sources: readonly SessionSource[], count: number): Promise<void> {
  const id = newId();
  const sessions: Session[] = [];
  for (let turn = 0; turn < count; turn++) {
    sessions.push(await (sources[turn % sources.length] as SessionSource).session(id));
  }
  await Promise.all(sessions.map((session, turn) => session.addItems(messages(4, `${turn}-`))));
  const stored = contents(await (sessions[0] as Session).getItems());
  assert.equal(stored.length, 4 * count);
  const turns = Array.from({ length: count }, (_, turn) => String(stored[4 * turn]).split('-')[0]);
  assert.equal(new Set(turns).size, count, 'a turn is there twice or is missing');
  assert.deepEqual(
    stored,
    turns.flatMap((turn) => contents(messages(4, `${turn}-`))),
  );
}

export const CONCURRENCY: Contract<SessionSubject> = {
  name: 'calls at the same time',
  cases: [
    {
      name: 'calls that are not awaited take effect in the order in which they were made',
      async run(subject) {
        const session = await subject.session(newId());
        const calls = [
          session.addItems(messages(2, 'a')),
          session.getItems(),
          session.addItems(messages(2, 'b')),
          session.popItem(),
          session.getItems(2),
          session.clearSession(),
          session.getItems(),
          session.addItems([message('c')]),
          session.getItems(),
        ];
        const results = await Promise.all(calls);
        assert.deepEqual(results[1], messages(2, 'a'));
        assert.deepEqual(results[3], message('b1'));
        assert.deepEqual(results[4], [message('a1'), message('b0')]);
        assert.deepEqual(results[6], []);
        assert.deepEqual(results[8], [message('c')]);
      },
    },
    {
      name: 'turns that begin a new conversation at the same time all stay whole',
      run: (subject) => turnsStayWhole([subject], 32),
    },
    {
      name: 'turns of two connections stay whole',
      needs: ['reopen'],
      async run(subject) {
        const other = await reopened(subject);
        try {
          await turnsStayWhole([subject, other], 32);
        } finally {
          await other.close?.();
        }
      },
    },
    {
      name: 'appending and popping at the same time loses and doubles nothing',
      async run(subject) {
        const id = newId();
        const session = await subject.session(id);
        await session.addItems(messages(15, 'early-'));
        const popped: unknown[] = [];
        await Promise.all(
          Array.from({ length: 30 }, async (_, turn) => {
            const one = await subject.session(id);
            if (turn % 2 === 0) await one.addItems(messages(2, `${turn}-`));
            else popped.push(...contents([await one.popItem()].filter((item) => item !== undefined)));
          }),
        );
        const left = contents(await session.getItems());
        const late = Array.from({ length: 15 }, (_, turn) => messages(2, `${2 * turn}-`)).flat();
        const all = contents([...messages(15, 'early-'), ...late]);
        assert.deepEqual([...popped, ...left].toSorted(), all.toSorted());
      },
    },
  ],
};

export const DURABILITY: Contract<SessionSubject> = {
  name: 'another connection',
  cases: [
    {
      name: 'what was added is there for another connection',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        const session = await subject.session(id);
        await session.addItems(messages(3));
        const other = await reopened(subject);
        try {
          assert.deepEqual(await (await other.session(id)).getItems(), messages(3));
        } finally {
          await other.close?.();
        }
      },
    },
    {
      name: 'what another connection does is seen at once',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        const session = await subject.session(id);
        await session.addItems(messages(3));
        const other = await reopened(subject);
        try {
          const again = await other.session(id);
          await again.popItem();
          await again.addItems([message('theirs')]);
          assert.deepEqual(contents(await session.getItems()), ['m0', 'm1', 'theirs']);
          await again.clearSession();
          assert.deepEqual(await session.getItems(), []);
        } finally {
          await other.close?.();
        }
      },
    },
  ],
};
