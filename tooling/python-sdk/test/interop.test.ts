// Promise: Python and JavaScript on one conversation.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AgentInputItem } from '@openai/agents';
import {
  type OpenStoreOptions,
  openSessionStore,
  type SessionStore,
} from '@stackone/openai-agents-js-sessions';
import { temporaryFolder, variants } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import DatabaseFile from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PythonItem, PythonSdk, PythonSession } from '../src/python-sdk.ts';
import { sqlalchemyUrl } from '../src/sqlalchemy-url.ts';
import { describePythonSdk } from '../src/vitest.ts';
import { lineOfJs, lineOfPython, linesOf, runInJs, runInPython, type Turn } from './conversation.ts';

const TURNS: readonly Turn[] = [
  { input: 'How is the weather in Rome?', city: 'Rome', answer: 'Sunny, 30 degrees.' },
  { input: 'Thanks! 😀', answer: 'You are welcome.' },
  { input: 'And in Köln?', city: 'Köln', answer: 'Sunny as well.' },
  { input: 'Good bye.', answer: 'Bye.' },
];

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

/** How conversations are stored, with what both languages are told of it. */
const WAYS = [
  ['plain', {}, {}],
  ['encrypted', { encryption: { key: KEY } }, { key: KEY }],
] as const;

/** One database as both languages reach it. */
interface Database {
  readonly url: string;
  /** SQLAlchemy's URL of it. */
  readonly pythonUrl: string;
  /** Whether the Python SDK can make its tables there. */
  readonly pythonMakesTables: boolean;
  /** Over a connection of neither. */
  execute(sql: string): Promise<unknown> | unknown;
}

describePythonSdk((python, version) => {
  describe('sqlite', () => {
    const folder = temporaryFolder();
    const databaseIn = (file: string): Database => ({
      url: `sqlite:${join(folder, file)}`,
      pythonUrl: sqlalchemyUrl(`sqlite:${join(folder, file)}`),
      pythonMakesTables: true,
      execute: (sql) => {
        const database = new DatabaseFile(join(folder, file));
        database.exec(sql);
        database.close();
      },
    });
    shareConversations({ python, pythonLocks: true }, databaseIn('shared.db'), () =>
      databaseIn('python-first.db'),
    );

    test.each(['js', 'python'])("Python's SQLiteSession, tables made by %s", async (first) => {
      const path = join(folder, `sync-${first}.db`);
      const sessionId = randomUUID();
      const inPython = () => python.session({ sessionId, path });
      const early = first === 'python' ? await inPython() : undefined;
      await using store = await openSessionStore(`sqlite:${path}`, { itemFormat: 'responses' });
      await alternate(store.session(sessionId), early ?? (await inPython()));
    });
  });

  describeEngine(variants<Target>(['postgres:18', 'mysql'], ['mariadb:10.11']), ({ url, server }) => {
    const isPostgres = url.startsWith('postgres');
    const databaseAt = (at: string): Database => ({
      url: at,
      pythonUrl: sqlalchemyUrl(at),
      pythonMakesTables: isPostgres,
      execute: (sql) => server.query(sql, decodeURIComponent(new URL(at).pathname.slice(1))),
    });
    let fresh: Database | undefined;
    beforeAll(async () => {
      fresh = databaseAt(server.url(await server.createDatabase()));
    });
    shareConversations({ python, pythonLocks: version !== '0.22' }, databaseAt(url), () => fresh as Database);

    // there is none for Macs of this kind that needs no compiler
    if (isPostgres || (process.platform === 'darwin' && process.arch === 'x64')) return;
    test.each(WAYS)('by asyncmy, the other driver, %s', async (_, jsOptions, pythonOptions) => {
      const sessionId = randomUUID();
      await using store = await openSessionStore(url, optionsWith(jsOptions));
      const pythonUrl = sqlalchemyUrl(url, 'asyncmy');
      const py = await python.session({ sessionId, url: pythonUrl, createTables: false, ...pythonOptions });
      await alternate(store.session(sessionId), py);
      await py.close();
    });
  });
});

