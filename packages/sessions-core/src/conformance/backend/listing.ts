import assert from 'node:assert/strict';
import type { SessionBackend } from '../../port/backend.js';
import { type Contract, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** Ids that collations of people put in another order than bytes do, or take for equal. */
const ENDINGS = [
  'a',
  'A',
  'b',
  'á',
  'ß',
  'ss',
  'z',
  'Z',
  '_',
  '-',
  '%',
  '’',
  "'",
  '😀',
  '\uffee',
  '10',
  '9',
  ' ',
];

/** Makes sessions of one beginning, with ids that are easily mixed up. */
async function makeSessions(backend: SessionBackend): Promise<string[]> {
  const beginning = newId();
  const ids = ENDINGS.map((ending) => `${beginning}${ending}`);
  await backend.append(ids.map((sessionId) => ({ sessionId, texts: ['{}'] })));
  return ids;
}

/** Those of the given sessions that the backend lists, in its order; a page holds 1000. */
async function listed(backend: SessionBackend, made: readonly string[]): Promise<string[]> {
  assert.ok(backend.sessionIds, 'the backend says it can list its sessions and has no sessionIds()');
  const ids: string[] = [];
  for (;;) {
    const page = await backend.sessionIds(ids.at(-1), 1000);
    ids.push(...page);
    assert.equal(new Set(ids).size, ids.length, 'an id came twice');
    if (page.length < 1000) return ids.filter((id) => made.includes(id));
  }
}

export const LISTING: Contract<BackendSubject> = {
  name: 'sessionIds',
  cases: [
    {
      name: 'gives every session once, also those whose ids are similar',
      needs: ['listing'],
      async run({ backend }) {
        const made = await makeSessions(backend);
        assert.deepEqual((await listed(backend, made)).sort(), [...made].sort());
      },
    },
    {
      name: 'a page begins after the given session, and has no more sessions than were asked for',
      needs: ['listing'],
      async run({ backend }) {
        // nobody else's ids stand among ours, as they begin alike
        const ids = await listed(backend, await makeSessions(backend));
        for (let start = 0; start + 5 < ids.length; start++) {
          const page = await backend.sessionIds?.(ids[start], 5);
          assert.deepEqual(page, ids.slice(start + 1, start + 6));
        }
      },
    },
    {
      name: 'a session that was cleared is not listed',
      needs: ['listing'],
      async run({ backend }) {
        const made = await makeSessions(backend);
        const [cleared = '', ...kept] = made;
        await backend.clear(cleared);
        assert.deepEqual((await listed(backend, made)).sort(), kept.sort());
      },
    },
  ],
};
