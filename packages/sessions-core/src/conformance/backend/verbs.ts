import assert from 'node:assert/strict';
import type { HistoryPatch, StoredRow } from '../../port/backend.js';
import { type Contract, newId } from '../harness.js';
import { CHANGES } from './changes.js';
import { CONVERSATIONS } from './conversations.js';
import { COPYING } from './copying.js';
import { ERASING } from './erasing.js';
import { HISTORY } from './history.js';
import { LISTING } from './listing.js';
import { METADATA } from './metadata.js';
import { OPERATION_RETENTION } from './operation-retention.js';
import { PRUNING } from './pruning.js';
import { RESTORING } from './restoring.js';
import { RUNS } from './runs.js';
import type { BackendSubject } from './subject.js';
import { USAGE } from './usage.js';

/** Texts as sessions write them: `{"n":"a0"}`, `{"n":"a1"}`, ... */
function texts(count: number, prefix = 'a'): string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify({ n: `${prefix}${index}` }));
}

function names(rows: readonly StoredRow[]): string[] {
  return rows.map(({ text }) => (JSON.parse(text) as { n: string }).n);
}

async function stored({ backend }: BackendSubject, sessionId: string): Promise<string[]> {
  return names(await backend.read(sessionId));
}

async function filled(subject: BackendSubject, count: number): Promise<string> {
  const sessionId = newId();
  await subject.backend.append([{ sessionId, texts: texts(count) }]);
  return sessionId;
}

async function rowsOf({ backend }: BackendSubject, sessionId: string): Promise<readonly StoredRow[]> {
  return backend.read(sessionId);
}

const APPEND: Contract<BackendSubject> = {
  name: 'append',
  cases: [
    {
      name: 'adds batches of several sessions, in order',
      async run(subject) {
        const [one, other] = [newId(), newId()];
        const outcomes = await subject.backend.append([
          { sessionId: one, texts: texts(3, 'a') },
          { sessionId: other, texts: texts(2, 'b') },
          { sessionId: one, texts: texts(2, 'c') },
        ]);
        assert.deepEqual(outcomes, ['stored', 'stored', 'stored']);
        assert.deepEqual(await stored(subject, one), ['a0', 'a1', 'a2', 'c0', 'c1']);
        assert.deepEqual(await stored(subject, other), ['b0', 'b1']);
      },
    },
    {
      name: 'gives every row an id of its own, as text',
      async run(subject) {
        const rows = await rowsOf(subject, await filled(subject, 5));
        assert.equal(new Set(rows.map(({ id }) => id)).size, 5);
        for (const { id } of rows) assert.equal(typeof id, 'string');
      },
    },
    {
      name: 'gives no id again, not even that of a row that was removed',
      async run(subject) {
        const sessionId = await filled(subject, 3);
        const [first, , third] = await rowsOf(subject, sessionId);
        assert.equal((await subject.backend.pop(sessionId))?.id, third?.id);
        await subject.backend.append([{ sessionId, texts: texts(1) }]);
        const popped = (await rowsOf(subject, sessionId)).at(-1);
        assert.notEqual(popped?.id, third?.id);
        await subject.backend.clear(sessionId);
        await subject.backend.append([{ sessionId, texts: texts(1) }]);
        const [row] = await rowsOf(subject, sessionId);
        assert.ok(row && ![first?.id, third?.id, popped?.id].includes(row.id));
      },
    },
    {
      name: 'stores an operation once and tells repetition from conflict',
      needs: ['operations'],
      async run(subject) {
        const sessionId = newId();
        const batch = { sessionId, texts: texts(2), operation: { id: 'o1', digest: 'd1' } };
        const again = { ...batch, texts: texts(2, 'b') };
        assert.deepEqual(await subject.backend.append([batch]), ['stored']);
        assert.deepEqual(await subject.backend.append([again]), ['repeated']);
        const conflict = { ...again, operation: { id: 'o1', digest: 'd2' } };
        const fresh = { ...again, operation: { id: 'o2', digest: 'd1' } };
        assert.deepEqual(await subject.backend.append([conflict, fresh]), ['conflict', 'stored']);
        assert.deepEqual(await stored(subject, sessionId), ['a0', 'a1', 'b0', 'b1']);
      },
    },
    {
      name: 'keeps the operations of two sessions apart',
      needs: ['operations'],
      async run(subject) {
        const operation = { id: 'o1', digest: 'd1' };
        const [one, other] = [newId(), newId()];
        await subject.backend.append([{ sessionId: one, texts: texts(1), operation }]);
        const outcome = await subject.backend.append([{ sessionId: other, texts: texts(1), operation }]);
        assert.deepEqual(outcome, ['stored']);
      },
    },
  ],
};

