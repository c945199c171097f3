// Promise: after all verbs the Python SDK opens and continues every conversation that is left.
import { join } from 'node:path';
import { type AgentInputItem, OpenAIResponsesCompactionSession } from '@openai/agents';
import {
  atomicCompaction,
  openSessionStore,
  type SessionStore,
  textOf,
} from '@stackone/openai-agents-js-sessions';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import type { PythonSdk } from '../src/python-sdk.ts';
import { sqlalchemyUrl } from '../src/sqlalchemy-url.ts';
import { describePythonSdk } from '../src/vitest.ts';
import {
  lineOfJs,
  lineOfPython,
  linesOf,
  recordedRunInJs,
  runInJs,
  runInPython,
  type Turn,
} from './conversation.ts';

const TURNS: readonly Turn[] = [
  { input: 'How is the weather in Rome?', city: 'Rome', answer: 'Sunny, 30 degrees.' },
  { input: 'Thanks! 😀', answer: 'You are welcome.' },
  { input: 'And in Köln?', city: 'Köln', answer: 'Sunny as well.' },
];
const LATER: readonly Turn[] = [
  { input: 'Are you still there?', city: 'Oslo', answer: 'I am.' },
  { input: 'And now?', answer: 'I still am.' },
];

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const WAYS = [
  ['plain', {}, {}],
  ['encrypted', { encryption: { key: KEY } }, { key: KEY }],
] as const;

describePythonSdk((python) => {
  describe('sqlite', () => {
    const folder = temporaryFolder();
    continuesAll(python, true, async (name) => `sqlite:${join(folder, `${name}.db`)}`);
  });

  describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, server }) => {
    continuesAll(python, engine === 'postgres', async () => server.url(await server.createDatabase()));
  });
});

/** @param createTables - Whether Python can make its tables there. */
function continuesAll(
  python: PythonSdk,
  createTables: boolean,
  database: (name: string) => Promise<string>,
): void {
  test.each(WAYS)('%s', async (name, jsOptions, pythonOptions) => {
    const url = await database(name);
    await using store = await openSessionStore(url, { itemFormat: 'responses', ...jsOptions });
    const left = await playAllVerbs(store);
    const inPython = (sessionId: string) =>
      python.session({ sessionId, url: sqlalchemyUrl(url), createTables, ...pythonOptions });

    const listed: string[] = [];
    for await (const { id } of store.sessions.list()) listed.push(id);
    expect(listed.toSorted()).toEqual([...left.keys()].filter((id) => !id.startsWith('$')).toSorted());
    for (const [id, js] of left) {
      const before = (await js.getItems()).map(lineOfJs);
      const py = await inPython(id);
      const rows = await py.get();
      expect({ id, lines: rows.map(lineOfPython) }).toEqual({ id, lines: before });
      expect(await python.validate(rows)).toEqual(rows.map(() => null));
      const [first, second] = LATER as [Turn, Turn];
      expect(await runInPython(py, first)).toEqual([...before, `user: ${first.input}`]);
      expect(await runInJs(js, second)).toEqual([...before, ...linesOf(first), `user: ${second.input}`]);
      expect((await py.get()).map(lineOfPython)).toEqual([...before, ...LATER.flatMap(linesOf)]);
      await py.close();
    }
    for (const id of ['renamed', 'deleted', 'erased', 'cleared', '$tenant:6:former:chat']) {
      const py = await inPython(id);
      expect(await py.get()).toEqual([]);
      await py.close();
    }
  });
}

type Js = ReturnType<SessionStore['session']>;

