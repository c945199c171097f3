import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { clientFaults } from '@stackone/openai-agents-js-sessions/torture';
import Sqlite from 'better-sqlite3';
import { type Arena, type ArenaFault, byConversation, type Ground, rowsOf } from './arena.ts';
import { checkCopy } from './check-copy.ts';

/** How long writers wait for the lock, in ms. */
const BUSY = 5000;
const HOLDER = join(import.meta.dirname, 'sqlite-holder.ts');

interface FileGround extends Ground {
  readonly file: string;
}

/** A database in a folder. */
export function fileGround(folder: string): FileGround {
  const file = join(folder, 'faults.db');
  return {
    file,
    title: 'SQLite',
    url: `sqlite:${file}`,
    storeOptions: { busyTimeout: BUSY },
    read: async (ids) =>
      byConversation(ids, used(file, (database) => database.prepare(rowsOf(ids)).all()) as never),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

const fileLimit: ArenaFault<FileGround> = {
  name: 'files may not grow',
  async strike({ writers, random }, { file }) {
    const limit = (bytes: string) => {
      for (const { pid } of writers) execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]);
    };
    limit(`${statSync(`${file}-wal`).size + Math.floor(random() * 50_000)}:unlimited`);
    await wait(100 + random() * 200);
    limit('unlimited:unlimited');
  },
};

/** What happens to a file, and to those who write to it. */
export const fileFaults: readonly ArenaFault<FileGround>[] = [
  {
    name: 'another process killed inside its transaction',
    async strike({ random }, { file }) {
      const child = fork(HOLDER, [file], { execArgv: [] });
      await once(child, 'message');
      await wait(random() * 50);
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  },
  {
    name: 'lock held past the time limit',
    isExpensive: true,
    async strike(_scene, { file }) {
      await holding(file, 'BEGIN IMMEDIATE', BUSY * 1.2);
    },
  },
  {
    name: 'checkpoints held up by a reader',
    async strike({ random }, { file }) {
      await holding(file, 'BEGIN; SELECT count(*) FROM agent_messages', 100 + random() * 300);
      used(file, (database) => database.pragma('wal_checkpoint(TRUNCATE)'));
    },
  },
  {
    name: 'vacuum',
    async strike(_scene, { file }) {
      used(file, (database) => database.exec('VACUUM'));
    },
  },
  {
    name: 'a copy while it is written',
    async strike({ random }, { file }) {
      const copy = `${file}-${random()}`;
      const database = new Sqlite(file);
      await database.backup(copy);
      database.close();
      used(copy, checkCopy);
      for (const one of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(one, { force: true });
    },
  },
  // a file that may not grow: as on a full disk, but for the code of the error
  ...(process.platform === 'linux' ? [fileLimit] : []),
];

/** A database in a file. */
export const sqliteArena: Arena = {
  name: 'a file',
  faults: [...clientFaults(), ...fileFaults],
  open: async () => fileGround(mkdtempSync(join(tmpdir(), 'faults-'))),
} as Arena<FileGround>;

async function holding(file: string, statements: string, ms: number): Promise<void> {
  const database = new Sqlite(file, { timeout: 60_000 });
  database.exec(statements);
  await wait(ms);
  database.exec('COMMIT');
  database.close();
}

function used<T>(file: string, use: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(file, { timeout: 60_000 });
  try {
    return use(database);
  } finally {
    database.close();
  }
}