const READ: Contract<BackendSubject> = {
  name: 'read',
  cases: [
    {
      name: 'gives the newest rows, oldest first',
      async run(subject) {
        const sessionId = await filled(subject, 12);
        assert.deepEqual(names(await subject.backend.read(sessionId, 3)), ['a9', 'a10', 'a11']);
        assert.equal((await subject.backend.read(sessionId, 100)).length, 12);
        assert.deepEqual(await subject.backend.read(newId(), 3), []);
      },
    },
    {
      name: 'pages backwards from a row, which may be gone by then',
      needs: ['edit'],
      async run(subject) {
        const sessionId = await filled(subject, 12);
        const page = await subject.backend.read(sessionId, 5);
        const before = (page[0] as StoredRow).id;
        assert.deepEqual(names(await subject.backend.read(sessionId, 3, before)), ['a4', 'a5', 'a6']);
        await subject.backend.edit(sessionId, 12, () => ({ remove: [before] }));
        assert.deepEqual(names(await subject.backend.read(sessionId, 2, before)), ['a5', 'a6']);
        assert.equal((await subject.backend.read(sessionId, undefined, before)).length, 7);
      },
    },
  ],
};

const POP: Contract<BackendSubject> = {
  name: 'pop',
  cases: [
    {
      name: 'removes and returns the newest row with its id',
      async run(subject) {
        const sessionId = await filled(subject, 11);
        const newest = (await rowsOf(subject, sessionId)).at(-1);
        assert.deepEqual(await subject.backend.pop(sessionId), newest);
        assert.equal((await stored(subject, sessionId)).at(-1), 'a9');
        assert.equal(await subject.backend.pop(newId()), undefined);
      },
    },
    {
      name: 'a pop and an edit at the same time take effect one after the other',
      needs: ['edit'],
      async run(subject) {
        await Promise.all(Array.from({ length: 16 }, (_, round) => popAgainstEdit(subject, round % 2 === 0)));
      },
    },
  ],
};

/** Replaces the newest row, `a1`, while somebody pops: either finds it, and the other finds what that left. */
async function popAgainstEdit(subject: BackendSubject, editFirst: boolean): Promise<void> {
  const { backend } = subject;
  const sessionId = await filled(subject, 2);
  const replace = async () =>
    backend.edit(sessionId, 1, ([row]) =>
      row && names([row])[0] === 'a1' ? { remove: [row.id], append: texts(1, 'b') } : {},
    );
  const pop = async () => backend.pop(sessionId);
  const [popped] = editFirst
    ? (await Promise.all([replace(), pop()])).toReversed()
    : await Promise.all([pop(), replace()]);
  assert.ok(popped && ['a1', 'b0'].includes(String(names([popped])[0])), 'the popped row was not the newest');
  assert.deepEqual(await stored(subject, sessionId), ['a0']);
}

