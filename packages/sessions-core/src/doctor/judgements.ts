import { now } from '../port/timers.js';
import { type Finding, good, improvable, wrong } from './finding.js';

/** How far clocks may be apart, in ms: more than any network takes. */
const CLOCK_BOUND = 5_000;

/**
 * Compares the database's clock with this machine's.
 *
 * @param ask - Gives the database's time, in ms since 1970.
 *
 * @example
 * ```ts
 * const finding = await clockFinding(async () => Date.now());
 * console.log(finding.level); // 'good'
 * ```
 */
export async function clockFinding(ask: () => Promise<number>): Promise<Finding> {
  const [began, before] = [now(), Date.now()];
  const theirs = await ask();
  const apart = Math.round(theirs - before - (now() - began) / 2);
  if (Math.abs(apart) <= CLOCK_BOUND)
    return good('CLOCK', 'The clock of the database is that of this machine.');
  return improvable(
    'CLOCK',
    `The clock of the database is ${Math.abs(apart) / 1000} s ${apart < 0 ? 'behind' : 'ahead of'} that of this machine: times of ` +
      'items, retention and the end of erasures are those of the database.',
    'Let both follow a time server (NTP).',
  );
}

/**
 * Whether ids of items are about to be used up.
 *
 * @param newest - The greatest id in use.
 * @param greatest - The greatest that the column can have.
 *
 * @example
 * ```ts
 * rowIdFinding(1_900_000_000, 2 ** 31 - 1).level; // 'improvable'
 * ```
 */
export function rowIdFinding(newest: number, greatest: number): Finding {
  const share = newest / greatest;
  const message = `${Math.floor(share * 100)} % of the ids that items can have are used`;
  if (share < 0.5) return good('ROW_IDS', `${message}.`);
  return (share < 0.9 ? improvable : wrong)(
    'ROW_IDS',
    `${message}: when there are none left, no item can be stored.`,
    'Make the column "id" of the messages table 64 bits wide (BIGINT).',
  );
}

/**
 * How many items a day come.
 *
 * @param rows - How many items were stored since.
 * @param since - In ms since 1970.
 *
 * @example
 * ```ts
 * growthFinding(1000, Date.now() - 86_400_000).message; // 'About 1000 items a day, by the newest 1000.'
 * ```
 */
export function growthFinding(rows: number, since: number): Finding {
  const days = Math.max((Date.now() - since) / 86_400_000, 1 / 24);
  if (rows === 0) return good('GROWTH', 'There are no items yet.');
  return good('GROWTH', `About ${Math.ceil(rows / days)} items a day, by the newest ${rows}.`);
}

/**
 * A size for people.
 *
 * @param bytes - How many.
 *
 * @example
 * ```ts
 * sizeText(2_500_000); // '2.5 MB'
 * ```
 */
export function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The socket of a connection, as Node has it. */
export interface Socket {
  readonly encrypted?: boolean;
  readonly authorized?: boolean;
  readonly remoteAddress?: string;
}

/**
 * Whether others on the network can read what is said to the database.
 *
 * @param verified - What is written into the URL so that the certificate is checked.
 *
 * @example
 * ```ts
 * tlsFinding({ encrypted: true, authorized: false }, 'sslmode=verify-full').level; // 'improvable'
 * ```
 */
export function tlsFinding({ encrypted, authorized, remoteAddress }: Socket, verified: string): Finding {
  if (encrypted && authorized)
    return good('TLS', 'The connection is encrypted, and the certificate is checked.');
  if (encrypted)
    return improvable(
      'TLS',
      'The connection is encrypted, but nobody checks whose certificate it is: another server could stand in between.',
      `Write ${verified}.`,
    );
  if (remoteAddress === undefined || /^(?:127\.|::1$|::ffff:127\.)/.test(remoteAddress))
    return good('TLS', 'The connection does not leave this machine.');
  return improvable(
    'TLS',
    'The connection is not encrypted: the network can read conversations.',
    `Give the server a certificate, and write ${verified}.`,
  );
}

