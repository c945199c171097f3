import { expect, test } from 'vitest';
import { refusedUndefined } from '../src/refused-undefined.ts';

const refused = refusedUndefined();

test('there are types of options at every door', () => {
  expect(refused.size).toBeGreaterThan(40);
  for (const entry of [
    'openai-agents-js-sessions/bench',
    'sessions-core/conformance',
    'sessions-postgres/schema',
  ])
    expect([...refused.keys()].join('\n')).toContain(`@stackone/${entry} `);
});

test.each([...refused])('every optional field of %s takes undefined', (_name, fields) => {
  expect(fields).toEqual([]);
});