const EDIT: Contract<BackendSubject> = {
  name: 'edit',
  cases: [
    {
      name: 'shows the newest rows, oldest first, and more when asked',
      needs: ['edit'],
      async run(subject) {
        const sessionId = await filled(subject, 12);
        const seen: string[][] = [];
        const told: (number | 'all')[] = [];
        const answers: (HistoryPatch | { need: number | 'all' })[] = [{ need: 3 }, { need: 'all' }, {}];
        await subject.backend.edit(sessionId, 1, (rows, _recorded, asked) => {
          seen.push(names(rows));
          told.push(asked);
          return answers[seen.length - 1] as HistoryPatch;
        });
        assert.deepEqual(seen.slice(0, 2), [['a11'], ['a9', 'a10', 'a11']]);
        assert.equal(seen[2]?.length, 12);
        assert.deepEqual(told, [1, 3, 'all'], 'decide is told how many rows were asked for');
      },
    },
    {
      name: 'removes, updates in place and appends',
      needs: ['edit'],
      async run(subject) {
        const sessionId = await filled(subject, 4);
        await subject.backend.edit(sessionId, 'all', (rows) => ({
          remove: [(rows[0] as StoredRow).id, (rows[3] as StoredRow).id],
          update: [{ id: (rows[1] as StoredRow).id, text: '{"n":"new"}' }],
          append: texts(2, 'b'),
        }));
        assert.deepEqual(await stored(subject, sessionId), ['new', 'a2', 'b0', 'b1']);
      },
    },
    {
      name: 'clears before it appends',
      needs: ['edit'],
      async run(subject) {
        const sessionId = await filled(subject, 4);
        await subject.backend.edit(sessionId, 1, () => ({ clear: true, append: texts(2, 'b') }));
        assert.deepEqual(await stored(subject, sessionId), ['b0', 'b1']);
      },
    },
    {
      name: 'changes nothing of other sessions',
      needs: ['edit'],
      async run(subject) {
        const [one, other] = [await filled(subject, 2), await filled(subject, 2)];
        const foreign = (await rowsOf(subject, other)).map(({ id }) => id);
        await subject.backend.edit(one, 1, () => ({
          remove: foreign,
          update: foreign.map((id) => ({ id, text: '{"n":"stolen"}' })),
        }));
        await subject.backend.edit(one, 1, () => ({ clear: true }));
        assert.deepEqual(await stored(subject, one), []);
        assert.deepEqual(await stored(subject, other), ['a0', 'a1']);
      },
    },
    {
      name: 'makes a session that appends, also if it was not there',
      needs: ['edit'],
      async run(subject) {
        const sessionId = newId();
        await subject.backend.edit(sessionId, 'all', (rows) => ({
          append: rows.length === 0 ? texts(2) : [],
        }));
        assert.deepEqual(await stored(subject, sessionId), ['a0', 'a1']);
        await subject.backend.append([{ sessionId, texts: texts(1, 'b') }]);
        assert.deepEqual(await stored(subject, sessionId), ['a0', 'a1', 'b0']);
      },
    },
    {
      name: 'what decide throws cancels it and reaches the caller unchanged',
      needs: ['edit'],
      async run(subject) {
        const sessionId = await filled(subject, 2);
        const refusal = new RangeError('refused');
        const refuse = () => {
          throw refusal;
        };
        const failed = async (id: string) => subject.backend.edit(id, 1, refuse, { id: 'o1', digest: 'd1' });
        await assert.rejects(failed(sessionId), (error) => error === refusal);
        await assert.rejects(failed(newId()), (error) => error === refusal);
        assert.deepEqual(await stored(subject, sessionId), ['a0', 'a1']);
        await subject.backend.append([{ sessionId, texts: texts(1, 'b') }]);
        assert.deepEqual(await stored(subject, sessionId), ['a0', 'a1', 'b0']);
      },
    },
    {
      name: 'edits of one session do not overlap',
      needs: ['edit'],
      async run(subject) {
        const sessionId = newId();
        const addOne = () =>
          subject.backend.edit(sessionId, 'all', (rows) => ({
            append: [JSON.stringify({ n: `${rows.length}` })],
          }));
        await Promise.all(Array.from({ length: 12 }, async () => addOne()));
        assert.deepEqual(
          await stored(subject, sessionId),
          Array.from({ length: 12 }, (_, index) => `${index}`),
        );
      },
    },
    {
      name: 'records its operation with the patch, shows it later, and not after a refusal',
      needs: ['edit', 'operations'],
      async run(subject) {
        const sessionId = newId();
        const seen: (string | undefined)[] = [];
        const edit = async (digest: string, append: string[]) =>
          subject.backend.edit(
            sessionId,
            1,
            (_rows, recorded) => {
              seen.push(recorded);
              return recorded === undefined ? { append } : {};
            },
            { id: 'o1', digest },
          );
        await assert.rejects(async () =>
          subject.backend.edit(
            sessionId,
            1,
            () => {
              throw new RangeError('refused');
            },
            { id: 'o1', digest: 'd0' },
          ),
        );
        await edit('d1', texts(1));
        await edit('d2', texts(1, 'b'));
        assert.deepEqual(seen, [undefined, 'd1']);
        assert.deepEqual(await stored(subject, sessionId), ['a0']);
      },
    },
    {
      name: 'records an operation that changes nothing',
      needs: ['edit', 'operations'],
      async run(subject) {
        const sessionId = newId();
        const operation = { id: 'o1', digest: 'd1' };
        await subject.backend.edit(sessionId, 1, () => ({}), operation);
        const outcome = await subject.backend.append([{ sessionId, texts: texts(1), operation }]);
        assert.deepEqual(outcome, ['repeated']);
      },
    },
  ],
};

const CLEAR: Contract<BackendSubject> = {
  name: 'clear',
  cases: [
    {
      name: 'forgets the operations of the session',
      needs: ['operations'],
      async run(subject) {
        const sessionId = newId();
        const batch = { sessionId, texts: texts(1), operation: { id: 'o1', digest: 'd1' } };
        await subject.backend.append([batch]);
        await subject.backend.clear(sessionId);
        assert.deepEqual(await subject.backend.append([batch]), ['stored']);
        assert.deepEqual(await stored(subject, sessionId), ['a0']);
      },
    },
  ],
};

/** The contracts of the port's verbs, beyond what the sessions over it show. */
export const BACKEND_CONTRACTS: readonly Contract<BackendSubject>[] = [
  APPEND,
  READ,
  POP,
  EDIT,
  CLEAR,
  OPERATION_RETENTION,
  LISTING,
  CONVERSATIONS,
  HISTORY,
  METADATA,
  COPYING,
  USAGE,
  RUNS,
  ERASING,
  PRUNING,
  RESTORING,
  CHANGES,
];
