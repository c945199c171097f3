// The promises of the README and of docs/what-you-can-rely-on.md: each names its test.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linksOf } from '../links.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const RELIABLE = readFileSync(join(ROOT, 'docs/what-you-can-rely-on.md'), 'utf8');
const TEST_FILE = /\.(test|check)\.ts$/;

const features = /^## Features\n([\s\S]*?)^## /m.exec(README)?.[1]?.match(/^- .*$/gm) ?? [];
const promises = RELIABLE.match(/^\| \*\*.*$/gm) ?? [];
const nameOf = (line: string) => /\*\*(.*?)\*\*/.exec(line)?.[1] ?? line;

test('the README has at most 250 lines', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(250);
});

describe('features of the README', () => {
  test('there are some', () => expect(features.length).toBeGreaterThan(10));

  test.for(features.map((line) => [nameOf(line), line] as const))('%s', ([, line]) => {
    const links = linksOf(line);
    expect(links.filter((link) => TEST_FILE.test(link))).toHaveLength(1);
    expect(links.filter((link) => !TEST_FILE.test(link))).toHaveLength(1);
  });
});

describe('docs/what-you-can-rely-on.md', () => {
  test('there are some', () => expect(promises.length).toBeGreaterThan(10));

  test.for(promises.map((line) => [nameOf(line), line] as const))('%s', ([, line]) => {
    expect(linksOf(line).filter((link) => TEST_FILE.test(link))).not.toEqual([]);
  });
});