/** The Python SDK on a database. */
interface Language {
  readonly python: PythonSdk;
  /** Whether its writers take turns: those of SQLite do, and since 0.23 those of every database. */
  readonly pythonLocks: boolean;
}

/** Everything that both languages do with one conversation, on one database. */
function shareConversations(
  { python, pythonLocks }: Language,
  database: Database,
  untouched: () => Database,
): void {
  describe.each(WAYS)('%s', (_, jsOptions, pythonOptions) => {
    let store: SessionStore;
    beforeAll(async () => {
      store = await openSessionStore(database.url, optionsWith(jsOptions));
    });
    afterAll(() => store.close());

    const conversation = async (sessionId = randomUUID() as string) => ({
      js: store.session(sessionId),
      python: await python.session({
        sessionId,
        url: database.pythonUrl,
        createTables: database.pythonMakesTables,
        ...pythonOptions,
      }),
    });

    test('Python writes, JS goes on', async () => {
      const { js, python: py } = await conversation();
      const [first, second] = TURNS as [Turn, Turn];
      await runInPython(py, first);
      expect(await runInJs(js, second)).toEqual([...linesOf(first), `user: ${second.input}`]);
      await expectBothToSee(js, py, [first, second]);
      await py.close();
    });

    test('JS writes, Python goes on', async () => {
      const { js, python: py } = await conversation();
      const [first, second] = TURNS as [Turn, Turn];
      await runInJs(js, first);
      expect(await runInPython(py, second)).toEqual([...linesOf(first), `user: ${second.input}`]);
      await expectBothToSee(js, py, [first, second]);
      await py.close();
    });

    test('turn by turn', async () => {
      const { js, python: py } = await conversation();
      await alternate(js, py);
      await py.close();
    });

    test('every row that JS writes is one of the Responses API to Python', async () => {
      const { js, python: py } = await conversation();
      for (const turn of TURNS) await runInJs(js, turn);
      const rows = await py.get();
      expect(await python.validate(rows)).toEqual(rows.map(() => null));
      await py.close();
    });

    test('either removes the newest item, and clears what the other wrote', async () => {
      const { js, python: py } = await conversation();
      await runInJs(js, TURNS[0] as Turn);
      await runInPython(py, TURNS[1] as Turn);
      const lines = [...linesOf(TURNS[0] as Turn), ...linesOf(TURNS[1] as Turn)];
      expect(lineOfJs((await js.popItem()) as AgentInputItem)).toBe(lines.at(-1));
      expect(lineOfPython((await py.pop()) as PythonItem)).toBe(lines.at(-2));
      expect(lineOfPython((await py.pop()) as PythonItem)).toBe(lines.at(-3));
      expect(lineOfJs((await js.popItem()) as AgentInputItem)).toBe(lines.at(-4));
      await py.clear();
      expect(await js.getItems()).toEqual([]);
      await runInPython(py, TURNS[2] as Turn);
      await js.clearSession();
      expect(await py.get()).toEqual([]);
      await runInJs(js, TURNS[3] as Turn);
      await py.clear();
      expect(await js.popItem()).toBeUndefined();
      await py.close();
    });

    test('a title outlives what Python writes and clears, and Python goes on where JS made a chat by its title', async () => {
      const sessionId = randomUUID();
      const { js, python: py } = await conversation(sessionId);
      const described = async () => {
        const { title, metadata, version } = (await store.sessions.retrieve(sessionId)) ?? {};
        return [title, metadata, version];
      };
      await store.sessions.update(sessionId, { title: 'Wetter 😀', metadata: { city: 'Köln' } });
      await runInPython(py, TURNS[0] as Turn);
      expect(await described()).toEqual(['Wetter 😀', { city: 'Köln' }, 1]);
      await py.clear();
      expect(await store.sessions.retrieve(sessionId)).toBeUndefined();
      await runInPython(py, TURNS[1] as Turn);
      expect(await described()).toEqual(['Wetter 😀', { city: 'Köln' }, 1]);
      expect(await runInJs(js, TURNS[3] as Turn)).toEqual([
        ...linesOf(TURNS[1] as Turn),
        `user: ${TURNS[3]?.input}`,
      ]);
      expect((await store.sessions.delete(sessionId)).removed.metadata).toBe(1);
      expect(await py.get()).toEqual([]);
      await py.close();
    });

    test.each([
      'it\'s "quoted"; -- \\ % _ $1 ? :a %s {b}',
      'ÄÖÜ ß 你好 😀 e\u0301 \u200d',
      ' spaces at both ends ',
      'a\nline\tand\u0001control',
      '😀'.repeat(255),
    ])('an id of any characters: %j', async (sessionId) => {
      const { js, python: py } = await conversation(sessionId);
      await js.clearSession(); // it may be that of an earlier test
      await alternate(js, py);
      await js.clearSession();
      await py.close();
    });

    test('ids that look alike are those of different conversations to both', async () => {
      const base = randomUUID();
      const ids = [`${base}a`, `${base}A`, `${base}a `, ` ${base}a`, `${base}ä`, `${base}a\u0308`];
      const conversations = await Promise.all(ids.map((id) => conversation(id)));
      for (const [number, { js, python: py }] of conversations.entries()) {
        await js.addItems([message(`js ${number}`)]);
        await py.add([message(`python ${number}`) as unknown as PythonItem]);
      }
      for (const [number, { js, python: py }] of conversations.entries()) {
        const lines = [`user: js ${number}`, `user: python ${number}`];
        expect((await js.getItems()).map(lineOfJs)).toEqual(lines);
        expect((await py.get()).map(lineOfPython)).toEqual(lines);
        await py.close();
      }
    });

    test('corrupt rows are passed over by both, and removed by a pop of either', async () => {
      const sessionId = randomUUID();
      const { python: py } = await conversation(sessionId);
      await using other = await openSessionStore(database.url, optionsWith(jsOptions));
      other.on('warning', () => {});
      const js = other.session(sessionId);
      await js.addItems([message('one')]);
      await damage(database, sessionId);
      await py.add([message('two') as unknown as PythonItem]);
      await damage(database, sessionId);
      expect((await js.getItems()).map(lineOfJs)).toEqual(['user: one', 'user: two']);
      expect((await py.get()).map(lineOfPython)).toEqual(['user: one', 'user: two']);
      expect(lineOfJs((await js.popItem()) as AgentInputItem)).toBe('user: two');
      expect(lineOfPython((await py.pop()) as PythonItem)).toBe('user: one');
      expect(await js.getItems()).toEqual([]);
      await py.close();
    });

    // 0.22 takes no lock: its pops fail, or double what others popped
    if (pythonLocks)
      test('pops of both languages at the same time give each item once', async () => {
        const { js, python: py } = await conversation();
        const items = Array.from({ length: 12 }, (_unused, number) => message(`${number}`));
        await js.addItems(items);
        const pops = items.map((_unused, number) =>
          number % 2 === 0
            ? js.popItem().then((item) => lineOfJs(item as AgentInputItem))
            : py.pop().then((item) => lineOfPython(item as PythonItem)),
        );
        expect((await Promise.all(pops)).toSorted()).toEqual(items.map(lineOfJs).toSorted());
        expect(await js.getItems()).toEqual([]);
        await py.close();
      });

    test('writers of both languages at the same time', async () => {
      const { js, python: py } = await conversation();
      await js.addItems([message('begin 0'), message('begin 1')]); // Python's first writers deadlock on MySQL
      const turnOf = (name: string) => [message(`${name} 0`), message(`${name} 1`), message(`${name} 2`)];
      const names = (language: string) => Array.from({ length: 10 }, (_unused, index) => language + index);
      const written = await Promise.allSettled([
        ...names('js').map((name) => js.addItems(turnOf(name))),
        ...names('python').map((name) => py.add(turnOf(name) as unknown as PythonItem[])),
      ]);
      const failed = written.map(({ status }) => status === 'rejected');
      expect(failed.slice(0, 10)).toEqual(names('js').map(() => false));
      const readers = [(await js.getItems()).map(lineOfJs), (await py.get()).map(lineOfPython)];
      await py.close();
      if (pythonLocks) {
        expect(failed).not.toContain(true);
        for (const lines of readers) expectWholeTurns(lines, [...names('js'), ...names('python')]);
      } else {
        // 0.22 takes no lock: its turns may fail or be torn, and tear others. Nothing of ours is lost.
        const ours = names('js').flatMap((name) => turnOf(name).map(lineOfJs));
        for (const lines of readers)
          expect(lines.filter((line) => line.startsWith('user: js')).sort()).toEqual(ours.sort());
      }
    });
  });

  test('a row that is JSON and no item is passed over by JS; Python hands it out', async () => {
    const sessionId = randomUUID();
    await using store = await openSessionStore(database.url, optionsWith({}));
    store.on('warning', () => {});
    const js = store.session(sessionId);
    const createTables = database.pythonMakesTables;
    const py = await python.session({ sessionId, url: database.pythonUrl, createTables });
    await js.addItems([message('one')]);
    await damage(database, sessionId, '[5]');
    expect((await js.getItems()).map(lineOfJs)).toEqual(['user: one']);
    expect(await py.get()).toEqual([message('one'), [5]]);
    expect(lineOfJs((await js.popItem()) as AgentInputItem)).toBe('user: one');
    expect(await py.get()).toEqual([]);
    await py.close();
  });

  test('tables that Python made, where it can', async () => {
    const { url, pythonUrl, pythonMakesTables } = untouched();
    const sessionId = randomUUID();
    const py = () => python.session({ sessionId, url: pythonUrl, createTables: pythonMakesTables });
    if (!pythonMakesTables) {
      const early = await python.session({ sessionId, url: pythonUrl, createTables: true });
      await expect(early.get()).rejects.toThrow(/CompileError/);
      await early.close();
    } else {
      const early = await py();
      await runInPython(early, TURNS[0] as Turn);
      await early.clear();
      await early.close();
    }
    await using store = await openSessionStore(url, optionsWith({}));
    const late = await py();
    await alternate(store.session(sessionId), late);
    await late.close();
  });
}

