import assert from 'node:assert/strict';
import type { HistoryQuery, SessionBackend, TimedRow } from '../../port/backend.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** A database in another time zone is an hour away or more; clocks of two machines are not. */
const TOLERANCE = 15 * 60 * 1000;

async function filled({ backend }: BackendSubject, count: number): Promise<string> {
  const sessionId = newId();
  const texts = Array.from({ length: count }, (_, index) => `{"n":${index}}`);
  // others before, between and behind, as the rows of all sessions are one table
  await backend.append([{ sessionId: `${sessionId}-`, texts: ['{}'] }]);
  await backend.append([{ sessionId, texts: texts.slice(0, count - 2) }]);
  await backend.append([{ sessionId: `${sessionId}-`, texts: ['{}'] }]);
  await backend.append([{ sessionId, texts: texts.slice(count - 2) }]);
  await backend.append([{ sessionId: sessionId.slice(0, -1), texts: ['{}'] }]);
  return sessionId;
}

async function read(
  backend: SessionBackend,
  sessionId: string,
  query: Partial<HistoryQuery> = {},
): Promise<readonly TimedRow[]> {
  assert.ok(backend.history, 'the backend says it tells times and has no "history"');
  return backend.history(sessionId, { limit: 100, oldest: false, ...query });
}

function numbersIn(rows: readonly TimedRow[]): number[] {
  return rows.map(({ text }) => (JSON.parse(text) as { n: number }).n);
}

export const HISTORY: Contract<BackendSubject> = {
  name: 'history',
  cases: needing('history', [
    {
      name: 'history reads the newest rows or the oldest, all or those between two rows',
      async run(subject) {
        const { backend } = subject;
        const sessionId = await filled(subject, 8);
        const rows = await read(backend, sessionId);
        assert.deepEqual(
          rows.map(({ id, text }) => ({ id, text })),
          (await backend.read(sessionId)).map(({ id, text }) => ({ id, text })),
        );
        const [after, before] = [rows[1]?.id, rows[6]?.id];
        const parts: [query: Partial<HistoryQuery>, numbers: number[]][] = [
          [{ limit: 3 }, [5, 6, 7]],
          [{ limit: 3, oldest: true }, [0, 1, 2]],
          [{ before }, [0, 1, 2, 3, 4, 5]],
          [{ after }, [2, 3, 4, 5, 6, 7]],
          [{ before, limit: 2 }, [4, 5]],
          [{ before, limit: 2, oldest: true }, [0, 1]],
          [{ after, limit: 2 }, [6, 7]],
          [{ after, limit: 2, oldest: true }, [2, 3]],
          [{ after, before, limit: 2 }, [4, 5]],
          [{ after, before, limit: 2, oldest: true }, [2, 3]],
        ];
        for (const [query, numbers] of parts)
          assert.deepEqual(numbersIn(await read(backend, sessionId, query)), numbers, JSON.stringify(query));
        assert.deepEqual(await read(backend, newId()), []);
      },
    },
    {
      name: 'history begins at places whose rows are gone',
      async run(subject) {
        const { backend } = subject;
        const sessionId = await filled(subject, 5);
        const rows = await read(backend, sessionId);
        const gone = rows[2] as TimedRow;
        await backend.edit(sessionId, 'all', () => ({ remove: [gone.id] }));
        assert.deepEqual(numbersIn(await read(backend, sessionId, { before: gone.id })), [0, 1]);
        assert.deepEqual(numbersIn(await read(backend, sessionId, { after: gone.id, oldest: true })), [3, 4]);
      },
      needs: ['edit'],
    },
    {
      name: 'history tells when a row was stored, and a changed row keeps its time',
      async run(subject) {
        const { backend } = subject;
        const sessionId = await filled(subject, 4);
        const rows = await read(backend, sessionId);
        for (const { createdAt } of rows) {
          assert.ok(Number.isInteger(createdAt), 'not whole ms');
          assert.ok(Math.abs(createdAt - Date.now()) < TOLERANCE, 'not the time at which it was stored');
        }
        const [first] = rows as [TimedRow];
        await backend.edit(sessionId, 'all', () => ({ update: [{ id: first.id, text: '{"n":9}' }] }));
        assert.deepEqual({ ...(await read(backend, sessionId))[0] }, { ...first, text: '{"n":9}' });
      },
      needs: ['edit'],
    },
    {
      name: 'history refuses what cannot be the id of a row with NOT_FOUND',
      async run(subject) {
        const sessionId = await filled(subject, 3);
        for (const id of ['no id of a row', "1' OR '1'='1"]) {
          for (const query of [{ before: id }, { after: id }])
            await assert.rejects(async () => read(subject.backend, sessionId, query), { code: 'NOT_FOUND' });
        }
      },
    },
  ]),
};
