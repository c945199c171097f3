import assert from 'node:assert/strict';
import { type Contract, contents, message, newId, type SessionSubject } from '../harness.js';

/** Pairs of ids that some database takes for one. */
const PAIRS: readonly (readonly [why: string, one: string, other: string])[] = [
  ['case', 'Abc', 'abc'],
  ['accents', 'café', 'cafe'],
  ['Unicode normal form', 'caf\u00e9', 'cafe\u0301'],
  ['a space at the end', 't1', 't1 '],
  ['a space at the start', 't1', ' t1'],
  ['emoji', '😀', '😁'],
  ['a wildcard', 'a_c', 'abc'],
  ['a leading zero', '1', '01'],
  ['ß and ss', 'straße', 'strasse'],
  ['an invisible character', 'a\u200bb', 'ab'],
  ['the last of 255 characters', `${'x'.repeat(218)}1`, `${'x'.repeat(218)}2`],
];

/** Ids that no database could keep exactly. */
const BAD_IDS: readonly (readonly [why: string, id: unknown])[] = [
  ['an empty text', ''],
  ['a NUL', 'a\0b'],
  ['a lone surrogate', 'a\ud800'],
  ['256 characters', 'x'.repeat(256)],
  ['256 emoji', '😀'.repeat(256)],
  ['a number', 7],
  ['undefined', undefined],
];

export const IDENTITY: Contract<SessionSubject> = {
  name: 'session ids',
  cases: [
    {
      name: 'getSessionId gives the id, the same for every object',
      async run(subject) {
        const id = newId();
        const session = await subject.session(id);
        assert.equal(await session.getSessionId(), id);
        await session.addItems([message('x')]);
        assert.equal(await session.getSessionId(), id);
        assert.equal(await (await subject.session(id)).getSessionId(), id);
      },
    },
    {
      name: 'two objects of one id show one conversation',
      async run(subject) {
        const id = newId();
        const one = await subject.session(id);
        const other = await subject.session(id);
        await one.addItems([message('first')]);
        await other.addItems([message('second')]);
        assert.deepEqual(contents(await one.getItems()), ['first', 'second']);
        assert.deepEqual(contents(await other.getItems()), ['first', 'second']);
      },
    },
    ...PAIRS.map(([why, one, other]) => ({
      name: `ids that differ in ${why} are two conversations`,
      async run(subject: SessionSubject) {
        const base = newId('').slice(1);
        const first = await subject.session(base + one);
        const second = await subject.session(base + other);
        await first.addItems([message('first')]);
        await second.addItems([message('second')]);
        assert.deepEqual(contents(await first.getItems()), ['first']);
        assert.deepEqual(contents(await second.getItems()), ['second']);
        await second.clearSession();
        assert.deepEqual(contents(await first.getItems()), ['first']);
      },
    })),
    {
      name: 'ids may hold quotes, backslashes, percent signs, newlines and SQL',
      async run(subject) {
        const ids = [
          `'`,
          `"`,
          '`',
          '\\',
          '%',
          '\n',
          `'; DROP TABLE x; --`,
          '$1',
          '?',
          ':a',
          '{}',
          'NULL',
          '../x',
          '\u007f',
        ];
        const base = newId();
        for (const id of ids) await (await subject.session(base + id)).addItems([message(id)]);
        for (const id of ids)
          assert.deepEqual(contents(await (await subject.session(base + id)).getItems()), [id]);
      },
    },
    ...BAD_IDS.map(([why, id]) => ({
      name: `an id that is or has ${why} is refused with a TypeError`,
      needs: ['checksIds'],
      async run(subject: SessionSubject) {
        await assert.rejects(async () => (await subject.session(id as string)).getItems(), TypeError);
      },
    })),
  ],
};
