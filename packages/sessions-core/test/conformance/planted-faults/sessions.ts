import type { PlantedFault } from './fault.js';

/** Faults of `toy-store.mjs`. */
export const SESSION_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'A17: order by timestamp',
    line: '.sort((a, b) => a.id - b.id)',
    becomes: '.sort((a, b) => a.time - b.time)',
    fails: 'items come back in the order in which they were added',
  },
  {
    fault: 'ids compared as text: 10 before 9',
    line: '.sort((a, b) => a.id - b.id)',
    becomes: '.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))',
    fails: 'items come back in the order in which they were added',
  },
  {
    fault: 'slice(-0) gives everything',
    line: 'if (limit <= 0) return [];',
    becomes: 'if (limit < 0) return [];\n        if (limit === 0) return items.slice(-0);',
    fails: 'getItems(0) of three items gives 0',
  },
  {
    fault: 'a negative limit as in SQL',
    line: 'if (limit <= 0) return [];',
    becomes: 'if (limit < 0) return items;\n        if (limit <= 0) return [];',
    fails: 'getItems(-1) of three items gives 0',
  },
  {
    fault: 'fractions of a limit are cut off',
    line: 'return items.slice(Math.max(items.length - Math.ceil(limit), 0));',
    becomes: 'return items.slice(Math.max(items.length - Math.floor(limit), 0));',
    fails: 'getItems(1.5) of three items gives 2',
  },
  {
    fault: 'the oldest items instead of the newest',
    line: 'return items.slice(Math.max(items.length - Math.ceil(limit), 0));',
    becomes: 'return items.slice(0, Math.ceil(limit));',
    fails: 'getItems(1) of three items gives 1',
  },
  {
    fault: 'newest first',
    line: 'return items.slice(Math.max(items.length - Math.ceil(limit), 0));',
    becomes: 'return items.slice(Math.max(items.length - Math.ceil(limit), 0)).reverse();',
    fails: 'getItems(2) of three items gives 2',
  },
  {
    fault: 'a limit beyond the end counts from the wrong side',
    line: 'return items.slice(Math.max(items.length - Math.ceil(limit), 0));',
    becomes: 'return items.slice(items.length - Math.ceil(limit));',
    fails: 'getItems(4) of three items gives 3',
  },
  {
    fault: 'items encoded when their turn comes, not when the call is made',
    line: 'const add = () => this.#insert(texts);',
    becomes: 'const add = () => this.#insert(encodeItems(items));',
    fails: 'what happens to the items after the call does not change what is stored',
  },
  {
    fault: 'shared references',
    line: 'return decodeItem(row.text);',
    becomes: 'row.item ??= decodeItem(row.text);\n      return row.item;',
    fails: 'what happens to returned items does not change what is stored',
  },
  {
    fault: 'a refused item leaves the items before it behind',
    line: 'const texts = encodeItems(items);\n        const add',
    becomes:
      'for (const item of items) this.#insertNow(encodeItems([item]));\n        const texts = [];\n        const add',
    fails: 'a batch with an item that is refused stores none of its items',
  },
  {
    fault: 'non-atomic append',
    line: 'addItems(items, _runContext, { operationId } = {}) {',
    becomes:
      'addItems(items, _runContext, { operationId } = {}) {\n      if (items.length > 1) return items.reduce((before, item) => before.then(() => this.addItems([item])), Promise.resolve());',
    fails: 'turns that begin a new conversation at the same time all stay whole',
  },
  {
    fault: 'two connections that lock and number rows each for itself',
    line: 'reopen: () => create(core, database),',
    becomes: 'reopen: () => create(core, { ...database, locks: new Map() }),',
    fails: 'turns of two connections stay whole',
  },
  {
    fault: 'popping beside the lock',
    line: "return this.#perform('popItem', () => async () => {",
    becomes: 'return answer().then(async () => {',
    fails: 'appending and popping at the same time loses and doubles nothing',
  },
  {
    fault: 'equal items are taken for repetitions',
    line: 'for (const text of texts) {',
    becomes:
      'for (const text of texts) {\n          if (this.#rows().some((row) => row.text === text)) continue;',
    fails: 'equal items are all kept',
  },
  {
    fault: 'A14: truncation at 64 KB',
    line: 'for (const text of texts) {',
    becomes: 'for (const text of texts.map((text) => text.slice(0, 65535))) {',
    fails: 'an item of two million characters comes back whole',
  },
  {
    fault: 'a limit on the rows of one statement',
    line: 'const add = () => this.#insert(texts);',
    becomes: 'const add = () => this.#insert(texts.slice(0, 1000));',
    fails: 'one call takes thousands of items',
  },
  {
    fault: 'an empty batch makes a row',
    line: 'const add = () => this.#insert(texts);',
    becomes: "const add = () => this.#insert(texts.length === 0 ? ['{}'] : texts);",
    fails: 'an empty array adds nothing',
  },
  {
    fault: 'keys in alphabetical order, as jsonb has them',
    line: 'return decodeItem(row.text);',
    becomes:
      'const sorted = (v) => v === null || typeof v !== "object" || Object.getPrototypeOf(v) !== Object.prototype ? v : Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])]));\n      return sorted(decodeItem(row.text));',
    fails: 'two reads of the same rows give the same JSON text',
  },
  {
    fault: 'popping the oldest item',
    line: 'const row = this.#rows().at(-1);',
    becomes: 'const row = this.#rows().at(0);',
    fails: 'popping gives the newest item and removes it alone',
  },
  {
    fault: 'A9: lost update of pop',
    line: "return this.#perform('popItem', () => async () => {",
    becomes: 'return Promise.resolve().then(async () => {',
    fails: 'each of many callers at once pops another item',
  },
  {
    fault: 'popping an empty conversation fails',
    line: 'if (!row) return undefined;',
    becomes: "if (!row) throw new Error('empty');",
    fails: 'popping an empty or unknown conversation gives undefined',
  },
  {
    fault: 'the position of a popped item is used again',
    line: 'this.#remove([row]);',
    becomes: 'this.#remove([row]);\n          database.lastId = 0;',
    fails: 'what is added after popping comes last',
  },
  {
    fault: 'an item that cannot be read ends the pop',
    line: 'if (item !== undefined) return item;',
    becomes: 'return item;',
    fails: 'popping removes them on its way and gives the next item',
  },
  {
    fault: 'clearing forgets one item',
    line: 'this.#remove(this.#rows());\n        this.#place.operations',
    becomes: 'this.#remove(this.#rows().slice(1));\n        this.#place.operations',
    fails: 'clearing removes every item',
  },
  {
    fault: 'clearing clears every conversation',
    line: 'this.#remove(this.#rows());\n        this.#place.operations',
    becomes: 'this.#place.rows = [];\n        this.#place.operations',
    fails: 'clearing leaves other conversations alone',
  },
  {
    fault: 'clearing gives the session a new id',
    line: 'this.#remove(this.#rows());\n        this.#place.operations',
    becomes: 'this.sessionId += "-new";\n        this.#remove(this.#rows());\n        this.#place.operations',
    fails: 'a cleared session keeps its id and can be used again',
  },
  {
    fault: 'clearing an unknown conversation fails',
    line: 'this.#remove(this.#rows());\n        this.#place.operations',
    becomes:
      'if (this.#rows().length === 0) throw new Error("unknown");\n        this.#remove(this.#rows());\n        this.#place.operations',
    fails: 'clearing an unknown conversation does nothing',
  },
  {
    fault: 'an unknown conversation fails',
    line: 'if (limit === undefined || Number.isNaN(limit)) return items;',
    becomes:
      'if (this.#rows().length === 0) throw new Error("unknown");\n        if (limit === undefined || Number.isNaN(limit)) return items;',
    fails: 'an unknown conversation is empty',
  },
  {
    fault: 'A1: no getSessionId',
    line: 'async getSessionId() {',
    becomes: 'async sessionIdentifier() {',
    fails: 'getSessionId gives the id, the same for every object',
  },
  {
    fault: 'an id of its own for every object',
    line: 'return this.sessionId;',
    becomes: 'return `${this.sessionId}-${Math.random()}`;',
    fails: 'getSessionId gives the id, the same for every object',
  },
  {
    fault: 'a history of its own for every object',
    line: 'this.sessionId = sessionId;',
    becomes: 'this.sessionId = `${sessionId}${(globalThis.toyObjects = (globalThis.toyObjects ?? 0) + 1)}`;',
    fails: 'two objects of one id show one conversation',
  },
  {
    fault: 'calls in any order',
    line: 'const result = before.then(work);',
    becomes: 'const result = work();',
    fails: 'calls that are not awaited take effect in the order in which they were made',
  },
  {
    fault: 'B19: an unreadable row hides the rest',
    line: 'warn(row, fate);\n      return undefined;',
    becomes: 'throw new Error("not an item");',
    fails: 'reading leaves them out and shows the rest',
  },
  {
    fault: 'reading removes unreadable rows it should keep, and the newest with them',
    line: 'if (limit === undefined || Number.isNaN(limit)) return items;',
    becomes:
      'if (this.#rows().length > items.length) this.#remove([this.#rows().at(-1)]);\n        if (limit === undefined || Number.isNaN(limit)) return items;',
    fails: 'reading leaves them out and shows the rest',
  },
  {
    fault: 'a limit counts rows',
    line: ".map((row) => decoded(row, 'skipped'))",
    becomes: ".slice(limit > 0 ? -Math.ceil(limit) : 0)\n          .map((row) => decoded(row, 'skipped'))",
    fails: 'a limit counts items, not rows',
  },
  {
    fault: 'a connection sees only what was there when it was opened',
    line: 'reopen: () => create(core, database),',
    becomes: 'reopen: () => create(core, { ...database, rows: [...database.rows], locks: new Map() }),',
    fails: 'what another connection does is seen at once',
  },
  {
    fault: 'another connection sees nothing',
    line: 'reopen: () => create(core, database),',
    becomes: 'reopen: () => create(core),',
    fails: 'what was added is there for another connection',
  },
  {
    fault: 'reading gives up after 64 rows that are no items',
    line: ".map((row) => decoded(row, 'skipped'))",
    becomes:
      ".slice(limit > 0 ? -64 - Math.ceil(limit) : 0)\n          .map((row) => decoded(row, 'skipped'))",
    fails: 'a limit reaches over a long run of them',
  },
  {
    fault: 'popping gives up after 32 rows that are no items',
    line: 'for (;;) {',
    becomes: 'for (let tries = 0; tries < 32; tries++) {',
    fails: 'popping a conversation of nothing else gives undefined',
  },
];
