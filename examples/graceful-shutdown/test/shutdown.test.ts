import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelServer, startModelServer } from '@stackone/model-server';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { temporaryFolder, variants, wholeMatrix } from '@stackone/test-environment';
import { ServerProcess } from '@stackone/test-environment/server-process';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { lockConversation } from './conversation-lock.ts';

const SERVER = join(import.meta.dirname, '../server.ts');

/** Copies of the server, beside it, so that they find what it imports. */
const COPIES = join(import.meta.dirname, '../.samples');
afterAll(() => rmSync(COPIES, { recursive: true, force: true }));

const SIGNALS = variants<NodeJS.Signals>(['SIGTERM'], ['SIGINT']);

let chats = 0;

/** A server on a database, with a model that answers when the test says so, and a conversation that nobody used. */
async function started(url: string, program = SERVER) {
  const model = await startModelServer();
  onTestFinished(() => model[Symbol.asyncDispose]());
  const server = await ServerProcess.start(program, { DATABASE_URL: url, ...model.environment });
  onTestFinished(() => server.kill('SIGKILL'));
  return { model, server, chat: `chat_${++chats}` };
}

/** Sends a message to a conversation; gives the answer, or what became of the request. */
async function say(
  { url }: ServerProcess,
  chat: string,
  message: string,
  signal?: AbortSignal,
): Promise<string> {
  try {
    const response = await fetch(`${url}/${chat}`, {
      method: 'POST',
      body: message,
      ...(signal && { signal }),
    });
    return response.ok ? await response.text() : `status ${response.status}`;
  } catch (error) {
    return `no answer: ${(error as Error).name}`;
  }
}

/** Says something, and has it answered at once. */
async function exchange(server: ServerProcess, model: ModelServer, chat: string, text: string) {
  const answered = say(server, chat, text);
  (await model.nextCall()).answer(`Answer to: ${text}`);
  expect(await answered).toBe(`Answer to: ${text}`);
}

/** What is stored of a conversation, as it was said. */
async function stored(url: string, chat: string): Promise<string[]> {
  await using store = await openSessionStore(url);
  const items = await store.session(`/${chat}`).getItems();
  return items.map((item) => {
    if (!('role' in item)) return String(item.type);
    return typeof item.content === 'string'
      ? item.content
      : item.content.map((part) => ('text' in part ? part.text : part.type)).join('');
  });
}

/** The server with other words in its source. */
function variant(name: string, [from, to]: readonly [string, string]): string {
  const source = readFileSync(SERVER, 'utf8');
  expect(source).toContain(from);
  mkdirSync(COPIES, { recursive: true });
  const file = join(COPIES, `${name}.ts`);
  writeFileSync(file, source.replaceAll(from, to));
  return file;
}

function describeShutdown(url: string): void {
  test.for(SIGNALS)('%s while the model answers: the turn is answered and stored', async (signal) => {
    const { model, server, chat } = await started(url);
    await exchange(server, model, chat, 'one');
    const answered = say(server, chat, 'two');
    const call = await model.nextCall();
    server.kill(signal);
    await server.refusesConnections();
    call.answer('Answer to: two');
    expect(await answered).toBe('Answer to: two');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await stored(url, chat)).toEqual(['one', 'Answer to: one', 'two', 'Answer to: two']);
  });

  test('SIGTERM while the turn waits to be stored: it is stored whole', async () => {
    const { model, server, chat } = await started(url);
    await exchange(server, model, chat, 'one');
    const lock = await lockConversation(url, `/${chat}`);
    const answered = say(server, chat, 'two');
    (await model.nextCall()).answer('Answer to: two');
    await lock.awaited();
    server.kill('SIGTERM');
    // a process that waits for SQLite hears nothing until it has what it waits for
    if (!url.startsWith('sqlite:')) await server.refusesConnections();
    await lock.release();
    expect(await answered).toBe('Answer to: two');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await stored(url, chat)).toEqual(['one', 'Answer to: one', 'two', 'Answer to: two']);
  });
}

/** What depends on the database least. */
function describeMoreShutdowns(url: string): void {
  test('SIGTERM when the client has gone: the turn is stored', async () => {
    const { model, server, chat } = await started(url);
    const client = new AbortController();
    const answered = say(server, chat, 'one', client.signal);
    const call = await model.nextCall();
    client.abort();
    expect(await answered).toBe('no answer: AbortError');
    server.kill('SIGTERM');
    await server.refusesConnections();
    call.answer('Answer to: one');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await stored(url, chat)).toEqual(['one', 'Answer to: one']);
  });

  test('several turns, and the signal again and again', async () => {
    const { model, server, chat } = await started(url);
    const texts = ['one', 'two', 'three', 'four'];
    const answered = texts.map((text, at) => say(server, `${chat}_${at}`, text));
    const calls = await Promise.all(texts.map(() => model.nextCall()));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
      server.kill(signal);
      await server.refusesConnections();
    }
    for (const call of calls) call.answer('Yes.');
    expect(await Promise.all(answered)).toEqual(texts.map(() => 'Yes.'));
    expect(await server.ended).toEqual({ code: 0, signal: null });
    for (const [at, text] of texts.entries())
      expect(await stored(url, `${chat}_${at}`)).toEqual([text, 'Yes.']);
  });
}

/** What the advice rests on: it is the SDK's doing, whatever the database. */
function describeOtherWays(url: string): void {
  test('with "once" the SDK ends the process, and the turn is lost', async () => {
    const { model, server, chat } = await started(url, variant('once', ['process.on(', 'process.once(']));
    await exchange(server, model, chat, 'one');
    const answered = say(server, chat, 'two');
    await model.nextCall();
    server.kill('SIGTERM');
    expect(await answered).toMatch(/^no answer/);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await stored(url, chat)).toEqual(['one', 'Answer to: one']);
  });

  test('with "once" and another listener beside it the turn is stored', async () => {
    const beside = "process.on('SIGTERM', () => {}); process.once('SIGTERM'";
    const { model, server, chat } = await started(url, variant('beside', ["process.on('SIGTERM'", beside]));
    const answered = say(server, chat, 'one');
    const call = await model.nextCall();
    server.kill('SIGTERM');
    await server.refusesConnections();
    call.answer('Answer to: one');
    expect(await answered).toBe('Answer to: one');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await stored(url, chat)).toEqual(['one', 'Answer to: one']);
  });

  test('closing the store alone does not wait for the model, and the turn is lost', async () => {
    const waits = 'while (underWay.size > 0) await Promise.all(underWay);';
    const { model, server, chat } = await started(url, variant('no-wait', [waits, '']));
    const answered = say(server, chat, 'one');
    const call = await model.nextCall();
    server.kill('SIGTERM');
    await server.refusesConnections();
    call.answer('Answer to: one');
    expect(await answered).toBe('status 500');
    expect(await stored(url, chat)).toEqual([]);
  });
}

describe('sqlite', () => {
  const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
  describeShutdown(url);
  describeMoreShutdowns(url);
  describeOtherWays(url);
});

describeEngine(['postgres:18', 'mysql'], ({ url }) => {
  describe('a server', () => {
    describeShutdown(url);
    if (wholeMatrix) describeMoreShutdowns(url);
  });
});
