/**
 * How fast `sessions copy` is, from SQLite to PostgreSQL, to MySQL and back to SQLite: items per second by the clock, with the start of
 * the program, the processor time of the program alone, and the most memory that it had. At the end the first and the last database
 * are compared.
 *
 * Usage: `npm run bench:moving`, and how many conversations (10,000 if not said), each of 12 items. Needs Linux.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { exportSessions, importSessions, recordDigest, type SessionRecord } from '@stackone/sessions-core';
import { encodeItems } from '@stackone/sessions-core/backend';
import { markdownTable } from 'markdown-table';
import { startEngine } from './src/engines/start.ts';
import { makeTurn, TURN_ITEMS } from './src/items.ts';

const CONVERSATIONS = Number(process.argv[2] ?? 10_000);
const ITEMS = 12;
/** How often the memory is looked at, in ms. */
const LOOK = 20;
/** Of a process on Linux, in each second. */
const TICKS = 100;

const PROGRAM = join(
  createRequire(import.meta.url).resolve('@stackone/openai-agents-js-sessions/package.json'),
  '..',
  'dist/sessions.js',
);

function* records(): Generator<SessionRecord> {
  for (let number = 0; number < CONVERSATIONS; number++) {
    const id = `chat_${number}`;
    const createdAt = new Date(1_760_000_000_000 + number);
    const items = Array.from({ length: ITEMS / TURN_ITEMS }, (_, turn) => makeTurn(id, turn)).flat();
    yield {
      id,
      createdAt,
      updatedAt: createdAt,
      metadata: {},
      version: 0,
      items: items.map((item) => ({ item, createdAt })),
    };
  }
}

async function copied(way: string, from: string, to: string): Promise<string[]> {
  const began = performance.now();
  const program = spawn(process.execPath, [PROGRAM, 'copy', from, to, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let processor = 0;
  let memory = 0;
  const look = setInterval(() => {
    try {
      const [, behindName = ''] = readFileSync(`/proc/${program.pid}/stat`, 'utf8').split(') ');
      const [user, system] = behindName.split(' ').slice(11, 13);
      const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
      processor = (Number(user) + Number(system)) / TICKS || processor;
      memory = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? memory);
    } catch {
      // it has ended
    }
  }, LOOK);
  let out = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise((resolve) => program.once('close', resolve));
  clearInterval(look);
  const seconds = (performance.now() - began) / 1000;
  const { items } = JSON.parse(out) as { items: number };
  if (code !== 0 || items !== CONVERSATIONS * ITEMS)
    throw new Error(`${way}: it ended with ${code}, and wrote ${items} items`);
  return [
    way,
    String(Math.round(items / seconds)),
    seconds.toFixed(2),
    processor.toFixed(2),
    String(Math.round((memory * 1024) / 1_000_000)),
  ];
}

/** @throws Error where they are not the same. */
async function compare(first: string, last: string): Promise<void> {
  await using one = await openSessionStore(first);
  await using other = await openSessionStore(last);
  const digests = new Map<string, string>();
  for await (const record of exportSessions(one)) digests.set(record.id, recordDigest(record));
  let same = 0;
  for await (const record of exportSessions(other))
    if (digests.get(record.id) === recordDigest(record)) same++;
  if (same !== CONVERSATIONS) throw new Error(`${same} of ${CONVERSATIONS} conversations are the same`);
}

const [sqlite, postgres, mysql] = [
  await startEngine('sqlite'),
  await startEngine('postgres'),
  await startEngine('mysql'),
];
try {
  const [first, second, third, last] = [
    await sqlite.makeDatabase(),
    await postgres.makeDatabase(),
    await mysql.makeDatabase(),
    await sqlite.makeDatabase(),
  ];
  {
    await using store = await openSessionStore(first);
    await importSessions(store, records());
  }
  const lines = [
    await copied('SQLite -> PostgreSQL', first, second),
    await copied('PostgreSQL -> MySQL', second, third),
    await copied('MySQL -> SQLite', third, last),
  ];
  await compare(first, last);
  const [text = ''] = encodeItems(makeTurn('chat_0', 0));
  console.log(
    `${CONVERSATIONS} conversations of ${ITEMS} items, each of about ${Buffer.byteLength(text)} bytes; ${availableParallelism()} cores\n`,
  );
  console.log(
    markdownTable([
      ['', 'items/s by the clock', 'seconds', 'processor time, s', 'most memory, MB'],
      ...lines,
    ]),
  );
} finally {
  await Promise.all([sqlite.stop(), postgres.stop(), mysql.stop()]);
}
