import type { Awaitable } from '../port/awaitable.js';

/** What `sessions doctor` looks at. Codes keep their meaning across versions; docs/doctor.md says what each is about. */
export const FINDING_CODES = [
  'SERVER',
  'TLS',
  'POOLER',
  'CONNECTIONS',
  'WRITABLE',
  'PRIVILEGES',
  'CHARACTER_SET',
  'COLLATION',
  'TABLES',
  'INDEXES',
  'DURABILITY',
  'JOURNAL',
  'CRASH_SAFETY',
  'FILE_SYSTEM',
  'FILE_MODE',
  'INTEGRITY',
  'SQL_MODE',
  'PACKET_SIZE',
  'ISOLATION',
  'TIME_ZONE',
  'CLOCK',
  'SIZE',
  'FREE_SPACE',
  'DEAD_ROWS',
  'AUTOVACUUM',
  'ROW_IDS',
  'GROWTH',
  'ORPHAN_ITEMS',
  'ORPHAN_OPERATIONS',
  'CORRUPT_ITEMS',
  'KEYS',
  'INVALID_INPUT',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** What was found out about one thing. It never holds an item, a password or a URL. */
export interface Finding {
  /** What was looked at. */
  readonly code: FindingCode;
  /** `wrong`: conversations can be lost, mixed up or not read. `improvable`: it works, and could be better. */
  readonly level: 'good' | 'improvable' | 'wrong';
  /** What is the case and, unless it is good, why it matters. */
  readonly message: string;
  /** What to do, or to run. Absent where nothing is to be done. */
  readonly advice?: string;
  /**
   * What puts it right without losing anything: `tables` stands for making tables and indexes that are missing, as a store does
   * when it opens. Absent where a person has to decide.
   */
  readonly fix?: 'tables' | readonly string[];
}

/** One look at a database: what it found, nothing included. */
export type Look = () => Awaitable<Finding | readonly Finding[]>;

/** What {@link Doctor.examine} takes. */
export interface ExamineOptions {
  /** Whether all rows are looked at, and not only the newest. Default `false`. */
  full?: boolean | undefined;
  /** Ends it between two conversations; it then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Is told how many conversations were read. */
  onProgress?: ((conversations: number) => void) | undefined;
}

/** Looks at a database, its tables and what is in them. Made by `openDoctor` of a backend's entry `/doctor`. */
export interface Doctor {
  /**
   * Looks at everything, and changes nothing.
   *
   * @throws SessionError where the database cannot be reached.
   */
  examine(options?: ExamineOptions): AsyncIterable<Finding>;
  /**
   * Does what the `fix` of a finding says. Nothing is lost by it.
   *
   * @throws SessionError such as `PERMISSION_DENIED`
   */
  repair(fix: NonNullable<Finding['fix']>): Promise<void>;
  close(): Promise<void>;
}

/**
 * A finding about what is as it should be.
 *
 * @example
 * ```ts
 * good('CLOCK', 'The clock of the database is that of this machine.');
 * ```
 */
export function good(code: FindingCode, message: string): Finding {
  return { code, level: 'good', message };
}

/**
 * A finding about what works and could be better.
 *
 * @param advice - What to do.
 * @param fix - What `repair` does about it.
 *
 * @example
 * ```ts
 * improvable('CLOCK', 'The clock is 7 s behind.', 'Let both follow a time server (NTP).');
 * ```
 */
export function improvable(
  code: FindingCode,
  message: string,
  advice: string,
  fix?: Finding['fix'],
): Finding {
  return { code, level: 'improvable', message, advice, ...(fix && { fix }) };
}

/**
 * A finding about what does not work, or loses something.
 *
 * @param advice - What to do.
 * @param fix - What `repair` does about it.
 *
 * @example
 * ```ts
 * wrong('ROW_IDS', 'All ids are used.', 'Make the column "id" 64 bits wide (BIGINT).');
 * ```
 */
export function wrong(code: FindingCode, message: string, advice: string, fix?: Finding['fix']): Finding {
  return { code, level: 'wrong', message, advice, ...(fix && { fix }) };
}
