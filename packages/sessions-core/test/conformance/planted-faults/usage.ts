import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with usage. */
export const USAGE_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'usage of all conversations where that of one was asked for',
    line: '.filter((one) => sessionId === undefined || one.sessionId === sessionId)',
    becomes: '',
    fails: 'what responses used is summed up, and nothing is a sum of zeros',
  },
  {
    fault: 'no sum where there is nothing',
    line: "if (by.length === 0 && groups.size === 0) groups.set('', []);",
    becomes: '',
    fails: 'what responses used is summed up, and nothing is a sum of zeros',
  },
  {
    fault: 'sums that are texts',
    line: 'ones.reduce((sum, one) => sum + one[name], 0)]',
    becomes: 'String(ones.reduce((sum, one) => sum + one[name], 0))]',
    fails: 'what responses used is summed up, and nothing is a sum of zeros',
  },
  {
    fault: 'a response that counts each time',
    line: 'one.sessionId === sessionId && one.key === key',
    becomes: 'false',
    fails:
      'a response that is recorded again adds nothing, also at the same moment; of each number the greater one counts',
  },
  {
    fault: 'a key that is one for all conversations',
    line: 'one.sessionId === sessionId && one.key === key',
    becomes: 'one.key === key',
    fails:
      'a response that is recorded again adds nothing, also at the same moment; of each number the greater one counts',
  },
  {
    fault: 'the number that came last',
    line: 'known[name] = Math.max(known[name], numbers[name]);',
    becomes: 'known[name] = numbers[name];',
    fails:
      'a response that is recorded again adds nothing, also at the same moment; of each number the greater one counts',
  },
  {
    fault: 'models in any case',
    line: 'used.push({ sessionId, key, tenant, turn, model,',
    becomes: 'used.push({ sessionId, key, tenant, turn, model: model.toLowerCase(),',
    fails: 'usage is summed by model, tenant, turn, conversation and all of them, byte for byte',
  },
  {
    fault: 'usage of all tenants',
    line: '.filter((one) => tenant === undefined || one.tenant === tenant)',
    becomes: '',
    fails: 'usage is summed by model, tenant, turn, conversation and all of them, byte for byte',
  },
  {
    fault: 'a time that is not asked for',
    line: '.filter(({ at }) => at >= from && at < to)',
    becomes: '',
    fails: 'usage has the time of its recording, and is summed by days and between times',
  },
  {
    fault: 'usage that is left behind',
    line: 'used = used.filter((one) => !own(one));',
    becomes: '',
    fails: 'usage outlives clear, and goes with remove, which says how many rows',
  },
  {
    fault: 'usage that goes with the items',
    line: 'clear(sessionId) {\n      return locked(() => {',
    becomes:
      'clear(sessionId) {\n      return locked(() => {\n        used = used.filter((one) => one.sessionId !== sessionId);',
    fails: 'usage outlives clear, and goes with remove, which says how many rows',
  },
  {
    fault: 'usage that nobody finds',
    line: '[...rows, ...used, ...runs].map(',
    becomes: 'rows.map(',
    fails: 'usage outlives clear, and goes with remove, which says how many rows',
  },
  {
    fault: 'turns of before',
    line: 'turn: one.turn && String(moved(one.turn))',
    becomes: 'turn: one.turn',
    fails: 'usage goes along with a conversation that is moved, with its turns, and not with a copy',
  },
];

/** Faults of `toy-store.mjs` that have to do with `recordUsage` and `usage`. */
export const STORE_USAGE_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'the responses alone',
    line: 'if (rest > 0) rows.push(',
    becomes: 'if (false) rows.push(',
    fails:
      'recordUsage counts every request of a run once, however often it is called, and of a run that goes on the rest',
  },
  {
    fault: 'a rest that stays as it was',
    line: 'if (known) known.n = Math.max(known.n, row.n);',
    becomes: 'if (known);',
    fails:
      'recordUsage counts every request of a run once, however often it is called, and of a run that goes on the rest',
  },
  {
    fault: 'an id for those that have none',
    line: "id !== undefined && id !== 'FAKE_ID' && isOnly(id)",
    becomes: 'id !== undefined',
    fails: 'responses without ids count once by the operation id, or in this process as what they are',
  },
  {
    fault: 'usage of no turn',
    line: 'const newest = turn ?? this.#turns().at(-1)?.id;',
    becomes: 'const newest = turn;',
    fails: 'usage belongs to the newest turn, or to the one that is named, also when the items are cleared',
  },
  {
    fault: 'a tenant that sees all',
    line: 'sums(database.used.filter(({ sessionId }) => sessionId.startsWith(mark)))',
    becomes: 'sums(database.used)',
    fails: 'a store sums over all its conversations, a tenant over its own',
  },
  {
    fault: 'usage that stays when its conversation goes',
    line: 'database.used = database.used.filter((row) => row.sessionId !== wanted);',
    becomes: '',
    fails: 'usage goes with a conversation that is deleted',
  },
  {
    fault: 'usage beside the transaction',
    line: 'used: [...database.used],',
    becomes: '',
    fails: 'usage rolls back with a transaction of the application',
  },
  {
    fault: 'groups that nobody knows',
    line: 'if (!isRight || !areTimes || Object.keys(unknown).length > 0)',
    becomes: 'if (!areTimes)',
    fails: 'what is no run, no group and no time is a TypeError, and after close() usage is CLOSED',
  },
];
