import { givenIds } from '../ids/tenant-id.js';
import { tokenOf } from '../items/encryption/envelope.js';
import { isSessionError } from '../port/errors.js';
import type { SessionWarning } from '../port/warnings.js';
import type { SessionHost } from '../session/session-host.js';
import { allOf } from '../store/export-sessions.js';
import type { SessionRecord } from '../store/session-record.js';
import { hostOf, type SessionStore } from '../store/store.js';
import { WholeReading } from '../store/whole-reading.js';
import { validItems } from '../window/item-partners.js';
import { type ExamineOptions, type Finding, type FindingCode, good, wrong } from './finding.js';

/** Options of a store that changes nothing by being open. */
export const ONLY_LOOKING = { createTables: false, retention: undefined } as const;

/** What is wrong in some conversations: a few examples, and how many there are. */
class Cases {
  count = 0;
  readonly #examples: string[] = [];

  add(example: string): void {
    this.count++;
    if (this.#examples.length < 5) this.#examples.push(example);
  }

  toString(): string {
    return this.#examples.join(', ') + (this.count > this.#examples.length ? ', ...' : '');
  }
}

/**
 * Reads conversations, and says which rows are no items, which rows no key opens, and which conversations no model would take. What
 * was said in them is not in the findings; ids of rows and conversations are.
 *
 * @param store - Is opened, and told of no warnings: they are findings.
 * @param ids - The stored ids of the conversations that are read; absent for all.
 * @throws SessionError where the database fails.
 * @example
 * ```ts
 * const findings = await conversationFindings(store, undefined);
 * console.log(findings.map(({ code, level }) => `${code}: ${level}`));
 * ```
 */
export async function conversationFindings(
  store: SessionStore,
  ids: readonly string[] | undefined,
  { signal, onProgress }: Pick<ExamineOptions, 'signal' | 'onProgress'> = {},
): Promise<Finding[]> {
  const corrupt = new Cases();
  const closed = new Cases();
  const sealed = new Cases();
  const undescribed = new Cases();
  const invalid = new Cases();
  const warn = ({ code, rowId = '' }: SessionWarning) =>
    (code === 'CORRUPT_ITEM' ? corrupt : closed).add(rowId);
  store.on('warning', () => undefined);
  await store.open();
  const host: SessionHost = { ...hostOf(store), warn, onCorruptItem: 'skip' };
  const reading = new WholeReading(host);
  let conversations = 0;
  let items = 0;
  for await (const part of ids ? [ids] : allOf(host, '')) {
    for (const storedId of part) {
      // each alone, so that one that no key opens does not hide the others
      const record = await recordAt(reading, storedId, signal).catch((error: unknown) => {
        if (!isSessionError(error)) throw error;
        if (error.code === 'DECRYPTION_FAILED') closed.add(error.rowId ?? '');
        else if (error.code === 'CORRUPT_ITEM') undescribed.add(nameOf(storedId));
        else throw error;
        return undefined;
      });
      conversations++;
      onProgress?.(conversations);
      if (!record) continue;
      items += record.items.length;
      if (record.items.some(({ item }) => tokenOf(item) !== undefined)) {
        sealed.add(nameOf(storedId));
        continue;
      }
      const count = invalidItems(record);
      if (count > 0) invalid.add(nameOf(storedId));
    }
  }
  const ifAny = (cases: Cases, finding: Finding): Finding[] => (cases.count === 0 ? [] : [finding]);
  const told = (code: FindingCode, cases: Cases, fine: string, message: string, advice: string) =>
    cases.count === 0 ? good(code, fine) : wrong(code, message, advice);
  const keys = told(
    'KEYS',
    closed,
    'All that was read could be opened.',
    `Rows that no key opens, counting the first one alone of a conversation that opens with none: ${closed.count} (id ${closed}).`,
    'Give the store the keys that they were written with, or see "sessions reencrypt --help".',
  );
  return [
    told(
      'CORRUPT_ITEMS',
      corrupt,
      `${items} items of ${conversations} conversations were read, and all rows are items.`,
      `Rows that are no items, and are left out of their conversations: ${corrupt.count} (id ${corrupt}).`,
      'Repair or delete these rows of the messages table.',
    ),
    ...ifAny(
      undescribed,
      wrong(
        'CORRUPT_ITEMS',
        `Conversations whose title and metadata cannot be read, as they are encrypted and there is no key, or were changed: ${undescribed.count} (${undescribed}).`,
        'Give the store its keys, or repair or delete these rows of the table of metadata.',
      ),
    ),
    ...ifAny(
      sealed,
      wrong(
        'KEYS',
        `Conversations that are encrypted, while the store has no key: ${sealed.count} (${sealed}).`,
        'Give the store the keys that they were written with: SESSIONS_ENCRYPTION_KEY on the command line.',
      ),
    ),
    ...(sealed.count === 0 ? [keys] : ifAny(closed, keys)),
    told(
      'INVALID_INPUT',
      invalid,
      'A model accepts all that was read.',
      `Conversations with items that no model accepts, like a result without its call: ${invalid.count} (${invalid}).`,
      'Remove them with session.removeItem(), or the newest turn with "sessions rewind <id>"; or read with a window, which leaves them out.',
    ),
  ];
}

async function recordAt(
  reading: WholeReading,
  storedId: string,
  signal: AbortSignal | undefined,
): Promise<SessionRecord | undefined> {
  for await (const [, record] of reading.entries([storedId], signal)) return record;
  return undefined;
}

function invalidItems({ items }: SessionRecord): number {
  return validItems(
    items.map(({ item }) => item),
    false,
  ).filter((isValid) => !isValid).length;
}

function nameOf(storedId: string): string {
  const { sessionId, tenant } = givenIds(storedId);
  return tenant === undefined ? sessionId : `${sessionId} (tenant ${tenant})`;
}
