import { expect, test } from 'vitest';
import { blocksOf, hasLines, quotedFile, quotedProgram, samplesOf } from '../readmes.ts';

const fence = '```';

function samples(...lines: readonly string[]) {
  const text = lines.join('\n');
  return samplesOf({ path: 'README.md', text, blocks: blocksOf(text) });
}

test('finds every block of code, indented and tilde fences too, and no other', () => {
  const found = samples(
    '# One',
    `${fence}ts`,
    'one(); // -> 1',
    fence,
    '- item',
    `  ${fence}js`,
    '  two(); // -> 2',
    '    three(); // -> 3',
    `  ${fence}`,
    '## Two',
    '~~~typescript',
    `${fence}sh`,
    '~~~',
    `${fence}sh`,
    'npm test # -> 4',
    fence,
  );
  expect(found).toEqual([
    { name: 'One (line 2)', language: 'ts', code: 'one(); // -> 1', output: '1\n' },
    { name: 'One (line 6)', language: 'js', code: 'two(); // -> 2\n  three(); // -> 3', output: '2\n3\n' },
    { name: 'Two (line 11)', language: 'ts', code: `${fence}sh`, output: '' },
  ]);
});

test('a block that continues begins with those before it', () => {
  const mark = '<!-- sample: continues -->';
  const block = (code: string) => [`${fence}ts`, code, fence];
  const found = samples(...block('a();'), mark, ...block('b();'), mark, ...block('c();'));
  expect(found.map(({ code }) => code)).toEqual(['a();', 'a();\nb();', 'a();\nb();\nc();']);
});

test('a block is left out only with a reason', () => {
  const marked = (mark: string) => samples(`<!-- sample: ${mark} -->`, `${fence}ts`, 'type A = 1;', fence);
  expect(marked('not run, a listing of types')).toEqual([]);
  expect(() => marked('not run')).toThrow('Line 2: unknown mark "not run"');
  expect(() => marked('skip')).toThrow('unknown mark');
});

test('a block that quotes a file is a program like any other', () => {
  const text = ['<!-- sample: is ../a.ts -->', `${fence}ts`, 'a();', fence].join('\n');
  expect(samples(text).map(({ code }) => code)).toEqual(['a();']);
  expect(blocksOf(text).map(({ mark }) => quotedFile(mark))).toEqual(['../a.ts']);
});

test('a block that is a part of a program is no program, and is found there', () => {
  const text = ['<!-- sample: part of ../a.ts -->', `${fence}ts`, 'if (a) {', '  b();', '}', fence].join(
    '\n',
  );
  expect(samples(text)).toEqual([]);
  expect(blocksOf(text).map(({ mark }) => quotedProgram(mark))).toEqual(['../a.ts']);
  const [part = ''] = blocksOf(text).map((block) => block.text);
  expect(hasLines('function f() {\n  if (a) {\n    b();\n  }\n}\n', part)).toBe(true);
  expect(hasLines('function f() {\n  if (a) {\n    c();\n    b();\n  }\n}\n', part)).toBe(false);
  expect(hasLines('// if (a) {\nb();\n}', part)).toBe(false);
});

test('a block without an end is an error', () => {
  expect(() => samples(`${fence}ts`, 'a();')).toThrow('The block at line 1 has no end');
});
