import type { PlantedFault } from './fault.js';

const MINE = 'const mine = (one) => one.sessionId === this.sessionId && one.id === id;';
const KNOWN = 'const known = this.#place.operations.find(mine);';
const CONFLICT = 'if (known && known.text !== text)';
const RECORD = 'if (id !== undefined) this.#place.operations.push({ sessionId: this.sessionId, id, text });';
const FORGET =
  'this.#place.operations = this.#place.operations.filter((one) => one.sessionId !== this.sessionId);';
const ITEMS_CHECK = 'if (![...expected, ...added].every(isItem))';
const SUFFIX_CHECK = 'if (found.join() !== expected.map(canonical).join())';
const REPLACE = 'this.#remove(this.#rows());\n          this.#insertNow(texts);';
const APPLY = 'return () => this.#once(operationId, text, work);';

/** A method that does not wait for the calls before it. */
function unordered(method: string, fails: string): PlantedFault {
  return {
    fault: `${method} does not wait for its turn`,
    line: `return this.#perform('${method}', () => {`,
    becomes: `return perform('${method}', { sessionId: this.sessionId, locks: new Map() }, () => {`,
    fails,
  };
}

/** The operations of each connection for itself. */
const OF_ONE_CONNECTION = `const own = (underWay.operations ??= []);
      const known = own.find(mine);
      if (!known) own.push({ sessionId: this.sessionId, id, text });`;

