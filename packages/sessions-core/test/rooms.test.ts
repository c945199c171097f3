import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** The rooms of `src`, lowest first: a file imports from its own room and from those before it. */
const ROOMS = [
  'port',
  'ids',
  'items',
  'window',
  'turns',
  'usage',
  'watch',
  'session',
  'conversations',
  'runs',
  'store',
  'doctor',
  'conformance',
];
/** The rooms inside `conformance`: a suite of stores asks what it asks of sessions, too. */
const SUITES = ['backend', 'session', 'store'];

const src = resolve(import.meta.dirname, '../src');

/** The files that each file imports, types included, by their paths inside `src`. */
const imports = new Map(
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file): [string, string[]] => {
      const text = readFileSync(join(src, file), 'utf8');
      const targets = [...text.matchAll(/(?:from |import\()'(\.[^']+)\.js'/g)].map(([, target]) =>
        relative(src, resolve(src, dirname(file), `${target}.ts`)),
      );
      return [file, targets];
    }),
);

test('every file of src but its doors is in a room', () => {
  const flat = [...imports.keys()].filter((file) => !file.includes('/'));
  expect(flat.sort()).toEqual(['backend.ts', 'index.ts']);
  const rooms = new Set([...imports.keys()].filter((file) => file.includes('/')).map(roomOf));
  expect([...rooms].sort()).toEqual([...ROOMS].sort());
});

test('no file imports from a room above its own', () => {
  const against = edges().filter(([from, to]) => rankOf(from) < rankOf(to));
  expect(against.map(String)).toEqual([]);
});

test('no files import each other in a circle, types included', () => {
  const open = new Map(imports);
  for (let done = 1; done > 0; ) {
    const leaves = [...open].filter(([, targets]) => !targets.some((target) => open.has(target)));
    for (const [file] of leaves) open.delete(file);
    done = leaves.length;
  }
  expect([...open.keys()]).toEqual([]);
});

test('formats stay out of what is general', () => {
  const details = /responses-format|encryption/;
  const general = ['session/stored-items.ts', 'session/history-transaction.ts', 'items/row-reader.ts'];
  for (const file of general) expect(imports.get(file)?.filter((target) => details.test(target))).toEqual([]);
});

function edges(): [from: string, to: string][] {
  return [...imports].flatMap(([file, targets]) =>
    file.includes('/') ? targets.map((target): [string, string] => [file, target]) : [],
  );
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? '';
}

/** The place of a file's room in the order; suites have places of their own, after what all of them share. */
function rankOf(file: string): number {
  const [room = '', suite = ''] = file.split('/');
  if (file === 'conformance/index.ts' || file === 'conformance/check.ts') return Number.POSITIVE_INFINITY;
  return ROOMS.indexOf(room) + (SUITES.indexOf(suite) + 1) / 10;
}
