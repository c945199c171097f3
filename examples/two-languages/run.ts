/**
 * Starts a worker in Python and one in Node on one database, lets them answer a user in turns, and shows the
 * conversation as each of them sees it: plain, and encrypted. See the README beside this file.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openSessionStore, parseStoreUrl } from '@stackone/openai-agents-js-sessions';
import { pythonWithSdk, sqlalchemyUrl } from '@stackone/python-sdk';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** An ignored folder of the project. */
const FOLDER = resolve(import.meta.dirname, '../../.data');

const DEFAULT_URL = `sqlite:${join(FOLDER, 'two-languages.db')}`;

const url = process.env.SESSIONS_URL || DEFAULT_URL;

type Workers = readonly [python: WorkerProcess, node: WorkerProcess];

async function startWorkers(python: string, key?: string): Promise<Workers> {
  const common = { SESSIONS_KEY: key };
  // the Node worker first: it makes the tables
  const node = await startWorker('Node', [process.execPath, join(import.meta.dirname, 'node-worker.ts')], {
    SESSIONS_URL: url,
    ...common,
  });
  try {
    const program = [python, join(import.meta.dirname, 'python/serve.py')] as const;
    return [await startWorker('Python', program, { SQLALCHEMY_URL: sqlalchemyUrl(url), ...common }), node];
  } catch (error) {
    await node.end();
    throw error;
  }
}

/** Has the workers answer in turns. What they have to know was always said to the other one. */
async function converse([python, node]: Workers, conversation: string): Promise<void> {
  const number = String(randomInt(1000, 10_000)); // new each time: nothing that was stored earlier can stand in for it
  const turns: readonly (readonly [WorkerProcess, text: string, answer: string])[] = [
    [python, 'My name is Ada.', 'Noted.'],
    [node, 'What is my name?', 'Your name is Ada.'],
    [python, 'How is the weather in Rome?', 'Sunny in Rome, says Python.'],
    [node, 'What did you find out?', 'Sunny in Rome, says Python.'],
    [python, `My locker number is ${number}.`, 'Noted.'],
    [node, 'How is the weather in Köln?', 'Sunny in Köln, says Node.'],
    [python, 'What did you find out?', 'Sunny in Köln, says Node.'],
    [node, 'What is my locker number?', `Your locker number is ${number}.`],
  ];
  for (const [worker, text, expected] of turns) {
    console.log(`  you     ${text}`);
    const answer = await worker.say(conversation, text);
    console.log(`  ${worker.language.padEnd(7)} ${answer}`);
    if (answer !== expected) throw new Error(`${worker.language} does not know what was said: ${answer}`);
  }
}

/** Shows the items as each worker reads them, side by side. */
async function compare([python, node]: Workers, conversation: string): Promise<void> {
  const views = [await python.items(conversation), await node.items(conversation)] as const;
  const lines = views.map((items) => items.map(lineOf));
  const width = Math.max(...lines.flat().map(({ length }) => length)) + 2;
  console.log(`\n  ${'Python sees'.padEnd(width)}Node sees`);
  for (const [index, line] of (lines[0] ?? []).entries())
    console.log(`  ${line.padEnd(width)}${lines[1]?.[index] ?? ''}`);
  const [ofPython, ofNode] = views.map((items) => items.map(contentOf).join('\n'));
  if (ofPython !== ofNode) throw new Error('Python and Node do not see the same conversation.');
}

function lineOf(item: Record<string, unknown>): string {
  return `${String(item.role ?? item.type)}: ${contentOf(item)}`;
}

/** What an item says, in either shape. */
function contentOf({ content, output, name, arguments: args }: Record<string, unknown>): string {
  const said = content ?? output ?? `${name}(${args})`;
  if (typeof said === 'string') return said;
  return [said]
    .flat()
    .map((part) => String((part as { text?: unknown }).text))
    .join('');
}

/** What lies in the database: a store without the key hands out encrypted rows as they are. */
async function showRow(conversation: string): Promise<void> {
  const store = await openSessionStore(url);
  try {
    const [row] = await store.session(conversation).getItems(1);
    console.log(`\n  The newest row: ${JSON.stringify(row).slice(0, 90)}…`);
  } finally {
    await store.close();
  }
}

async function play(workers: Workers, title: string): Promise<string> {
  const conversation = randomUUID();
  console.log(`\n${title}: conversation ${conversation}`);
  await converse(workers, conversation);
  await compare(workers, conversation);
  return conversation;
}

async function main(): Promise<void> {
  if (parseStoreUrl(url).scheme === 'memory')
    throw new Error('Two processes share a database: take another URL.');
  if (url === DEFAULT_URL) mkdirSync(FOLDER, { recursive: true });
  console.log(`The database: ${parseStoreUrl(url)}`);
  const python = await pythonWithSdk('0.24');
  const key = randomBytes(32).toString('base64');
  const started = await Promise.allSettled([startWorkers(python), startWorkers(python, key)]);
  try {
    const [plain, encrypted] = started.map((pair) => {
      if (pair.status === 'rejected') throw pair.reason;
      return pair.value;
    }) as [Workers, Workers];
    await play(plain, 'Plain');
    await showRow(await play(encrypted, 'Encrypted'));
    console.log('\nBoth languages saw the same, plain and encrypted.');
  } finally {
    const workers = started.flatMap((pair) => (pair.status === 'fulfilled' ? pair.value : []));
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
