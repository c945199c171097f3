import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { deadLinks, linksOf } from '../src/dead-links.ts';

function site(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'site-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test('a link to a page, a file or a heading that is not there is dead; one to another host is not followed', () => {
  const folder = site({
    'index.html':
      '<a href="/one/"><a href="one/#part"><a href="https://example.com/gone"><img src="/a.svg"><a href="#top" id="top">' +
      '<a href="/two/"><a href="/one/#gone"><img src="/b.svg"><a href="#gone">',
    'one/index.html': '<h2 id="part"><a href="../"><a href="../gone/">',
    'a.svg': '',
  });
  expect(deadLinks(folder).sort()).toEqual([
    'index.html: #gone',
    'index.html: /b.svg',
    'index.html: /one/#gone',
    'index.html: /two/',
    'one/index.html: ../gone/',
  ]);
});

test('entities in an address are read', () => {
  expect([...linksOf('<a href="/a?b=1&amp;c=2">')]).toEqual(['/a?b=1&c=2']);
});
