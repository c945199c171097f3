// CONTRIBUTING.md: it names every folder and script, and draws the rooms of the core as they are.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../../..');
const SRC = join(ROOT, 'packages/sessions-core/src');
const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

test('every folder of tooling is named', () => {
  const folders = readdirSync(join(ROOT, 'tooling'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const named = Array.from(text.matchAll(/^\| `tooling\/([\w-]+)`/gm), ([, name]) => name);
  expect(named).toEqual(folders.map(({ name }) => name).sort());
});

test('every script is named', () => {
  const scripts = text.slice(text.indexOf('## Scripts'), text.indexOf('## What is tested where'));
  const named = Array.from(scripts.matchAll(/^\| (`.*?) +\|/gm), ([, names = '']) =>
    names.split(', '),
  ).flat();
  const known = Object.keys(manifest.scripts).map((name) => `\`${name}\``);
  expect(named.sort()).toEqual(known.sort());
});

test('workflows call scripts and projects that exist', () => {
  const workflows = globSync('.github/workflows/*.yml', { cwd: ROOT }).map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  const called = workflows.flatMap((yaml) =>
    Array.from(yaml.matchAll(/npm run ([\w:-]+)/g), ([, name = '']) => name),
  );
  expect(called.filter((name) => !(name in manifest.scripts))).toEqual([]);
  expect(called).not.toEqual([]);
  const projects = workflows.flatMap((yaml) =>
    Array.from(yaml.matchAll(/--project (\S+)/g), ([, name = '']) => name),
  );
  const packages = globSync('{packages,tooling,examples}/*/package.json', { cwd: ROOT }).map(
    (file) => (JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { name: string }).name,
  );
  expect(projects.filter((name) => !packages.includes(name))).toEqual([]);
  expect(projects).not.toEqual([]);
});

test('the drawing of the rooms has the arrows that the imports make', () => {
  const [, drawing = ''] = /```mermaid\n([\s\S]*?)```/.exec(text) ?? [];
  const drawn = Array.from(
    drawing.matchAll(/^ {2}(\w+).*?--> (\w+)$/gm),
    ([, from, to]) => `${from} --> ${to}`,
  );
  const made = new Set<string>();
  for (const file of globSync('*/**/*.ts', { cwd: SRC })) {
    const room = roomOf(file);
    for (const [, target = ''] of readFileSync(join(SRC, file), 'utf8').matchAll(
      /(?:from |import\()'(\.[^']+)'/g,
    )) {
      const other = roomOf(relative(SRC, resolve(SRC, dirname(file), target)));
      if (other !== room) made.add(`${room} --> ${other}`);
    }
  }
  expect(drawn.sort()).toEqual([...made].sort());
});

const roomOf = (file: string) => file.split(/[\\/]/)[0] ?? '';
