import { setImmediate as tick } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AppendBatch, AppendOutcome, SessionBackend } from '../../src/backend.js';
import {
  SESSION_ERROR_CODES,
  SessionError,
  type SessionErrorCode,
  SessionStore,
  type StoreOptions,
} from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

/** A store whose commits are told by their texts, last until the test ends them, and fail where it wants. */
async function gatedStore(options: StoreOptions = {}, change: (backend: SessionBackend) => void = () => {}) {
  const backend: SessionBackend = createToyBackend();
  const append = backend.append.bind(backend) as (batches: readonly AppendBatch[]) => AppendOutcome[];
  const commits: string[][] = [];
  const gates: (() => void)[] = [];
  const refused = new Map<string, SessionErrorCode>();
  backend.append = async (batches) => {
    const texts = batches.flatMap((batch) => batch.texts.map((text) => JSON.parse(text).content as string));
    commits.push(texts);
    await new Promise<void>((resolve) => gates.push(resolve));
    const code = texts.map((text) => refused.get(text)).find((found) => found !== undefined);
    if (code) throw new SessionError(code, 'refused by the test');
    return append(batches);
  };
  change(backend);
  const store = await new SessionStore(
    { name: 'gated', supports: backend.supports, open: () => backend },
    options,
  ).open();
  return {
    store,
    commits,
    refused,
    /** Adds a turn of the texts; its end is told as its code. */
    add: (sessionId: string, ...texts: string[]) =>
      store
        .session(sessionId)
        .addItems(texts.map(message))
        .then(
          () => 'stored',
          (error: SessionError) => error.code,
        ),
    /** Ends the commit that began first, and waits until what follows from it has begun. */
    end: async () => {
      gates.shift()?.();
      await settled();
    },
    /** Ends commits until none is left. */
    endAll: async () => {
      for (;;) {
        const gate = gates.shift();
        if (!gate) return;
        gate();
        await settled();
      }
    },
  };
}

/** What follows from an answer begins some ticks of the event loop later. */
async function settled(): Promise<void> {
  for (let count = 0; count < 5; count++) await tick();
}

// The true timers cannot be replaced from outside; here the test moves the clock, so that no commit depends on how busy
// the machine is.
vi.mock('../../src/port/timers.js', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../../src/port/timers.js')>()),
  now: () => performance.now(),
  startTimer(ms: number, call: () => void) {
    const timeout = setTimeout(call, ms);
    return { cancel: () => clearTimeout(timeout), unref: () => undefined };
  },
}));

function message(content: string): AgentInputItem {
  return { role: 'user', content };
}

// a busy machine must not look like a commit that takes long
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterAll(() => {
  vi.useRealTimers();
});

test('a turn that is alone goes out at once; turns that arrive meanwhile go out together when it ends', async () => {
  const { add, commits, end, endAll } = await gatedStore();
  const turns = [add('a', 'a1'), add('b', 'b1'), add('a', 'a2'), add('c', 'c1')];
  expect(commits).toEqual([['a1']]);
  await end();
  expect(commits).toEqual([['a1'], ['b1', 'a2', 'c1']]);
  await endAll();
  expect(await Promise.all(turns)).toEqual(['stored', 'stored', 'stored', 'stored']);
});

test('a turn is done only after its own commit', async () => {
  const { add, end, endAll } = await gatedStore();
  const done: string[] = [];
  const turns = ['a', 'b'].map((id) => add(id, id).then(() => done.push(id)));
  expect(done).toEqual([]);
  await end();
  expect(done).toEqual(['a']);
  await endAll();
  await Promise.all(turns);
  expect(done).toEqual(['a', 'b']);
});

test('whoever was answered just now comes along with his next turn', async () => {
  const { add, commits, end, endAll } = await gatedStore();
  const loops = ['a', 'b', 'c'].map(async (id) => {
    for (const number of [1, 2, 3]) await add(id, `${id}${number}`);
  });
  for (let round = 0; round < 3; round++) await end();
  await endAll();
  await Promise.all(loops);
  expect(commits.map((texts) => texts.length)).toEqual([1, 3, 3, 2]);
});

