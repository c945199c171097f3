/** One line of a right implementation, what a mistake makes of it, and the case that must notice. */
export interface PlantedFault {
  readonly fault: string;
  readonly line: string;
  readonly becomes: string;
  readonly fails: string;
}

/** Faults of `toy-store.mjs`. */
export const SESSION_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'A17: order by timestamp',
    line: '.sort((a, b) => a.id - b.id);',
    becomes: '.sort((a, b) => a.time - b.time);',
    fails: 'items come back in the order in which they were added',
  },
  {
    fault: 'ids compared as text: 10 before 9',
    line: '.sort((a, b) => a.id - b.id);',
    becomes: '.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));',
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
    line: 'return locked(this.sessionId, () => insert(this.sessionId, texts));',
    becomes: 'return locked(this.sessionId, () => insert(this.sessionId, encodeItems(items)));',
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
    line: 'texts = encodeItems(items);',
    becomes: 'for (const item of items) insert(this.sessionId, encodeItems([item]));\n        texts = [];',
    fails: 'a batch with an item that is refused stores none of its items',
  },
  {
    fault: 'non-atomic append',
    line: 'return locked(this.sessionId, () => insert(this.sessionId, texts));',
    becomes:
      'return texts.reduce((before, text) => before.then(() => locked(this.sessionId, () => insert(this.sessionId, [text]))), Promise.resolve());',
    fails: 'turns that begin a new conversation at the same time all stay whole',
  },
  {
    fault: 'two connections with a lock each',
    line: 'reopen: () => ({ session }),',
    becomes:
      'reopen: () => ({ session: (id) => Object.assign(session(id), { addItems: (items) => encodeItems(items).reduce((before, text) => before.then(() => insert(id, [text])), Promise.resolve()) }) }),',
    fails: 'turns of two connections stay whole',
  },
  {
    fault: 'popping beside the lock',
    line: 'return locked(this.sessionId, async () => {\n        for (;;) {',
    becomes: 'return answer().then(async () => {\n        for (;;) {',
    fails: 'appending and popping at the same time loses and doubles nothing',
  },
  {
    fault: 'equal items are taken for repetitions',
    line: 'for (const text of texts) {',
    becomes:
      'for (const text of texts) {\n          if (rows.some((row) => row.sessionId === this.sessionId && row.text === text)) continue;',
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
    line: 'texts = encodeItems(items);',
    becomes: 'texts = encodeItems(items).slice(0, 1000);',
    fails: 'one call takes thousands of items',
  },
  {
    fault: 'an empty batch makes a row',
    line: 'texts = encodeItems(items);',
    becomes: "texts = items.length === 0 ? ['{}'] : encodeItems(items);",
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
    fault: 'A10: plain JSON instead of the codec',
    line: 'texts = encodeItems(items);',
    becomes: 'texts = (encodeItems(items), items.map((item) => JSON.stringify(item)));',
    fails: 'Uint8Array: comes back exactly',
  },
  {
    fault: 'NUL characters stripped',
    line: 'texts = encodeItems(items);',
    becomes: "texts = encodeItems(items).map((text) => text.replaceAll('\\\\u0000', ''));",
    fails: 'a NUL character: comes back exactly',
  },
  {
    fault: 'lone surrogates replaced',
    line: 'texts = encodeItems(items);',
    becomes: "texts = encodeItems(items).map((text) => text.replace(/\\\\ud[89a-f][0-9a-f]{2}/g, '\ufffd'));",
    fails: 'lone surrogates: comes back exactly',
  },
  {
    fault: 'popping the oldest item',
    line: 'const row = ofSession(this.sessionId).at(-1);',
    becomes: 'const row = ofSession(this.sessionId).at(0);',
    fails: 'popping gives the newest item and removes it alone',
  },
  {
    fault: 'A9: lost update of pop',
    line: 'return locked(this.sessionId, async () => {\n        for (;;) {',
    becomes: 'return Promise.resolve().then(async () => {\n        for (;;) {',
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
    line: 'rows.splice(rows.indexOf(row), 1);\n          const item',
    becomes: 'rows.splice(rows.indexOf(row), 1);\n          lastId = 0;\n          const item',
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
    line: 'for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);',
    becomes: 'for (const row of ofSession(this.sessionId).slice(1)) rows.splice(rows.indexOf(row), 1);',
    fails: 'clearing removes every item',
  },
  {
    fault: 'clearing clears every conversation',
    line: 'for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);',
    becomes: 'rows.length = 0;',
    fails: 'clearing leaves other conversations alone',
  },
  {
    fault: 'clearing gives the session a new id',
    line: 'for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);',
    becomes:
      'for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);\n        this.sessionId += "-new";',
    fails: 'a cleared session keeps its id and can be used again',
  },
  {
    fault: 'clearing an unknown conversation fails',
    line: 'for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);',
    becomes:
      'if (ofSession(this.sessionId).length === 0) throw new Error("unknown");\n        for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);',
    fails: 'clearing an unknown conversation does nothing',
  },
  {
    fault: 'an unknown conversation fails',
    line: 'if (limit === undefined || Number.isNaN(limit)) return items;',
    becomes:
      'if (!rows.some((row) => row.sessionId === this.sessionId)) throw new Error("unknown");\n        if (limit === undefined || Number.isNaN(limit)) return items;',
    fails: 'an unknown conversation is empty',
  },
  {
    fault: 'A1: no getSessionId',
    line: 'async getSessionId() {',
    becomes: 'async sessionIdentifier() {',
    fails: 'getSessionId gives the id, the same for every object',
  },
  {
    fault: 'A12: an error that shows the item',
    line: 'return Promise.reject(error);',
    becomes: 'return Promise.reject(Object.assign(error, { items }));',
    fails: 'an instance of a class is refused with its path, without its value, and nothing is written',
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
    fault: 'A13: case-folding ids',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes: '.filter((row) => row.sessionId.toLowerCase() === sessionId.toLowerCase())',
    fails: 'ids that differ in case are two conversations',
  },
  {
    fault: 'A13: accent-blind ids',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes:
      '.filter((row) => row.sessionId.normalize("NFD").replace(/\\p{M}/gu, "") === sessionId.normalize("NFD").replace(/\\p{M}/gu, ""))',
    fails: 'ids that differ in accents are two conversations',
  },
  {
    fault: 'ids in Unicode normal form',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes: '.filter((row) => row.sessionId.normalize() === sessionId.normalize())',
    fails: 'ids that differ in Unicode normal form are two conversations',
  },
  {
    fault: 'A13: ids padded with spaces',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes: '.filter((row) => row.sessionId.trimEnd() === sessionId.trimEnd())',
    fails: 'ids that differ in a space at the end are two conversations',
  },
  {
    fault: 'ids trimmed',
    line: 'this.sessionId = sessionId;',
    becomes: 'this.sessionId = sessionId.replace(/(?<=[0-9a-f]{12}) /, "");',
    fails: 'ids that differ in a space at the start are two conversations',
  },
  {
    fault: 'ids matched with LIKE',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes:
      '.filter((row) => new RegExp(`^${sessionId.replace(/[.*+?^${}()|[\\]\\\\]/g, "\\\\$&").replaceAll("_", ".")}$`, "s").test(row.sessionId))',
    fails: 'ids that differ in a wildcard are two conversations',
  },
  {
    fault: 'characters beyond the basic plane lost',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes:
      '.filter((row) => row.sessionId.replace(/[\\u{10000}-\\u{10ffff}]/gu, "?") === sessionId.replace(/[\\u{10000}-\\u{10ffff}]/gu, "?"))',
    fails: 'ids that differ in emoji are two conversations',
  },
  {
    fault: 'ids cut to 191 characters',
    line: '.filter((row) => row.sessionId === sessionId)',
    becomes: '.filter((row) => row.sessionId.slice(0, 191) === sessionId.slice(0, 191))',
    fails: 'ids that differ in the last of 255 characters are two conversations',
  },
  {
    fault: 'ids not checked',
    line: 'checkSessionId(sessionId);',
    becomes: '',
    fails: 'an id that is or has an empty text is refused with a TypeError',
  },
  {
    fault: 'calls in any order',
    line: 'const result = before.then(work);',
    becomes: 'const result = work();',
    fails: 'calls that are not awaited take effect in the order in which they were made',
  },
  {
    fault: 'B19: an unreadable row hides the rest',
    line: 'return decodeItem(row.text);\n    } catch {\n      return undefined;',
    becomes: 'return decodeItem(row.text);\n    } catch (error) {\n      throw error;',
    fails: 'reading leaves them out and shows the rest',
  },
  {
    fault: 'reading removes unreadable rows it should keep, and the newest with them',
    line: 'if (limit === undefined || Number.isNaN(limit)) return items;',
    becomes:
      'if (ofSession(this.sessionId).length > items.length) rows.splice(rows.indexOf(ofSession(this.sessionId).at(-1)), 1);\n        if (limit === undefined || Number.isNaN(limit)) return items;',
    fails: 'reading leaves them out and shows the rest',
  },
  {
    fault: 'a limit counts rows',
    line: '.map(decoded)',
    becomes: '.slice(limit > 0 ? -Math.ceil(limit) : 0)\n          .map(decoded)',
    fails: 'a limit counts items, not rows',
  },
  {
    fault: 'a connection sees only what was there when it was opened',
    line: 'reopen: () => ({ session }),',
    becomes:
      'reopen: () => { const copy = createToyStore({ encodeItems, decodeItem, checkSessionId }); for (const row of rows) copy.insertRaw(row.sessionId, row.text); return copy; },',
    fails: 'what another connection does is seen at once',
  },
  {
    fault: 'another connection sees nothing',
    line: 'reopen: () => ({ session }),',
    becomes: 'reopen: () => createToyStore({ encodeItems, decodeItem, checkSessionId }),',
    fails: 'what was added is there for another connection',
  },
];

