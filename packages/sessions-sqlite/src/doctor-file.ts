import { isSessionError } from '@stackone/sessions-core';
import { good, improvable, type Look, sizeText, wrong } from '@stackone/sessions-core/doctor';
import type { Synchronous } from './connect.js';
import type { HandleExecutor } from './executor.js';

/** A file up to this size is read as a whole, in bytes. */
const READ_AT_ONCE = 256e6;

/** A log that is longer is not emptied: four times what a store lets it have, in bytes. */
const LONG_LOG = 64e6;

/** How Linux numbers file systems. */
const NETWORK: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  1397113167: 'AFS',
  16914839: '9P',
  12805120: 'Ceph',
};
const IN_MEMORY: Readonly<Record<number, string>> = { 16914836: 'tmpfs', 2240043254: 'ramfs' };

/** What is said about a file, whatever tables are in it. */
export function fileLooks(
  connection: HandleExecutor,
  file: string,
  { synchronous, full }: { readonly synchronous: Synchronous; readonly full: boolean },
) {
  const pragma = (name: string) => Object.values(connection.all(`PRAGMA ${name}`)[0] as object)[0] as unknown;
  const bytes = () => Number(pragma('page_count')) * Number(pragma('page_size'));
  const { stat, statfs } = process.getBuiltinModule('node:fs/promises');
  return {
    FILE_SYSTEM: async () => {
      const type = process.platform === 'linux' ? (await statfs(file)).type : 0;
      if (NETWORK[type])
        return wrong(
          'FILE_SYSTEM',
          `The file is on a network (${NETWORK[type]}), whose locks SQLite cannot rely on: the database can be destroyed.`,
          'Put it on a local disk, or use a database server.',
        );
      if (IN_MEMORY[type])
        return improvable(
          'FILE_SYSTEM',
          `The file is in memory (${IN_MEMORY[type]}), and gone when the machine restarts.`,
          'Put it on a disk.',
        );
      return good('FILE_SYSTEM', 'The file is on a local disk, as far as can be seen.');
    },
    FILE_MODE: async () => {
      const { mode } = await stat(file);
      if (process.platform === 'win32' || (mode & 0o002) === 0)
        return good('FILE_MODE', 'Not everybody on this machine may change the file.');
      return wrong(
        'FILE_MODE',
        'Everybody on this machine may change the file.',
        `Run: chmod o-w ${JSON.stringify(file)}`,
      );
    },
    WRITABLE: () => {
      try {
        connection.atomically(() => undefined);
        return good('WRITABLE', 'The file takes writes.');
      } catch (error) {
        if (!isSessionError(error) || error.code !== 'BUSY') throw error;
        return improvable(
          'WRITABLE',
          'Another connection holds the lock of the file, for longer than a store waits.',
          'Keep transactions of other programs short; or raise the option busyTimeout.',
        );
      }
    },
    DURABILITY: () => {
      if (synchronous !== 'normal')
        return good('DURABILITY', 'A turn that was acknowledged survives a power cut.');
      return improvable(
        'DURABILITY',
        'The store has synchronous: "normal": turns of the last moments before a power cut are lost, though they were acknowledged.',
        'Leave the option out.',
      );
    },
    JOURNAL: async () => {
      const mode = pragma('journal_mode');
      if (mode !== 'wal') {
        const set = 'PRAGMA journal_mode = WAL';
        return improvable(
          'JOURNAL',
          `The journal is "${mode}": reads wait for writes. A store opened by URL changes that.`,
          `Run: ${set}`,
          [set],
        );
      }
      const size = await stat(`${file}-wal`).then(
        (log) => log.size,
        () => 0, // nobody has written since it was emptied
      );
      if (size <= LONG_LOG)
        return good(
          'JOURNAL',
          'The journal is a write-ahead log: reads and writes do not wait for each other.',
        );
      const empty = 'PRAGMA wal_checkpoint(TRUNCATE)';
      return improvable(
        'JOURNAL',
        `The write-ahead log has ${sizeText(size)}: a read that does not end, or a setting of another program, keeps it from being emptied.`,
        `Run, when no other program reads: ${empty}`,
        [empty],
      );
    },
    INTEGRITY: () => {
      if (!full && bytes() > READ_AT_ONCE)
        return good('INTEGRITY', 'Not looked at, as the file is large: --full does.');
      const said = saidOf(() => String(pragma(full ? 'integrity_check(1)' : 'quick_check(1)')));
      if (said === 'ok') return good('INTEGRITY', 'The file is whole.');
      return wrong('INTEGRITY', `The file is damaged: ${said.replace(/\s+/g, ' ').slice(0, 200)}.`, RESTORE);
    },
    SIZE: () => good('SIZE', `${sizeText(bytes())}.`),
    FREE_SPACE: () => {
      const [free, all] = [Number(pragma('freelist_count')), Number(pragma('page_count'))];
      if (free < 1000 || free < all / 2) return good('FREE_SPACE', 'Most of the file is in use.');
      return improvable(
        'FREE_SPACE',
        `${Math.round((free / all) * 100)} % of the file is free space, ${sizeText(free * Number(pragma('page_size')))}, which new items will use.`,
        'Run, if the disk needs it, while no other program writes: VACUUM',
        ['VACUUM'],
      );
    },
  } satisfies Record<string, Look>;
}

/** Where the damage is in what is read first, the check itself fails. */
function saidOf(check: () => string): string {
  try {
    return check();
  } catch (error) {
    if (isSessionError(error) && error.code === 'INVALID_DATABASE') return error.message;
    throw error;
  }
}

const RESTORE = 'Restore a backup; or save what can be read with: sqlite3 <file> .recover';
