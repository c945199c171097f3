import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, deadLinks, linksOf } from '../links.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const fence = '```';

test('finds links, and none in code', () => {
  const text = `[a](one.md) [b](two.md#part)\n${fence}ts\nconst c = d[0](e);\n${fence}\n[c](#here)`;
  expect(linksOf(text)).toEqual(['one.md', 'two.md#part', '#here']);
});

test('makes anchors as GitHub does', () => {
  expect(anchorsOf('# `sessions bench <url>`\n\n## Tables, ids, order and time')).toEqual([
    'sessions-bench-url',
    'tables-ids-order-and-time',
  ]);
});

test('a link to a file or a heading that is not there is dead, in this page and in others', () => {
  const text = [
    '# Here',
    '[1](#here) [2](README.md) [3](README.md#features) [4](https://example.com)',
    '[5](#gone) [6](gone.md) [7](README.md#gone)',
  ].join('\n');
  expect(deadLinks({ path: 'page.md', text, blocks: [] })).toEqual(['#gone', 'gone.md', 'README.md#gone']);
});

// those of other Markdown files are looked at with their samples
const OTHERS = [
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/*/*.md',
  'examples/*/README.md',
  'tooling/*/README.md',
];

test.for(globSync(OTHERS, { cwd: ROOT }))('%s links to what is there', (path) => {
  expect(deadLinks({ path, text: read(path), blocks: [] })).toEqual([]);
});

test('the start page of the documentation links to every page', () => {
  const links = linksOf(read('docs/README.md'));
  const pages = globSync('docs/**/*.md', { cwd: ROOT }).map((path) =>
    path.replaceAll('\\', '/').replace(/^docs\//, ''),
  );
  expect(pages.filter((page) => page !== 'README.md' && !links.includes(page))).toEqual([]);
});
