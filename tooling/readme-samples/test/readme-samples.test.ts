import { readFileSync } from 'node:fs';
import { wholeMatrix } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { deadLinks } from '../links.ts';
import { clearPrograms, compilerMessages, isServer, runProgram, writeProgram } from '../programs.ts';
import {
  hasLines,
  isNotRun,
  linkTarget,
  quotedFile,
  quotedProgram,
  type Readme,
  readmes,
  type Sample,
  samplesOf,
} from '../readmes.ts';

const LANGUAGES = ['ts', 'typescript', 'js', 'javascript', 'sh', 'sql', 'python', 'json', 'text', 'mermaid'];

interface Program extends Sample {
  readonly file: string;
}

/** The servers of the pages whose samples connect to `DATABASE_URL`: to an empty database, each of its own. */
const TARGETS: Readonly<Record<string, Target>> = {
  'docs/servers-and-pools.md': 'postgres:18',
  'packages/sessions-postgres/README.md': 'postgres:18',
  'packages/sessions-mysql/README.md': 'mysql',
};

clearPrograms();
const all = readmes().map((readme) => {
  const folder = readme.path.replace(/\/?README\.md$/, '').replaceAll('/', '-') || 'root';
  const programs = samplesOf(readme).map((sample, index) => {
    return { ...sample, file: writeProgram(`${folder}/${index + 1}`, sample) };
  });
  return { readme, programs };
});

let messages: Map<string, string[]>;
beforeAll(() => {
  messages = compilerMessages(all.flatMap(({ programs }) => programs.map(({ file }) => file)));
});

function checkText({ blocks, text, path }: Readme): void {
  test('names the language of every block, so that no code hides', () => {
    const others = blocks.filter(({ language }) => !LANGUAGES.includes(language));
    expect(others.map(({ line, language }) => `line ${line}: ${language}`)).toEqual([]);
  });

  test('has no marks of a merge', () => {
    expect(text.match(/^(?:<<<<<<<|=======$|>>>>>>>|> > > >).*/gm)).toBeNull();
  });

  test('leaves only listings of types without a run, and says why', () => {
    const programs = blocks.filter(
      ({ mark, text }) => isNotRun(mark) && /\b(import|require|await)\b/.test(text),
    );
    expect(programs.map(({ line }) => `line ${line}`)).toEqual([]);
  });

  test('quotes files as they are', () => {
    for (const { mark, text: quoted } of blocks) {
      const file = quotedFile(mark);
      if (file === undefined) continue;
      expect(`${quoted}\n`).toBe(readFileSync(linkTarget({ blocks, text, path }, file), 'utf8'));
    }
  });

  test('shows parts of programs as they are', () => {
    for (const { mark, text: part, line } of blocks) {
      const file = quotedProgram(mark);
      if (file === undefined) continue;
      const program = readFileSync(linkTarget({ blocks, text, path }, file), 'utf8');
      expect(hasLines(program, part), `line ${line}`).toBe(true);
    }
  });

  test('names commands that exist', () => {
    const named = Array.from(
      text.matchAll(/(?:^|`)p?npm(?: run)? ([a-z][a-z:-]*)/gm),
      ([, name = '']) => name,
    );
    const known = [...Object.keys(manifest.scripts), 'install', 'rebuild'];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('links to what is there', () => {
    expect(deadLinks({ blocks, text, path })).toEqual([]);
  });
}

/** What a sample finds in its environment; asked anew for each, as samples use the same session ids. */
type Environment = () => Promise<NodeJS.ProcessEnv>;

function runSamples(programs: readonly Program[], environment: Environment, isRun: boolean): void {
  test.for(programs)('$name', async ({ file, code, output }) => {
    expect(messages.get(file) ?? []).toEqual([]);
    if (!isRun) return;
    const ending = await runProgram(file, await environment());
    expect(ending).toMatchObject({ code: 0 });
    // the report of a test runner has times in it, and what a server says has its port
    if (!code.includes("'node:test'") && !isServer(code)) expect(ending.stdout).toBe(output);
  });
}

for (const { readme, programs } of all) {
  describe(readme.path, () => {
    checkText(readme);
    // those of the other pages are only compiled where every promise is tested once
    const isRun = wholeMatrix || readme.path.endsWith('README.md');
    const target = isRun ? TARGETS[readme.path] : undefined;
    if (!target) {
      runSamples(programs, async () => ({}), isRun);
      return;
    }
    describeEngine(target, ({ server }) => {
      runSamples(programs, async () => ({ DATABASE_URL: server.url(await server.createDatabase()) }), isRun);
    });
  });
}

test('history kept by hand has every message once: q1 r1 q2 r2', async () => {
  const byHand = all.flatMap(({ programs }) =>
    programs.filter(({ code }) => code.includes('.history.slice(')),
  );
  expect(byHand).not.toEqual([]);
  for (const { file } of byHand) {
    const { stdout } = await runProgram(file, {});
    const printed = stdout.trim().split('\n');
    expect(printed.map((line) => line.split(':')[0])).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(new Set(printed).size).toBe(4);
  }
});

test('A3: a sample that does not parse is found', () => {
  const code = 'export const config = { createTables: true maxRetries: 3 };';
  const file = writeProgram('planted', { name: 'planted', language: 'ts', code, output: '' });
  expect(compilerMessages([file]).get(file)).toEqual([expect.stringContaining("',' expected")]);
});