test('of many conversations, three commits take turns', async () => {
  const { add, commits, end, endAll } = await gatedStore();
  const ids = Array.from({ length: 63 }, (_, index) => String(index));
  const loops = ids.map(async (id) => {
    for (let number = 0; number < 9; number++) await add(id, id);
  });
  for (let count = 0; count < 12; count++) await end();
  const turns = commits.slice(6, 15);
  expect(turns.map((texts) => texts.length)).toEqual(Array(9).fill(21));
  for (const index of [0, 1, 2, 3, 4, 5, 6])
    expect(new Set(turns.slice(index, index + 3).flat()).size).toBe(63);
  await endAll();
  await Promise.all(loops);
});

test('calls of one conversation keep their order, whatever they are', async () => {
  const { store, add, commits, endAll } = await gatedStore();
  const session = store.session('a');
  const turns = [add('a', '1'), add('a', '2'), session.popItem(), add('a', '3'), session.getItems()];
  await endAll();
  expect(commits).toEqual([['1'], ['2'], ['3']]);
  expect(await Promise.all(turns)).toEqual([
    'stored',
    'stored',
    message('2'),
    'stored',
    [message('1'), message('3')],
  ]);
});

test('conversations are served in rotation, within bounds of rows and characters', async () => {
  const { add, commits, end, endAll } = await gatedStore();
  const many = Array.from({ length: 900 }, (_, index) => String(index));
  const first = add('z', 'first');
  const turns = [add('a', ...many), add('a', ...many), add('a', ...many), add('b', 'b')];
  await end();
  expect(commits[1]?.slice(899, 901)).toEqual(['899', 'b']);
  expect(commits[1]).toHaveLength(1801);
  await endAll();
  const long = 'x'.repeat(3_000_000);
  turns.push(add('z', 'last'), add('c', long), add('d', long));
  await endAll();
  await Promise.all([first, ...turns]);
  expect(commits.slice(2).map((texts) => texts.length)).toEqual([900, 1, 1, 1]);
});

test('the turn that the database refuses fails alone', async () => {
  const { store, add, refused, endAll } = await gatedStore();
  refused.set('bad', 'CONSTRAINT_VIOLATED');
  const turns = [add('a', '1'), add('b', '2'), add('c', 'bad'), add('c', '3'), add('d', '4')];
  await endAll();
  expect(await Promise.all(turns)).toEqual(['stored', 'stored', 'CONSTRAINT_VIOLATED', 'stored', 'stored']);
  expect(await store.session('c').getItems()).toEqual([message('3')]);
});

/** What proves that nothing was stored, and may be the fault of one turn. */
const OF_ONE_TURN: SessionErrorCode[] = [
  'BUSY',
  'CONSTRAINT_VIOLATED',
  'ITEM_TOO_LARGE',
  'PERMISSION_DENIED',
  'SCHEMA_MISMATCH',
  'SESSION_ERASED',
  'STORAGE_FULL',
  'TRANSACTION_CONFLICT',
  'UNSUPPORTED_VALUE',
];

test.each(OF_ONE_TURN)(
  'the one of 1,500 turns that ends in %s fails alone, under the limit of commits',
  async (code) => {
    const backend: SessionBackend = createToyBackend();
    const append = backend.append.bind(backend) as (batches: readonly AppendBatch[]) => AppendOutcome[];
    let commits = 0;
    let inFlight = 0;
    let most = 0;
    backend.append = async (batches) => {
      commits++;
      most = Math.max(most, ++inFlight);
      await tick();
      inFlight--;
      if (batches.some(({ texts }) => texts.join().includes('bad'))) throw new SessionError(code, 'refused');
      return append(batches);
    };
    const store = new SessionStore({ name: 'counting', supports: backend.supports, open: () => backend });
    const contentOf = (index: number) => (index === 700 ? 'bad' : `good ${index}`);
    const results = await Promise.allSettled(
      Array.from({ length: 1500 }, (_, index) =>
        store.session(`chat ${index % 500}`).addItems([message(contentOf(index))]),
      ),
    );
    const failed = results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []));
    expect(failed).toEqual([700]);
    expect(await store.session('chat 200').getItems()).toEqual([200, 1200].map((n) => message(contentOf(n))));
    expect(most).toBeLessThanOrEqual(8);
    if (code !== 'BUSY') expect(commits).toBeLessThan(60);
    await store.close();
  },
);

