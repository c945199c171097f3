import assert from 'node:assert/strict';
import type { Operation } from '../../port/backend.js';
import { delay } from '../../port/timers.js';
import { type Contract, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** In ms. Some databases keep times in whole seconds. */
const LONGER_THAN_A_SECOND = 2100;

/** What is forgotten of the operations of a session, and when. */
export const OPERATION_RETENTION: Contract<BackendSubject> = {
  name: 'operations that are forgotten',
  cases: [
    {
      name: 'recording an operation forgets the older ones of its session, if it says so',
      needs: ['operations'],
      async run({ backend }) {
        const [sessionId, other] = [newId(), newId()];
        const add = async (id: string, operation: Operation) =>
          (await backend.append([{ sessionId: id, texts: ['{"n":"1"}'], operation }]))[0];
        await add(sessionId, { id: 'old', digest: 'd' });
        await add(other, { id: 'old', digest: 'd' });
        await delay(LONGER_THAN_A_SECOND);
        await add(sessionId, { id: 'young', digest: 'd' });
        await add(sessionId, { id: 'patient', digest: 'd', forgetOlderThan: 60 });
        assert.equal(await add(sessionId, { id: 'old', digest: 'd' }), 'repeated');
        await add(sessionId, { id: 'strict', digest: 'd', forgetOlderThan: 1 });
        assert.equal(await add(sessionId, { id: 'young', digest: 'd' }), 'repeated');
        assert.equal(await add(sessionId, { id: 'old', digest: 'd' }), 'stored');
        assert.equal(await add(other, { id: 'old', digest: 'd' }), 'repeated');
      },
    },
    {
      name: 'an operation that is repeated late is not forgotten by its own repetition',
      needs: ['operations'],
      async run({ backend }) {
        const sessionId = newId();
        const operation = { id: 'old', digest: 'd', forgetOlderThan: 1 };
        const add = async () => backend.append([{ sessionId, texts: ['{"n":"1"}'], operation }]);
        assert.deepEqual(await add(), ['stored']);
        await delay(LONGER_THAN_A_SECOND);
        assert.deepEqual(await add(), ['repeated']);
        assert.deepEqual(await add(), ['repeated']);
      },
    },
  ],
};
