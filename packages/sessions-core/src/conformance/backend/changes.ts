import assert from 'node:assert/strict';
import type { SessionBackend } from '../../port/backend.js';
import type { SessionChanges } from '../../port/conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** More than others add meanwhile to a database that is shared. */
const MANY = 1_000_000;

async function changes(
  { backend }: BackendSubject,
  after: string | undefined,
  limit = MANY,
): Promise<SessionChanges> {
  assert.ok(backend.conversations?.changes, 'the backend says it tells changes and has no "changes"');
  return backend.conversations.changes(after, limit);
}

async function newestRow(backend: SessionBackend, sessionId: string): Promise<string | undefined> {
  return (await backend.read(sessionId, 1))[0]?.id;
}

/** What is told of a session. */
const told = ({ sessions }: SessionChanges, sessionId: string) =>
  sessions.filter(({ id }) => id === sessionId).map(({ newest }) => newest);

export const CHANGES: Contract<BackendSubject> = {
  name: 'changes',
  cases: needing('watching', [
    {
      name: 'changes tells each session that got rows once, with its newest row',
      async run(subject) {
        const { backend } = subject;
        const [one, other, before] = [newId(), newId(), newId()];
        await backend.append([{ sessionId: before, texts: ['{}'] }]);
        const place = (await newestRow(backend, before)) as string;
        for (const sessionId of [one, other, one]) await backend.append([{ sessionId, texts: ['{}', '{}'] }]);
        const found = await changes(subject, place);
        for (const sessionId of [one, other])
          assert.deepEqual(told(found, sessionId), [await newestRow(backend, sessionId)]);
        assert.deepEqual(told(found, before), []);
        assert.equal(found.isLast, true);
        assert.deepEqual(told(await changes(subject, found.last), one), []);
      },
    },
    {
      name: 'changes goes on from page to page, and says which is the last',
      async run(subject) {
        const { backend } = subject;
        const [one, other] = [newId(), newId()];
        const { last: begin } = await changes(subject, (await changes(subject, undefined)).last);
        for (const sessionId of [one, other, one]) await backend.append([{ sessionId, texts: ['{}', '{}'] }]);
        const newest = new Map<string, string>();
        for (let page = await changes(subject, begin, 2); ; page = await changes(subject, page.last, 2)) {
          for (const { id, newest: row } of page.sessions) newest.set(id, row);
          if (page.isLast) break;
        }
        for (const sessionId of [one, other])
          assert.equal(newest.get(sessionId), await newestRow(backend, sessionId));
      },
    },
    {
      name: 'changes begins where nothing is missed that is added from then on',
      async run(subject) {
        const { backend } = subject;
        const sessionId = newId();
        const { sessions, last } = await changes(subject, undefined);
        assert.deepEqual(sessions, []);
        await backend.append([{ sessionId, texts: ['{}'] }]);
        assert.equal(told(await changes(subject, last), sessionId).length, 1);
      },
    },
    {
      name: 'changes begins behind a row that is gone',
      async run(subject) {
        const { backend } = subject;
        const [gone, sessionId] = [newId(), newId()];
        await backend.append([{ sessionId: gone, texts: ['{}'] }]);
        const place = (await newestRow(backend, gone)) as string;
        await backend.clear(gone);
        await backend.append([{ sessionId, texts: ['{}'] }]);
        assert.equal(told(await changes(subject, place), sessionId).length, 1);
      },
    },
    {
      name: 'changes refuses what cannot be the id of a row with NOT_FOUND',
      async run(subject) {
        for (const id of ['no id of a row', "1' OR '1'='1"])
          await assert.rejects(async () => changes(subject, id), { code: 'NOT_FOUND' });
      },
    },
  ]),
};