test.each(SESSION_ERROR_CODES.filter((code) => !OF_ONE_TURN.includes(code)))(
  'after %s every turn of the commit says so, and none is repeated',
  async (code) => {
    const { add, refused, commits, endAll } = await gatedStore();
    refused.set('3', code);
    const turns = [add('a', '1'), add('b', '2'), add('c', '3')];
    await endAll();
    expect(await Promise.all(turns)).toEqual(['stored', code, code]);
    expect(commits).toEqual([['1'], ['2', '3']]);
  },
);

test('what is no SessionError reaches every turn', async () => {
  const { store, end } = await gatedStore({}, (backend) => {
    backend.append = async () => {
      throw new RangeError('a mistake of the backend');
    };
  });
  await expect(store.session('a').addItems([message('1')])).rejects.toThrow(RangeError);
  await end();
});

test('a commit that takes long delays only its own conversations', async () => {
  const { add, commits, endAll } = await gatedStore();
  const turns = [add('stuck', '1'), add('a', 'a1'), add('b', 'b1'), add('stuck', '2')];
  await vi.advanceTimersByTimeAsync(60);
  expect(commits).toEqual([['1'], ['a1', 'b1']]);
  turns.push(add('c', 'c1'));
  await vi.advanceTimersByTimeAsync(60);
  expect(commits).toEqual([['1'], ['a1', 'b1'], ['c1']]);
  await endAll();
  expect(commits.at(-1)).toEqual(['2']);
  expect(new Set(await Promise.all(turns))).toEqual(new Set(['stored']));
});

test('a turn that can be repeated shares no commit with one that cannot', async () => {
  const { store, add, commits, endAll } = await gatedStore();
  const once = (id: string) => store.session(id).addItems([message(id)], undefined, { operationId: id });
  const turns = [add('a', 'a'), once('b'), add('c', 'c'), once('d')];
  await endAll();
  await Promise.all(turns);
  expect(commits).toEqual([['a'], ['b', 'd'], ['c']]);
});

test("with groupCommit: 'session' a commit is one conversation's", async () => {
  const { add, commits, endAll } = await gatedStore({ groupCommit: 'session' });
  const turns = [add('a', 'a1'), add('b', 'b1'), add('a', 'a2'), add('a', 'a3'), add('b', 'b2')];
  expect(commits).toEqual([['a1'], ['b1']]);
  await endAll();
  await Promise.all(turns);
  expect(commits).toEqual([['a1'], ['b1'], ['a2', 'a3'], ['b2']]);
});

test("over tables that are split by conversation a commit is one conversation's, whatever groupCommit says", async () => {
  const { add, commits, endAll } = await gatedStore({ groupCommit: true }, (backend) => {
    Object.defineProperty(backend, 'gathersBySession', { value: true });
  });
  const turns = [
    add('a', 'a1'),
    add('b', 'b1'),
    add('a', 'a2'),
    add('c', 'c1'),
    add('a', 'a3'),
    add('b', 'b2'),
  ];
  await endAll();
  await Promise.all(turns);
  expect(commits).toEqual([['a1'], ['b1'], ['c1'], ['a2', 'a3'], ['b2']]);
});

test('with groupCommit: false every turn has its own commit', async () => {
  const { add, commits, endAll } = await gatedStore({ groupCommit: false });
  const turns = [add('a', 'a1'), add('b', 'b1'), add('a', 'a2')];
  expect(commits).toEqual([['a1'], ['b1']]);
  await endAll();
  await Promise.all(turns);
  expect(commits).toEqual([['a1'], ['b1'], ['a2']]);
});

test('over a synchronous driver the turns of one tick go out together', async () => {
  const { add, commits, endAll } = await gatedStore({}, (backend) => {
    Object.defineProperty(backend, 'gathersByTick', { value: true });
  });
  const turns = [add('a', 'a1'), Promise.resolve().then(() => add('b', 'b1'))];
  process.nextTick(() => turns.push(add('c', 'c1')));
  await settled();
  expect(commits).toEqual([['a1', 'b1', 'c1']]);
  await endAll();
  await Promise.all(turns);
});

test('close waits for the turns that gathered', async () => {
  const { store, add, commits, end } = await gatedStore();
  const turns = [add('a', '1'), add('b', '2')];
  const closed = store.close();
  await end();
  expect(commits).toEqual([['1'], ['2']]);
  await end();
  await closed;
  expect(await Promise.all(turns)).toEqual(['stored', 'stored']);
});