/** Every verb there is, and what is left: conversations by the ids that they are stored under. */
async function playAllVerbs(store: SessionStore): Promise<Map<string, Js>> {
  const make = async (id: string, of = store.session(id)): Promise<Js> => {
    for (const turn of TURNS) await runInJs(of, turn);
    return of;
  };
  const left = new Map<string, Js>();
  const keep = async (id: string) => {
    left.set(id, await make(id));
    return left.get(id) as Js;
  };

  const forked = await keep('forked');
  await store.sessions.fork('forked', 'fork');
  await store.sessions.fork('forked', 'fork of a turn', { upTo: linesOf(TURNS[0] as Turn).length });
  for (const id of ['fork', 'fork of a turn']) left.set(id, store.session(id));
  await forked.popItem();
  await forked.addItems([answer('Another answer.')]);

  await make('renamed');
  await store.sessions.rename('renamed', 'new name');
  left.set('new name', store.session('new name'));

  const rewound = await keep('rewound');
  const { data } = await rewound.turns({ limit: 2 });
  expect(textOf(await rewound.rewind(data[0] ?? ''))).toBe(TURNS[1]?.input);
  await runInJs(rewound, TURNS[2] as Turn);

  const replaced = await keep('replaced turn');
  const [turn] = (await replaced.turns({ limit: 1 })).data;
  if (!turn) throw new Error('no turn');
  await replaced.replaceTurn(turn, [turn.input, answer('A better answer.')]);

  const edited = await keep('edited');
  const entries = (await edited.history()).data;
  const call = entries.find(({ item }) => item.type === 'function_call');
  expect(await edited.removeItem(call ?? '')).toHaveLength(2);
  await edited.replaceItem(entries[0] ?? '', { role: 'user', content: 'How is the weather in [removed]?' });

  const summarized = await keep('summarized');
  const old = (await summarized.getItems()).slice(0, 4);
  await summarized.replaceBeginning(old, [{ role: 'system', content: 'They spoke of Rome.' }]);

  const compacted = await keep('compacted');
  const client = {
    responses: { compact: async () => ({ output: [responsesMessage('All of it, in short.')] }) },
  };
  const compacting = atomicCompaction(
    compacted,
    (underlyingSession) =>
      new OpenAIResponsesCompactionSession({ underlyingSession, client: client as never }),
  );
  await compacting.runCompaction({ force: true });

  const changed = await keep('changed by the SDK');
  const transaction = { type: 'append_items' as const, items: [user('Appended.'), answer('So it is.')] };
  await changed.applyHistoryTransaction?.({ operationId: 'append', transaction });
  await changed.addItems([user('Once.')], undefined, { operationId: 'once' });
  await changed.addItems([user('Once.')], undefined, { operationId: 'once' });

  const described = await keep('described');
  await store.sessions.update('described', { title: 'Wetter 😀', metadata: { city: 'Köln' } });
  await described.recordUsage(await recordedRunInJs(described, TURNS[1] as Turn));
  expect((await described.usage()).requests).toBeGreaterThan(0);

  await store.transaction(async (tx) => {
    await tx.session('in a transaction').addItems([user('Together.'), answer('Yes.')]);
  });
  left.set('in a transaction', store.session('in a transaction'));

  await make('cleared').then((session) => session.clearSession());
  await make('deleted');
  expect((await store.sessions.delete('deleted')).deleted).toBe(true);
  await make('erased');
  expect((await store.sessions.delete({ ids: ['erased'] })).conversations).toBe(1);
  await make('chat', store.scoped('former').session('chat'));
  expect((await store.sessions.delete({ tenant: 'former' })).conversations).toBe(1);
  const acme = store.scoped('acme');
  left.set('$tenant:4:acme:chat', await make('chat', acme.session('chat')));

  expect((await store.prune({ olderThan: new Date(0), keep: { turns: 2 } })).shortened).toBeGreaterThan(0);
  expect((await acme.prune({ keep: { turns: 1 } })).shortened).toBe(1);
  expect(await acme.session('chat').getItems()).toHaveLength(linesOf(TURNS[2] as Turn).length);
  return left;
}

function user(content: string): AgentInputItem {
  return { role: 'user', content };
}

function answer(text: string): AgentInputItem {
  return {
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text }],
  };
}

/** As the Responses API gives it. */
function responsesMessage(text: string) {
  const content = [{ type: 'output_text', text, annotations: [] }];
  return { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content };
}
