import type { PlantedFault } from './fault.js';

/** Faults of `toy-store.mjs` that have to do with its history and turns. */
export const TURN_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a page that says there is no more',
    line: 'return { data, hasMore: part.length > data.length };',
    becomes: 'return { data, hasMore: false };',
    fails: 'a history is read in pages in both directions, with times and turns',
  },
  {
    fault: 'the newest items where those after a place were asked for',
    line: 'const data = after === undefined ? part.slice(-limit) : part.slice(0, limit);',
    becomes: 'const data = part.slice(-limit);',
    fails: 'a history is read in pages in both directions, with times and turns',
  },
  {
    fault: 'turns that begin at answers',
    line: "if (item.role === 'user') turn = String(id);",
    becomes: 'if (item.role) turn = String(id);',
    fails: 'turns are read newest last, and those before a turn',
  },
  {
    fault: 'a stream that ends with its first page',
    line: 'hasMore = page.hasMore;',
    becomes: 'hasMore = false;',
    fails: 'items() gives the whole of a long conversation in its order',
  },
  {
    fault: 'an answer that is left behind',
    line: 'this.#remove(this.#rows().filter((row) => row.id >= Number(id)));',
    becomes: 'this.#remove(this.#rows().filter((row) => row.id === Number(id)));',
    fails: 'rewind removes a turn and all after it, and gives what the user had said',
  },
  {
    fault: 'a turn that is replaced whatever was written after it',
    line: 'if (same !== turn.items.map(({ id, item }) => [id, encodeItems([item])[0]]).join()) throw changed();',
    becomes: 'void same;',
    fails: 'replaceTurn takes the place of the newest turn, if nobody wrote after it',
  },
  {
    fault: 'a question that moves when it is answered again',
    line: 'const kept = other < 0 ? own.length : other;',
    becomes: 'const kept = 0 * other;',
    fails: 'replaceTurn takes the place of the newest turn, if nobody wrote after it',
  },
  {
    fault: 'a result without its call',
    line: 'if (!items.every((item, at) => hasPartner(items, item, at))) throw invalid();',
    becomes: '',
    fails: 'replaceTurn takes the place of the newest turn, if nobody wrote after it',
  },
  {
    fault: 'a result that is left without its call',
    line: 'id === found.id || (callId !== undefined && item.callId === callId)',
    becomes: 'id === found.id',
    fails: 'an item is removed with its partners, and replaced in its place',
  },
  {
    fault: 'a replacement that gets a time of its own',
    line: 'row.text = text;\n        };',
    becomes: 'Object.assign(row, { text, createdAt: new Date(1) });\n        };',
    fails: 'an item is removed with its partners, and replaced in its place',
  },
  {
    fault: 'what was added meanwhile is lost',
    line: 'this.#insertNow([...encodeItems([...items, ...needed]), ...later]);',
    becomes: 'this.#insertNow(encodeItems([...items, ...needed]));',
    fails: 'replaceBeginning keeps what was added meanwhile behind it',
  },
  {
    fault: 'a late result without its call',
    line: 'const isAnswered = (call) => answered.some(({ callId }) => callId === call.callId);',
    becomes: 'const isAnswered = () => false;',
    fails: 'replaceBeginning keeps the call of a result that was added meanwhile',
  },
  {
    fault: 'places that are looked for in the whole store',
    line: 'const found = this.#entries().find(({ id }) => id === (entry.id ?? entry));',
    becomes:
      'const row = this.#place.rows.find(({ id }) => String(id) === (entry.id ?? entry)); ' +
      'const found = row && { id: String(row.id), item: decodeItem(row.text) };',
    fails: 'what is at a place of another conversation, or of another tenant, is out of reach',
  },
  {
    fault: 'a page of nothing',
    line: "if (limit < 1 || before === '') throw new TypeError('No part of a history.');",
    becomes: '',
    fails: 'what no part of a history can be is a TypeError, and after close() every call is CLOSED',
  },
];
