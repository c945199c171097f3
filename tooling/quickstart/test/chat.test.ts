import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { chat, TerminalChat } from './chat-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'quickstart of a user-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const newUrl = () => `sqlite:${join(folder, `${files++}.db`)}`;

describe('the chat without a terminal', () => {
  test('plays over two processes, and the second remembers', async () => {
    const url = newUrl();
    const { code, output, errors } = await chat(['--url', url]);
    expect(errors).toBe('');
    expect(code).toBe(0);
    const [, first, second] = /first process \((\d+)\).*second process \((\d+)\)/s.exec(output) ?? [];
    expect(first).not.toBe(second);
    const [, number] = /My locker number is (\d{4})\./.exec(output) ?? [];
    expect(output).toContain('Your name is Ada.');
    expect(output).toContain(`Your locker number is ${number}.`);
    expect(output).toContain(`npm run quickstart -- --url '${url}' --history`);
  });

  test('goes on with the conversation when it is run again, and says so', async () => {
    const url = newUrl();
    await chat(['--url', url]);
    const { code, output } = await chat(['--url', url]);
    expect(code).toBe(0);
    expect(output).toContain('Going on with quickstart: it remembers 8 items.');
    expect(output).toContain('This conversation (16 items) is kept as session quickstart');
  });

  test('fails where the second process cannot remember', async () => {
    const url = newUrl();
    await chat(['--url', url, '--say', 'Hello.']);
    const database = new Database(url.replace('sqlite:', ''));
    // forgets whatever a user says
    database.exec(`CREATE TRIGGER forgets AFTER INSERT ON agent_messages WHEN NEW.message_data LIKE '%"user"%'
      BEGIN DELETE FROM agent_messages WHERE id = NEW.id; END`);
    database.close();
    const { code, errors } = await chat(['--url', url]);
    expect(errors).toMatch(
      /^error {2}The second process does not remember the name Ada and the number \d{4}\.\n$/,
    );
    expect(code).toBe(1);
  });

  test('does not pretend that memory is shared between processes', async () => {
    const { code, errors } = await chat(['--url', 'memory:']);
    expect(errors).toMatch(/^error {2}This store ends with its process.*\n$/);
    expect(code).toBe(1);
  });
});

describe('options', () => {
  test('--say sends messages, --session chooses the conversation, --history shows it', async () => {
    const url = newUrl();
    await chat([
      '--url',
      url,
      '--session',
      "it's mine",
      '--say',
      'My cat is Tom.',
      '--say',
      'Who is my cat?',
    ]);
    await chat(['--url', url, '--session', 'another', '--say', 'Hello.']);
    const { code, output, errors } = await chat(['--url', url, '--session', "it's mine", '--history']);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(output.split('\n')).toEqual([
      'you    My cat is Tom.',
      'agent  Noted: your cat is Tom. You have sent one message in this conversation.',
      'you    Who is my cat?',
      'agent  Your cat is Tom.',
      '',
    ]);
  });

  test('--studio prints an address that shows the conversation', async () => {
    const url = newUrl();
    const { output } = await chat(['--url', url]);
    expect(output).toContain(`npm run quickstart -- --url '${url}' --studio`);
    const program = spawn(
      process.execPath,
      [join(import.meta.dirname, '../chat.ts'), '--url', url, '--studio'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ended = once(program, 'exit');
    const [printed] = (await once(program.stdout, 'data')) as [Buffer];
    const address = new URL(String(printed).split('\n')[0] ?? '');
    const shown = new URLSearchParams(address.hash.slice(1));
    expect(shown.get('open')).toBe('quickstart');
    const headers = { authorization: `Bearer ${shown.get('token')}` };
    const answer = await fetch(new URL('/api/entries?id=quickstart', address), { headers });
    expect(await answer.text()).toContain('My name is Ada.');
    program.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  test('the SQL that the chat names shows the items', async () => {
    const url = newUrl();
    const { output } = await chat(['--url', url, '--session', "it's mine"]);
    const [, sql = ''] = /with SQL: +(SELECT .*;)/.exec(output) ?? [];
    const database = new Database(url.replace('sqlite:', ''), { readonly: true });
    expect(database.prepare(sql).all()).toHaveLength(8);
    database.close();
  });

  test('--help names every option', async () => {
    const { code, output } = await chat(['--help']);
    expect(code).toBe(0);
    for (const option of ['--url', '--session', '--say', '--history', '--help'])
      expect(output).toContain(option);
  });

  test.for([
    [['--url', 'mssql://sa:hunter2@host/db', '--say', 'x'], /The URL of a store begins with one of/],
    [['--url', 'sqlite:/no/such/folder/chat.db'], /The folder \/no\/such\/folder does not exist/],
    [['--session', '', '--url', 'memory:', '--say', 'x'], /A session id must not be empty/],
    [['--colour'], /Unknown option '--colour'/],
    [['--url'], /Option '--url <value>' argument missing/],
  ] as const)('%j is answered by one clear line', async ([args, message]) => {
    const { code, output, errors } = await chat(args);
    expect(code).toBe(1);
    expect(errors).toMatch(message);
    expect(errors).toMatch(/^error {2}.+\n$/);
    expect(output + errors).not.toMatch(/hunter2|\n {4}at /);
  });
});

describe('the chat in a terminal', () => {
  test('answers from what it was told before, and ends with Ctrl+D', async () => {
    const url = newUrl();
    await chat(['--url', url, '--say', 'My name is Ada.']);
    const terminal = new TerminalChat(['--url', url]);
    await terminal.shows('Going on with quickstart: it remembers 2 items.');
    await terminal.shows('An offline stand-in answers');
    await terminal.shows('ends.');
    terminal.type('What is my name?\r');
    await terminal.shows('Your name is Ada.');
    terminal.type('\u0004');
    const { code, output } = await terminal.ended();
    expect(output).toContain('This conversation (4 items) is kept as session quickstart');
    expect(code).toBe(0);
  });

  test('ends with Ctrl+C while an answer is on its way', async () => {
    await using openai = await startOpenAi(() => undefined);
    const terminal = new TerminalChat(['--url', newUrl()], openai.environment);
    await terminal.shows('ends.');
    terminal.type('Hello.\r');
    await openai.asked;
    terminal.type('\u0003');
    const { code, output } = await terminal.ended();
    expect(output).toContain('This conversation (1 item) is kept as session quickstart');
    expect(output).not.toContain('error');
    expect(code).toBe(0);
  });
});

describe('with OPENAI_API_KEY', () => {
  test('asks OpenAI with the whole conversation, and says in one line what went wrong', async () => {
    const url = newUrl();
    await chat(['--url', url, '--say', 'My name is Ada.']);
    await using openai = await startOpenAi(() => 401);
    const { code, output, errors } = await chat(['--url', url, '--say', 'Who am I?'], openai.environment);
    expect(output).toContain('OpenAI answers');
    const body = await openai.asked;
    expect(body).toContain('My name is Ada.');
    expect(body).toContain('Who am I?');
    expect(errors).toBe('error  401 No such key.\n');
    expect(code).toBe(1);
  });
});

interface StandIn extends AsyncDisposable {
  readonly environment: NodeJS.ProcessEnv;
  /** The body of the first request. */
  readonly asked: Promise<string>;
}

/** A server in OpenAI's place, which answers with an error, or not at all. */
async function startOpenAi(answer: () => number | undefined): Promise<StandIn> {
  const { promise: asked, resolve } = Promise.withResolvers<string>();
  const server: Server = createServer(async (request, response) => {
    resolve(await text(request));
    const status = answer();
    if (status === undefined) return;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'No such key.' } }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    environment: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
