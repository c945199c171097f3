import type { PlantedFault } from './fault.js';

const MINE = 'const mine = (one) => one.sessionId === this.sessionId && one.id === id;';
const KNOWN = 'const known = this.#place.operations.find(mine);';
const FORGET =
  'this.#place.operations = this.#place.operations.filter((one) => one.sessionId !== this.sessionId);';
const ADD = 'return () => this.#once(operationId, texts.join(), add);';

/** The operations of each connection for itself. */
const OF_ONE_CONNECTION = `const own = (underWay.operations ??= []);
      const known = own.find(mine);
      if (!known) own.push({ sessionId: this.sessionId, id, text });`;

/** Faults of `addItems` with an operation id in `toy-store.mjs`. */
export const OPERATION_ID_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'operation ids of turns ignored',
    line: ADD,
    becomes: 'return add;',
    fails: 'a repeated turn is stored once, also when the conversation has moved on',
  },
  {
    fault: 'other items under a used id pass for a repetition',
    line: ADD,
    becomes: "return () => this.#once(operationId, '', add);",
    fails: 'other items under a used operation id are refused and not stored',
  },
  {
    fault: 'turns told apart by plain JSON',
    line: ADD,
    becomes: 'return () => this.#once(operationId, JSON.stringify(items), add);',
    fails: 'values that plain JSON loses tell turns apart',
  },
  {
    fault: 'the items taken for an operation id',
    line: ADD,
    becomes: 'return () => this.#once(operationId ?? texts.join(), texts.join(), add);',
    fails: 'equal turns without an operation id are all stored',
  },
  {
    fault: 'equal items taken for the same operation',
    line: ADD,
    becomes: 'return () => this.#once(operationId && texts.join(), texts.join(), add);',
    fails: 'equal turns under operation ids of their own are all stored',
  },
  {
    fault: 'operation ids of turns shared by all conversations',
    line: MINE,
    becomes: 'const mine = (one) => one.id === id;',
    fails: 'one operation id in two conversations is two operations',
  },
  {
    fault: 'clearing keeps the operation ids of turns',
    line: FORGET,
    becomes: '',
    fails: 'clearing forgets the operation ids of turns',
  },
  {
    fault: 'turns looked up before the lock',
    line: ADD,
    becomes: `const first = this.#place.operations.length === 0;\n        ${ADD.replace('=> this', '=> first ? add() : this')}`,
    fails: 'one turn by many callers at the same time is stored once',
  },
  {
    fault: 'every connection remembers its own turns',
    line: KNOWN,
    becomes: OF_ONE_CONNECTION,
    fails: 'a turn that another connection has stored is not stored again',
  },
];