/** Faults of `toy-backend.mjs`. */
export const BACKEND_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'operations that are never forgotten',
    line: 'operations = operations.filter((one) => one.sessionId !== sessionId || one.at >= oldest);',
    becomes: '',
    fails: 'recording an operation forgets the older ones of its session, if it says so',
  },
  {
    fault: 'old operations of all sessions forgotten',
    line: '(one) => one.sessionId !== sessionId || one.at >= oldest',
    becomes: '(one) => one.at >= oldest',
    fails: 'recording an operation forgets the older ones of its session, if it says so',
  },
  {
    fault: 'old operations forgotten before they are looked up',
    line: 'batches.map(({ sessionId, texts, operation }) => {',
    becomes:
      'batches.map(({ sessionId, texts, operation }) => {\n' +
      '          const oldest = Date.now() - (operation?.forgetOlderThan ?? Infinity) * 1000;\n' +
      '          operations = operations.filter((one) => one.sessionId !== sessionId || one.at >= oldest);',
    fails: 'an operation that is repeated late is not forgotten by its own repetition',
  },
  {
    fault: 'only the first batch is stored',
    line: 'batches.map(({ sessionId, texts, operation }) => {',
    becomes:
      'batches.map(({ sessionId, texts, operation }, index) => {\n          if (index > 0) return "stored";',
    fails: 'adds batches of several sessions, in order',
  },
  {
    fault: 'ids that repeat',
    line: 'for (const text of texts) rows.push({ id: ++lastId, sessionId, text });',
    becomes: '++lastId;\n    for (const text of texts) rows.push({ id: lastId, sessionId, text });',
    fails: 'gives every row an id of its own, as text',
  },
  {
    fault: 'operations not recorded',
    line: 'if (operation) record(sessionId, operation);',
    becomes: '',
    fails: 'stores an operation once and tells repetition from conflict',
  },
  {
    fault: 'another change under the same operation id passes for a repetition',
    line: "return before === operation.digest ? 'repeated' : 'conflict';",
    becomes: "return 'repeated';",
    fails: 'stores an operation once and tells repetition from conflict',
  },
  {
    fault: 'operation ids shared by all sessions',
    line: 'operations.find((one) => one.sessionId === sessionId && one.id === id)',
    becomes: 'operations.find((one) => one.id === id)',
    fails: 'keeps the operations of two sessions apart',
  },
  {
    fault: 'the oldest rows instead of the newest',
    line: 'return (limit === undefined ? older : older.slice(-limit)).map(shown);',
    becomes: 'return (limit === undefined ? older : older.slice(0, limit)).map(shown);',
    fails: 'gives the newest rows, oldest first',
  },
  {
    fault: 'a page repeats its border',
    line: 'row.id < Number(before));',
    becomes: 'row.id <= Number(before));',
    fails: 'pages backwards from a row, which may be gone by then',
  },
  {
    fault: 'popping without removing',
    line: 'rows = rows.filter((one) => one !== row);',
    becomes: '',
    fails: 'removes and returns the newest row with its id',
  },
  {
    fault: 'popping chooses its row before it waits for the lock',
    line: 'return locked(() => {\n        const row = ofSession(sessionId).at(-1);',
    becomes: 'const row = ofSession(sessionId).at(-1);\n      return locked(() => {',
    fails: 'a pop and an edit at the same time take effect one after the other',
  },
  {
    fault: 'no more rows when decide needs them',
    line: "while ('need' in patch) patch = decide(newest(sessionId, patch.need), before);",
    becomes: "while ('need' in patch) patch = decide(newest(sessionId, last), before);",
    fails: 'shows the newest rows, oldest first, and more when asked',
  },
  {
    fault: 'an update moves its row to the end',
    line: 'if (mine(row) && String(row.id) === id) row.text = text;',
    becomes: 'if (mine(row) && String(row.id) === id) Object.assign(row, { text, id: ++lastId });',
    fails: 'removes, updates in place and appends',
  },
  {
    fault: 'clears after it appended',
    line: 'insert(sessionId, append);',
    becomes: 'insert(sessionId, append);\n        if (clear) rows = rows.filter((row) => !mine(row));',
    fails: 'clears before it appends',
  },
  {
    fault: 'rows found by id alone',
    line: 'const mine = (row) => row.sessionId === sessionId;',
    becomes: 'const mine = () => true;',
    fails: 'changes nothing of other sessions',
  },
  {
    fault: 'an edit of an unknown session does nothing',
    line: 'const { clear, remove = [], update = [], append = [] } = patch;',
    becomes:
      'if (!rows.some((row) => row.sessionId === sessionId) && !operation) return;\n        const { clear, remove = [], update = [], append = [] } = patch;',
    fails: 'makes a session that appends, also if it was not there',
  },
  {
    fault: "decide's refusal is wrapped",
    line: 'return locked(() => {\n        const before = operation && recorded(sessionId, operation.id);\n        let patch = decide(newest(sessionId, last), before);',
    becomes:
      'return locked(() => {\n        const before = operation && recorded(sessionId, operation.id);\n        let patch;\n        try { patch = decide(newest(sessionId, last), before); } catch (error) { throw new Error("failed", { cause: error }); }',
    fails: 'what decide throws cancels it and reaches the caller unchanged',
  },
  {
    fault: 'edits read before they wait for the lock',
    line: 'edit(sessionId, last, decide, operation) {',
    becomes:
      'edit(sessionId, last, decide, operation) {\n      const early = newest(sessionId, last);\n      const decideLater = decide;\n      decide = (rows, digest) => decideLater(rows.length > 1 ? early : rows, digest);',
    fails: 'edits of one session do not overlap',
  },
  {
    fault: 'an operation recorded before decide had its say',
    line: 'let patch = decide(newest(sessionId, last), before);',
    becomes:
      'if (operation && before === undefined) operations.push({ sessionId, ...operation });\n        let patch = decide(newest(sessionId, last), before);',
    fails: 'records its operation with the patch, shows it later, and not after a refusal',
  },
  {
    fault: 'an operation without changes is not recorded',
    line: 'if (operation && before === undefined) record(sessionId, operation);',
    becomes:
      'if (operation && before === undefined && append.length) operations.push({ sessionId, ...operation });',
    fails: 'records an operation that changes nothing',
  },
  {
    fault: 'clearing keeps the operations',
    line: 'operations = operations.filter((one) => one.sessionId !== sessionId);',
    becomes: '',
    fails: 'forgets the operations of the session',
  },
  {
    fault: 'ids that differ in case are listed as one',
    line: 'const ids = [...new Set(rows.map(({ sessionId }) => sessionId))].sort();',
    becomes:
      'const ids = [...new Map(rows.map(({ sessionId }) => [sessionId.toLowerCase(), sessionId])).values()].sort();',
    fails: 'gives every session once, also those whose ids are similar',
  },
  {
    fault: 'a page begins with the last session of the page before',
    line: 'id > after);',
    becomes: 'id >= after);',
    fails: 'a page begins after the given session, and has no more sessions than were asked for',
  },
  {
    fault: 'pages without a limit',
    line: 'return later.slice(0, limit);',
    becomes: 'return later;',
    fails: 'a page begins after the given session, and has no more sessions than were asked for',
  },
  {
    fault: 'clearing keeps the rows',
    line: 'rows = rows.filter((row) => row.sessionId !== sessionId);',
    becomes: '',
    fails: 'a session that was cleared is not listed',
  },
];
