import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The languages of blocks that are code of ours. */
const CODE: Readonly<Record<string, 'ts' | 'js'>> = {
  ts: 'ts',
  typescript: 'ts',
  js: 'js',
  javascript: 'js',
};

/** A fenced block of a README. */
export interface Block {
  readonly language: string;
  /** Where the block begins. */
  readonly line: number;
  readonly heading: string;
  readonly text: string;
  /** What `<!-- sample: ... -->` directly above it says. */
  readonly mark: string | undefined;
}

/** A program of a README: a block, after those that it continues. */
export interface Sample {
  readonly name: string;
  readonly language: 'ts' | 'js';
  readonly code: string;
  /** What it must print: its comments `// -> ...`, line by line. */
  readonly output: string;
}

export interface Readme {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** The README of the project and of every package that is published, and the pages of `docs/`. */
export function readmes(): Readme[] {
  const paths = globSync(['README.md', 'packages/*/README.md', 'docs/*.md'], { cwd: ROOT }).sort();
  return paths.map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { path, text, blocks: blocksOf(text) };
  });
}

/** The file that a link of a README leads to. */
export function linkTarget(readme: Readme, link: string): string {
  return resolve(ROOT, readme.path, '..', link);
}

/**
 * The fenced blocks of a text.
 *
 * @throws Error for a block without an end.
 */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let heading = '';
  for (let index = 0; index < lines.length; index++) {
    heading = /^#+ (.*)/.exec(lines[index] ?? '')?.[1] ?? heading;
    const [, indent = '', fence, language = ''] =
      /^(\s*)(`{3,}|~{3,})\s*(\S*)/.exec(lines[index] ?? '') ?? [];
    if (!fence) continue;
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence);
    if (end < 0) throw new Error(`The block at line ${index + 1} has no end.`);
    const body = lines.slice(index + 1, end).map((line) => line.replace(indent, ''));
    const mark = /^\s*<!-- sample: (.*) -->$/.exec(lines[index - 1] ?? '')?.[1];
    blocks.push({ language, line: index + 1, heading, text: body.join('\n'), mark });
    index = end;
  }
  return blocks;
}

/**
 * The programs of a README: its blocks of code, except those that are marked `not run, <reason>`, and those that are `part of <path>`:
 * they stand in a program that has tests of its own. A block that is marked `continues` goes on where the one before it ended; one
 * that is marked `is <path>` quotes a whole file.
 *
 * @throws Error for a mark that is not known.
 */
export function samplesOf({ blocks }: Readme): Sample[] {
  const samples: Sample[] = [];
  for (const { language, line, heading, text, mark } of blocks) {
    const kind = CODE[language];
    if (!kind || isNotRun(mark) || quotedProgram(mark) !== undefined) continue;
    if (mark !== undefined && mark !== 'continues' && quotedFile(mark) === undefined)
      throw new Error(`Line ${line}: unknown mark "${mark}".`);
    const before = mark === 'continues' ? `${samples.at(-1)?.code}\n` : '';
    const code = before + text;
    const output = Array.from(code.matchAll(/\/\/ -> (.*)/g), ([, expected]) => `${expected}\n`).join('');
    samples.push({ name: `${heading} (line ${line})`, language: kind, code, output });
  }
  return samples;
}

/** The file that a block quotes, from where the README is. */
export function quotedFile(mark: string | undefined): string | undefined {
  return /^is (\S+)$/.exec(mark ?? '')?.[1];
}

/** The program that a block is a part of, from where the README is. */
export function quotedProgram(mark: string | undefined): string | undefined {
  return /^part of (\S+)$/.exec(mark ?? '')?.[1];
}

/** Whether a text has these lines, next to each other, however far they are indented. */
export function hasLines(text: string, lines: string): boolean {
  const level = (some: string) => `\n${some.replaceAll(/^ +/gm, '')}\n`;
  return level(text).includes(level(lines));
}

export function isNotRun(mark: string | undefined): boolean {
  return /^not run, \S/.test(mark ?? '');
}