/** Whether the turns of these names, of three items each, are all there, each next to each other. */
function expectWholeTurns(lines: readonly string[], names: readonly string[]): void {
  const turns = lines.slice(2); // the conversation began with two items
  const found = turns.filter((_, at) => at % 3 === 0).map((line) => line.split(' ')[1] ?? '');
  expect(found.toSorted()).toEqual(names.toSorted());
  expect(turns).toEqual(found.flatMap((name) => [0, 1, 2].map((n) => `user: ${name} ${n}`)));
}

function optionsWith(options: OpenStoreOptions): OpenStoreOptions {
  return { itemFormat: 'responses', ...options };
}

function message(content: string): AgentInputItem {
  return { role: 'user', content };
}

/** Puts a row that is no item at the end of a conversation. */
async function damage({ execute }: Database, sessionId: string, text = '{"no item'): Promise<void> {
  await execute(`INSERT INTO agent_messages (session_id, message_data) VALUES ('${sessionId}', '${text}')`);
}

type Js = ReturnType<SessionStore['session']>;

/** The languages take turns, and each finds what the other left. */
async function alternate(js: Js, py: PythonSession): Promise<void> {
  for (const [number, turn] of TURNS.entries()) {
    const before = TURNS.slice(0, number).flatMap(linesOf);
    const seen = number % 2 === 0 ? await runInPython(py, turn) : await runInJs(js, turn);
    expect(seen).toEqual([...before, `user: ${turn.input}`]);
    await expectBothToSee(js, py, TURNS.slice(0, number + 1));
  }
}

async function expectBothToSee(js: Js, py: PythonSession, turns: readonly Turn[]): Promise<void> {
  const lines = turns.flatMap(linesOf);
  expect((await js.getItems()).map(lineOfJs)).toEqual(lines);
  expect((await py.get()).map(lineOfPython)).toEqual(lines);
  expect((await js.getItems(2)).map(lineOfJs)).toEqual(lines.slice(-2));
  expect((await py.get(2)).map(lineOfPython)).toEqual(lines.slice(-2));
}
