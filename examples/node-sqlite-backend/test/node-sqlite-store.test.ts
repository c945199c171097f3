// Promise: Your own backend.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { playScene, SCENES } from '@stackone/runner-script';
import {
  backendConformance,
  sessionConformance,
  sessionFeatures,
  storeConformance,
} from '@stackone/sessions-core/conformance';
import { temporaryFolder } from '@stackone/test-environment';
import { describe, expect, test } from 'vitest';
import { NodeSqliteBackend, NodeSqliteStore } from '../node-sqlite-store.ts';

const run = promisify(execFile);

const folder = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const { supports } = new NodeSqliteStore(newFile());

backendConformance({
  name: 'the port',
  describe,
  test,
  open: () => {
    const backend = new NodeSqliteBackend(newFile());
    return { backend, close: () => backend.close() };
  },
  supports,
});

const { covered, notCovered } = storeConformance({
  name: 'the store',
  describe,
  test,
  open: () => {
    const file = newFile();
    const raw = new DatabaseSync(file);
    return {
      store: new NodeSqliteStore(file).on('warning', () => {}),
      reopen: () => new NodeSqliteStore(file),
      insertRaw: (id, text) =>
        raw.prepare('INSERT INTO items (session_id, text) VALUES (?, ?)').run(id, text),
      outOfReach: () => {
        const missing = newFile();
        return { store: new NodeSqliteStore(join(missing, 'a.db')), mend: () => mkdirSync(missing) };
      },
      close: () => raw.close(),
    };
  },
  supports: { ...supports, tenants: true, limits: true, reopen: true, raw: true, outOfReach: true },
});

sessionConformance({
  name: 'sessions alone',
  describe,
  test,
  open: () => new NodeSqliteStore(newFile()),
  supports: sessionFeatures(supports),
});

test('nothing is not covered but the transactions of an application, store.sessions, history, usage and watches', () => {
  expect(covered.length).toBeGreaterThan(180);
  expect(new Set(notCovered.flatMap(({ needs }) => needs))).toEqual(
    new Set([
      'transactions',
      'retention',
      'inTransaction',
      'ownTransactions',
      'conversations',
      'metadata',
      'copying',
      'erasure',
      'history',
      'usage',
      'watching',
    ]),
  );
});

test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
  await using store = new NodeSqliteStore(newFile());
  await playScene(name, (sessionId) => store.session(sessionId), 'chat_123');
});

test('several connections at the same time wait for each other', async () => {
  const file = newFile();
  const program = `
    import { NodeSqliteStore } from ${JSON.stringify(new URL('../node-sqlite-store.ts', import.meta.url).href)};
    const store = new NodeSqliteStore(process.argv[1]);
    for (let turn = 0; turn < 20; turn++) {
      const content = process.pid + '-' + turn;
      await store.session('chat').addItems([{ role: 'user', content }, { role: 'user', content }]);
    }`;
  const args = ['--input-type=module', '-e', program, '--', file];
  await Promise.all([1, 2, 3].map(() => run(process.execPath, args)));
  await using store = new NodeSqliteStore(file);
  const contents = (await store.session('chat').getItems()).map(
    (item) => (item as { content: string }).content,
  );
  expect(contents.length).toBe(120);
  for (let index = 0; index < 120; index += 2) expect(contents[index]).toBe(contents[index + 1]);
});

test('the command line finds nothing to blame', async () => {
  const module = join(folder, 'my-store.ts');
  const source = new URL('../node-sqlite-store.ts', import.meta.url).href;
  writeFileSync(
    module,
    `import { NodeSqliteStore } from '${source}';
    export const open = () => new NodeSqliteStore(':memory:').on('warning', () => {});`,
  );
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@stackone/openai-agents-js-sessions/package.json');
  const { bin } = require(manifest) as { bin: { sessions: string } };
  const { stdout } = await run(process.execPath, [join(manifest, '..', bin.sessions), 'conformance', module]);
  expect(stdout).toMatch(/\d{3} passed, 0 failed, \d+ not covered\n$/);
});

test('an example is read in one go: under 150 lines', () => {
  const source = readFileSync(new URL('../node-sqlite-store.ts', import.meta.url), 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThan(150);
});