/** Connections of a pool, of a server, and of a user. */
export interface ConnectionNumbers {
  /** How many a store opens. */
  readonly max: number;
  /** How many all users may open. */
  readonly open: number;
  /** What holds for this user alone, or for this database; a negative number is no limit. */
  readonly limits: readonly number[];
  /** How many are open. */
  readonly used: number;
}

/**
 * Whether the pool of a store finds as many connections as it may open.
 *
 * @example
 * ```ts
 * connectionFinding({ max: 10, open: 100, limits: [-1], used: 20 }).level; // 'good'
 * ```
 */
export function connectionFinding({ max, open, limits, used }: ConnectionNumbers): Finding {
  const allowed = Math.min(open, ...limits.filter((limit) => limit >= 0));
  const free = open - used;
  if (max > allowed)
    return wrong(
      'CONNECTIONS',
      `The pool of a store may open ${max} connections, and the server allows ${allowed}.`,
      `Give the store the option max: ${Math.max(1, Math.floor(allowed / 2))}, or raise max_connections, or the limit of the user.`,
    );
  if (max > free)
    return improvable(
      'CONNECTIONS',
      `The pool of a store may open ${max} connections, and ${free} of ${open} are free now.`,
      'Give the stores a smaller option "max", put a pooler before the server, or raise max_connections.',
    );
  return good(
    'CONNECTIONS',
    `A pool of ${max} connections, of ${allowed} that the server allows; ${free} are free now.`,
  );
}

/**
 * Adds what is good about tables that could be opened.
 *
 * @param found - What {@link tableFindings} found.
 * @param isComplete - Whether all side tables are there.
 *
 * @example
 * ```ts
 * const found = await tableFindings((warn) => prepare(warn));
 * const findings = [...layoutFindings(found, true)];
 * ```
 */
export function* layoutFindings(found: readonly Finding[], isComplete: boolean): Generator<Finding> {
  yield* found;
  if (!found.some(({ code }) => code === 'INDEXES'))
    yield good(
      'INDEXES',
      'The newest items, and the conversations that changed last, are found by an index.',
    );
  if (!isComplete)
    yield improvable(
      'TABLES',
      'The tables are those of another program: without the side tables there are no operation ids, titles, usage, runs and erasures.',
      'Run: sessions schema --apply',
      'tables',
    );
  else if (!found.some(({ code }) => code === 'TABLES'))
    yield good('TABLES', 'The tables, their columns and collations are as a store wants them.');
}

/** How many of the newest items are looked at where not all of them are. */
export const NEWEST_ITEMS = 100_000;

/** How many of the newest items say which conversations are read. */
export const NEWEST_READ = 2_000;

/**
 * Whether there are items whose conversation has no row.
 *
 * @param conversations - How many are not there.
 * @param full - Whether all items were looked at.
 * @param adopt - The statement that makes them.
 *
 * @example
 * ```ts
 * orphanItemFinding(0, true, 'INSERT ...').level; // 'good'
 * ```
 */
export function orphanItemFinding(conversations: number, full: boolean, adopt: string): Finding {
  const scope = full ? '' : ` among the newest ${NEWEST_ITEMS}`;
  if (conversations === 0)
    return good('ORPHAN_ITEMS', `Every item${scope} belongs to a conversation that is there.`);
  return improvable(
    'ORPHAN_ITEMS',
    `Conversations that have items${scope}, and no row of their own: ${conversations}. Lists do not show them, and pruning passes them over.`,
    `Run: ${adopt}`,
    [adopt],
  );
}

/**
 * Whether there are operation ids of conversations that are gone.
 *
 * @param operations - How many are left.
 * @param remove - The statement that removes them.
 *
 * @example
 * ```ts
 * orphanOperationFinding(3, 'DELETE ...').fix; // ['DELETE ...']
 * ```
 */
export function orphanOperationFinding(operations: number, remove: string): Finding {
  if (operations === 0)
    return good('ORPHAN_OPERATIONS', 'Every operation id belongs to a conversation that is there.');
  return improvable(
    'ORPHAN_OPERATIONS',
    `Operation ids that are left of conversations that are gone: ${operations}. A turn that is added again under one of them is not stored.`,
    `Run: ${remove}`,
    [remove],
  );
}
