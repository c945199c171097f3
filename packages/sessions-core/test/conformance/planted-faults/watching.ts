import type { PlantedFault } from './fault.js';

/** Faults of `toy-backend.mjs` that have to do with which sessions got rows. */
export const CHANGES_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'the oldest of the new rows',
    line: 'const found = new Map(page.map(({ sessionId, id }) => [sessionId, String(id)]));',
    becomes: 'const found = new Map(page.map(({ sessionId, id }) => [sessionId, String(id)]).reverse());',
    fails: 'changes tells each session that got rows once, with its newest row',
  },
  {
    fault: 'a first page that is the last',
    line: 'isLast: page.length < limit };',
    becomes: 'isLast: true };',
    fails: 'changes goes on from page to page, and says which is the last',
  },
  {
    fault: 'a beginning behind what comes next',
    line: 'last: String(Math.max(lastId - 100, 0)), isLast',
    becomes: 'last: String(lastId + 1), isLast',
    fails: 'changes begins where nothing is missed that is added from then on',
  },
  {
    fault: 'a place that must be there',
    line: 'const looked = rows.filter(({ id }) => id > Number(after)).sort((a, b) => a.id - b.id); // of all sessions',
    becomes:
      'if (!rows.some(({ id }) => String(id) === after)) return { sessions: [], last: after, isLast: true }; const looked = rows.filter(({ id }) => id > Number(after));',
    fails: 'changes begins behind a row that is gone',
  },
  {
    fault: 'a place that is no number',
    line: 'async changes(after, limit) {',
    becomes: "async changes(after, limit) { if (Number.isNaN(Number(after))) after = '0';",
    fails: 'changes refuses what cannot be the id of a row with NOT_FOUND',
  },
];

/** Faults of `toy-store.mjs` that have to do with watching. */
export const WATCH_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'items that come again',
    line: 'last = page.data.at(-1)?.id ?? last; // it goes on there',
    becomes: 'last = page.data.at(-2)?.id ?? last;',
    fails: 'a watch gives what is there and what is added, each item once and in its order',
  },
  {
    fault: 'entries without turns',
    line: 'for (const entry of page.data) yield entry; // of a watch',
    becomes: 'for (const { turn: _, ...entry } of page.data) yield entry;',
    fails: 'the entries of a watch are those of the history',
  },
  {
    fault: 'a watch that begins anew',
    line: "async *watch({ after = '0', signal } = {}) {",
    becomes: "async *watch({ signal } = {}) { const after = '0';",
    fails: 'a watch goes on behind the item that it is given, also where that is gone',
  },
  {
    fault: 'a watch that fails when it is ended',
    line: 'for (let last = after; !signal?.aborted; ) {',
    becomes: 'for (let last = after; ; signal?.throwIfAborted()) {',
    fails: 'a watch ends with its signal, while it waits too',
  },
  {
    fault: 'a watch that is over when nothing is new',
    line: 'for (let last = Number(after); !signal?.aborted; await answer()) {',
    becomes: 'for (let last = Number(after); last < database.lastId; await answer()) {',
    fails: 'a watch of the store tells which conversations got items',
  },
  {
    fault: 'a watch of a conversation that is over when nothing is new',
    line: 'await answer(); // until something comes',
    becomes: 'if (page.data.length === 0) return;',
    fails: 'a watch sees what another connection adds',
  },
  {
    fault: 'a cursor that leads nowhere',
    line: 'const cursor = String(last);',
    becomes: "const cursor = '';",
    fails: 'a watch of the store goes on from a cursor',
  },
  {
    fault: 'conversations of others',
    line: "(tenant ? id.startsWith(mark) : !id.startsWith('$tenant:'));",
    becomes: '!tenant || id.startsWith(mark);',
    fails: 'a watch tells the conversations of its tenant alone',
  },
];
