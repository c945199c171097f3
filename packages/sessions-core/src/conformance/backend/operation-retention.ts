import assert from 'node:assert/strict';
import type { Operation } from '../../port/backend.js';
import { delay, now } from '../../port/timers.js';
import { type Contract, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** In s. It doubles on a machine too slow for the case that comes first. */
const SHORT = 1;

/** In ms. Some databases keep times in whole seconds. */
const longerThan = (seconds: number) => (seconds + 1) * 1000 + 100;

/** What is forgotten of the operations of a session, and when. */
export const OPERATION_RETENTION: Contract<BackendSubject> = {
  name: 'operations that are forgotten',
  cases: [
    {
      name: 'recording an operation forgets the older ones of its session, if it says so',
      needs: ['operations'],
      async run({ backend }) {
        const add = async (id: string, operation: Operation) =>
          (await backend.append([{ sessionId: id, texts: ['{"n":"1"}'], operation }]))[0];
        for (let seconds = SHORT; ; seconds *= 2) {
          const [sessionId, other] = [newId(), newId()];
          await add(sessionId, { id: 'old', digest: 'd' });
          await add(other, { id: 'old', digest: 'd' });
          await delay(longerThan(seconds));
          const begun = now();
          await add(sessionId, { id: 'young', digest: 'd' });
          await add(sessionId, { id: 'patient', digest: 'd', forgetOlderThan: 60 * seconds });
          const patient = await add(sessionId, { id: 'old', digest: 'd' });
          await add(sessionId, { id: 'strict', digest: 'd', forgetOlderThan: seconds });
          // where this took longer, "young" may be too old as well
          if (now() - begun > seconds * 1000) continue;
          assert.equal(patient, 'repeated');
          assert.equal(await add(sessionId, { id: 'young', digest: 'd' }), 'repeated');
          assert.equal(await add(sessionId, { id: 'old', digest: 'd' }), 'stored');
          assert.equal(await add(other, { id: 'old', digest: 'd' }), 'repeated');
          return;
        }
      },
    },
    {
      name: 'an operation that is repeated late is not forgotten by its own repetition',
      needs: ['operations'],
      async run({ backend }) {
        const sessionId = newId();
        const operation = { id: 'old', digest: 'd', forgetOlderThan: SHORT };
        const add = async () => backend.append([{ sessionId, texts: ['{"n":"1"}'], operation }]);
        assert.deepEqual(await add(), ['stored']);
        await delay(longerThan(SHORT));
        assert.deepEqual(await add(), ['repeated']);
        assert.deepEqual(await add(), ['repeated']);
      },
    },
  ],
};
