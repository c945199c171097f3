import { expect, test } from 'vitest';
import { groupsOf, pageOf, pages, urlOf, withSiteLinks } from '../src/pages.ts';

const fence = '```';

test('a page has its place, its title, and its first sentence as a description', () => {
  const page = pageOf(
    'docs/a-page.md',
    '# A `page`\n\n<!-- note -->\n\nIt says *what*\n[it](b.md) says.\n\nMore.\n',
  );
  expect(page).toMatchObject({ slug: 'a-page', title: 'A `page`', description: 'It says what it says.' });
});

test('README files are the pages of their folders', () => {
  const slug = (file: string) => pageOf(file, '# T\n').slug;
  expect(slug('docs/README.md')).toBe('');
  expect(slug('packages/sessions-core/README.md')).toBe('packages/sessions-core');
  expect(slug('docs/benchmarks/results.md')).toBe('benchmarks/results');
});

test('a file without a heading is refused', () => {
  expect(() => pageOf('docs/a.md', 'text')).toThrow('docs/a.md does not begin with a heading');
});

test('links lead to pages of the site, or to the repository; code stays as it is', () => {
  const all = pages();
  const text = [
    '# T\n[w](windows.md#what-to-know), [`core`](../packages/sessions-core/README.md), [x](#here), [y](https://example.com)',
    '[c](../CONTRIBUTING.md) `d[0](windows.md)` ![chart](benchmarks/callers.svg)',
    `${fence}ts`,
    'e[0](windows.md)',
    fence,
  ].join('\n');
  expect(withSiteLinks(pageOf('docs/t.md', text), all, '/base/', urlOf).trim().split('\n')).toEqual([
    '[w](/base/windows/#what-to-know), [`core`](/base/packages/sessions-core/), [x](#here), [y](https://example.com)',
    '[c](https://github.com/StackOneHQ/openai-agents-js-sessions/blob/main/CONTRIBUTING.md) `d[0](windows.md)` ![chart](/base/benchmarks/callers.svg)',
    `${fence}ts`,
    'e[0](windows.md)',
    fence,
  ]);
});

test('every page is in one group of the side bar', () => {
  const all = pages();
  const grouped = groupsOf(all).flatMap((group) => group.pages);
  expect(grouped.map(({ file }) => file).sort()).toEqual(all.map(({ file }) => file));
});
