import assert from 'node:assert/strict';
import { type Contract, newId, type SessionSubject } from '../harness.js';

/** The method that makes each optional capability, as the SDK looks for it. */
const METHODS = {
  historyTransactions: 'applyHistoryTransaction',
  historyMutations: 'applyHistoryMutations',
  compaction: 'replaceHistoryWithCompaction',
} as const;

export const CAPABILITIES: Contract<SessionSubject> = {
  name: 'optional methods',
  cases: [
    {
      // the SDK's runner calls what it finds, so a method that was not mentioned here is used without being tested
      name: 'the optional methods of the SDK are there where they are promised, and nowhere else',
      async run(subject, supports) {
        const session = await subject.session(newId());
        for (const [feature, method] of Object.entries(METHODS)) {
          const has = typeof Reflect.get(session, method) === 'function';
          assert.equal(has, supports[feature] === true, `${method}: supports.${feature} says otherwise`);
        }
      },
    },
  ],
};
