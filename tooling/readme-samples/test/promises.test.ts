// The promises of the README and of docs/what-you-can-rely-on.md: each names its test, and each test its promise.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linksOf } from '../links.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const RELIABLE = readFileSync(join(ROOT, 'docs/what-you-can-rely-on.md'), 'utf8');
/** A file of tests, or of cases of the suite that every store passes. */
const TEST_FILE = /\.(test|check)\.ts$|\/src\/conformance\/.*\.ts$/;

const features = /^## Features\n([\s\S]*?)^## /m.exec(README)?.[1]?.match(/^- .*$/gm) ?? [];
const promises = RELIABLE.match(/^\| \*\*.*$/gm) ?? [];
const nameOf = (line: string) => /\*\*(.*?)\*\*/.exec(line)?.[1] ?? line;

test('the README has at most 250 lines', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(250);
});

/** The files that a line names, which do not name its promise in their first line. */
function silentFiles(page: string, line: string): string[] {
  const promise = nameOf(line).replaceAll('`', '').replace(/\.$/, '');
  return linksOf(line).filter((link) => {
    if (!TEST_FILE.test(link)) return false;
    const [first = ''] = readFileSync(join(ROOT, dirname(page), link), 'utf8').split('\n');
    const [, names = ''] = /^\/\/ Promises?: (.*)\.$/.exec(first) ?? [];
    return !names.split('; ').includes(promise);
  });
}

describe('features of the README', () => {
  test('there are some', () => expect(features.length).toBeGreaterThan(10));

  test.for(features.map((line) => [nameOf(line), line] as const))('%s', ([, line]) => {
    const links = linksOf(line);
    expect(links.filter((link) => TEST_FILE.test(link))).toHaveLength(1);
    expect(links.filter((link) => !TEST_FILE.test(link))).toHaveLength(1);
    expect(silentFiles('README.md', line)).toEqual([]);
  });
});

describe('docs/what-you-can-rely-on.md', () => {
  test('there are some', () => expect(promises.length).toBeGreaterThan(10));

  test.for(promises.map((line) => [nameOf(line), line] as const))('%s', ([, line]) => {
    expect(linksOf(line).filter((link) => TEST_FILE.test(link))).not.toEqual([]);
    expect(silentFiles('docs/what-you-can-rely-on.md', line)).toEqual([]);
  });
});