/** Faults of the optional methods of `toy-store.mjs`. */
export const HISTORY_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a method that the SDK does not find',
    line: 'applyHistoryMutations({ mutations }) {',
    becomes: 'applyMutations({ mutations }) {',
    fails: 'the optional methods of the SDK are there where they are promised, and nowhere else',
  },

  {
    fault: 'appended items turned round',
    line: 'const added = appends ? items : replacement;',
    becomes: 'const added = appends ? items.toReversed() : replacement;',
    fails: 'append_items adds items after those that are there',
  },
  {
    fault: 'the old suffix stays',
    line: 'this.#remove(suffix);',
    becomes: '',
    fails: 'replace_suffix replaces the newest items where they are the expected ones',
  },
  {
    fault: 'slice(-0): an empty suffix is everything',
    line: 'const suffix = expected.length === 0 ? [] : this.#rows().slice(-expected.length);',
    becomes: 'const suffix = this.#rows().slice(-expected.length);',
    fails: 'replace_suffix with nothing expected appends',
  },
  {
    fault: 'nothing new, so nothing to do',
    line: 'this.#remove(suffix);',
    becomes: 'if (texts.length > 0) this.#remove(suffix);',
    fails: 'replace_suffix with nothing new removes the newest items',
  },
  {
    fault: 'items compared as they are written',
    line: SUFFIX_CHECK,
    becomes: 'if (JSON.stringify(suffix.map(({ text }) => decodeItem(text))) !== JSON.stringify(expected))',
    fails: 'the order of keys makes no difference to what is expected',
  },
  {
    fault: 'expected items counted only',
    line: SUFFIX_CHECK,
    becomes: 'if (found.length !== expected.length)',
    fails: 'other newest items than the expected ones are refused, and nothing changes',
  },
  {
    fault: 'expected items compared as far as there are any',
    line: SUFFIX_CHECK,
    becomes: 'if (found.join() !== expected.slice(-found.length).map(canonical).join())',
    fails: 'more expected items than there are is refused, and nothing changes',
  },
  {
    fault: 'an operation recorded before it is done',
    line: 'await work();',
    becomes: `${RECORD}\n      await work();`,
    fails: 'a refused operation is not recorded and can be made again',
  },
  {
    fault: 'the latest operation remembered only',
    line: 'if (known) return;',
    becomes: 'if (known && this.#place.operations.at(-1) === known) return;',
    fails: 'repeating an operation does nothing, also when the conversation has moved on',
  },
  {
    fault: 'transactions compared as they are written',
    line: 'text: canonical({ type, expected, added })',
    becomes: 'text: JSON.stringify({ type, expected, added })',
    fails: 'an operation with its keys in another order is a repetition',
  },
  {
    fault: 'whatever has the same id passes for a repetition',
    line: CONFLICT,
    becomes: 'if (known && text === undefined)',
    fails: 'an operation id that was used for another transaction is refused, and nothing changes',
  },
  {
    fault: 'an operation without items is not recorded',
    line: RECORD,
    becomes: `if (text.includes('"added":[]')) return;\n      ${RECORD}`,
    fails: 'an operation that adds nothing is recorded too',
  },
  {
    fault: 'operation ids trimmed',
    line: MINE,
    becomes: MINE.replace('one.id === id', 'one.id?.trim() === id?.trim()'),
    fails: 'operation ids are told apart by every character, spaces included',
  },
  {
    fault: 'operation ids shared by all conversations',
    line: MINE,
    becomes: 'const mine = (one) => one.id === id;',
    fails: 'the operations of two conversations are apart',
  },
  {
    fault: 'clearing keeps the operations',
    line: FORGET,
    becomes: '',
    fails: 'clearing forgets the operations',
  },
  {
    fault: 'popping forgets the operations',
    line: 'this.#remove([row]);',
    becomes: 'this.#remove([row]);\n          this.#place.operations = [];',
    fails: 'popping forgets no operation',
  },
  {
    fault: 'operations looked up before the lock',
    line: APPLY,
    becomes: `const first = this.#place.operations.length === 0;\n        ${APPLY.replace('=> this', '=> first ? work() : this')}`,
    fails: 'one operation by many callers at the same time takes effect once',
  },
  {
    fault: 'items read when their turn comes, not when the call is made',
    line: 'await this.#insert(texts);\n        };',
    becomes: 'await this.#insert(readTransaction(args).texts);\n        };',
    fails: 'what happens to the arguments after the call does not change what is stored',
  },
  {
    fault: 'blank operation ids accepted',
    line: "if (typeof operationId !== 'string' || operationId.trim() === '')\n      throw invalid",
    becomes: "if (typeof operationId !== 'string')\n      throw invalid",
    fails: 'operation ids that are blank or no text are refused',
  },
  {
    fault: 'fields that are not known passed over',
    line: 'const fields = Object.keys(transaction).length;',
    becomes: "const fields = type === 'append_items' ? 2 : 3;",
    fails: 'arguments of another form are refused, and nothing changes',
  },
  {
    fault: 'items not checked',
    line: ITEMS_CHECK,
    becomes: "if (!added.every((item) => typeof item === 'object'))",
    fails: 'items that the SDK does not accept are refused, and nothing changes',
  },
  unordered('applyHistoryTransaction', 'a transaction takes its turn among calls that are not awaited'),
  {
    fault: 'every connection remembers its own operations',
    line: KNOWN,
    becomes: OF_ONE_CONNECTION,
    fails: 'an operation is known to another connection',
  },

  {
    fault: 'later calls with the same id stay',
    line: 'this.#remove(others);',
    becomes: '',
    fails: 'the first call with the id becomes the replacement in its place, and later ones go',
  },
  {
    fault: 'whatever has the id of a call taken for the call',
    line: "item.type === 'function_call' && item.callId === callId",
    becomes: 'item.callId === callId',
    fails: 'other items with the id of the call stay',
  },
  {
    fault: 'a replacement without a call is added',
    line: 'if (!first) continue;',
    becomes: 'if (!first) { this.#insertNow(encodeItems([replacement])); continue; }',
    fails: 'an id that no call has changes nothing',
  },
  {
    fault: 'mutations in the wrong order',
    line: 'of copies) {',
    becomes: 'of copies.toReversed()) {',
    fails: 'mutations take effect one after the other',
  },
  {
    fault: 'an empty list refused',
    line: 'const copies = structuredClone(mutations);',
    becomes:
      "const copies = structuredClone(mutations);\n        if (copies.length === 0) throw new TypeError('nothing to do');",
    fails: 'an empty list of mutations changes nothing',
  },
  {
    fault: 'calls found by their id alone',
    line: 'this.#rows().filter((row) => isCall(decodeItem(row.text)));',
    becomes: 'this.#place.rows.filter((row) => isCall(decodeItem(row.text)));',
    fails: 'calls of other conversations stay',
  },
  {
    fault: 'mutations read when their turn comes, not when the call is made',
    line: 'const copies = structuredClone(mutations);',
    becomes: 'const copies = mutations;',
    fails: 'what happens to the replacement after the call does not change what is stored',
  },
  unordered('applyHistoryMutations', 'mutations take their turn among calls that are not awaited'),

  {
    fault: 'compaction that only appends',
    line: REPLACE,
    becomes: 'this.#insertNow(texts);',
    fails: 'the given items become the whole conversation',
  },
  {
    fault: 'new items in the order of their texts',
    line: REPLACE,
    becomes: 'this.#remove(this.#rows());\n          this.#insertNow(texts.toSorted());',
    fails: 'more items than there were come in their order',
  },
  {
    fault: 'rows that stay keep their place before the new ones',
    line: REPLACE,
    becomes: `this.#remove(this.#rows().filter(({ text }) => !texts.includes(text)));
          this.#insertNow(texts.filter((one) => !this.#rows().some(({ text }) => text === one)));`,
    fails: 'items that stay come after the new ones',
  },
  {
    fault: 'items that are there twice kept once',
    line: REPLACE,
    becomes: 'this.#remove(this.#rows());\n          this.#insertNow([...new Set(texts)]);',
    fails: 'items that stay at the beginning, and items that are there twice, stand where they were put',
  },
  {
    fault: 'nothing to replace, so nothing to do',
    line: REPLACE,
    becomes: `if (this.#rows().length === 0) return;\n          ${REPLACE}`,
    fails: 'an unknown conversation begins with the given items',
  },
  {
    fault: 'positions used again after a compaction',
    line: REPLACE,
    becomes: `${REPLACE}\n          database.lastId -= 2;`,
    fails: 'what is added afterwards comes last',
  },
  {
    fault: 'compaction clears every conversation',
    line: REPLACE,
    becomes: 'this.#place.rows = [];\n          this.#insertNow(texts);',
    fails: 'the conversations of others stay',
  },
  {
    fault: 'items encoded after the old ones are gone',
    line: REPLACE,
    becomes: 'this.#remove(this.#rows());\n          this.#insertNow(encodeItems(items));',
    fails: 'what happens to the compacted items after the call does not change what is stored',
  },
  {
    fault: 'compacted items as plain JSON',
    line: 'const texts = encodeItems(items);\n        return async () => {',
    becomes: 'const texts = items.map((item) => JSON.stringify(item));\n        return async () => {',
    fails: 'an item that is refused leaves the conversation as it was',
  },
  unordered('replaceHistoryWithCompaction', 'it takes its turn among calls that are not awaited'),
  {
    fault: 'compaction in two steps',
    line: 'replaceHistoryWithCompaction(items) {',
    becomes:
      'replaceHistoryWithCompaction(items) {\n      return this.clearSession().then(() => this.addItems(items));',
    fails: 'another connection sees the old conversation or the new one, and nothing between',
  },
];
