import type { SessionBackend, TimedRow } from '../port/backend.js';
import type { ConversationVerbs } from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import { throwIfAborted } from '../port/timers.js';
import type { KeptConversation, KeptConversations } from '../port/whole-conversations.js';
import type { SessionHost } from '../session/session-host.js';
import { recordOf, type SessionRecord } from './session-record.js';

/** Conversations that one statement asks for. */
const MOST_IDS = 100;

/** Items that one statement reads: at first, and at most. */
const FIRST = 200;
const MOST_ITEMS = 2000;

/** As many characters as one statement is to read. */
const CHARACTERS = 250_000;

/** Rows that are read at once, where conversations are not read as a whole. */
const PAGE = 1000;

let calls = 0;

/** Reads conversations as a whole: as many at once as their items are not too large together, to judge by those before. */
export class WholeReading {
  readonly #host: SessionHost;
  #atMost = FIRST;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /**
   * Those that are there, with what they are stored under, in the order of these ids.
   *
   * @throws SessionError `DECRYPTION_FAILED`, `CORRUPT_ITEM`, as reading a conversation does; `UNSUPPORTED`
   */
  async *entries(
    storedIds: readonly string[],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly [storedId: string, record: SessionRecord]> {
    for (let start = 0; start < storedIds.length; start += MOST_IDS) {
      const ids = storedIds.slice(start, start + MOST_IDS);
      const read = new Map<string, KeptConversation>();
      let waiting = new Set(ids);
      for (let place = 0; place < ids.length; ) {
        await throwIfAborted(signal);
        const { found, left } = await this.#read([...waiting]);
        for (const one of found) read.set(one.id, one);
        waiting = new Set(left);
        // the database may have read them in another order
        for (let id = ids[place]; id !== undefined && !waiting.has(id); id = ids[++place]) {
          const kept = read.get(id);
          read.delete(id);
          if (kept) yield [id, recordOf(this.#host, kept)];
        }
      }
    }
  }

  async #read(storedIds: readonly string[]): Promise<KeptConversations> {
    const answer = await this.#wholes(storedIds, this.#atMost);
    const [first, ...others] = answer.left;
    // longer than all that is read at once
    if (first !== undefined && answer.found.length === 0)
      return { found: (await this.#wholes([first])).found, left: others };
    const rows = answer.found.flatMap((one) => one.rows);
    const characters = rows.reduce((sum, { text }) => sum + text.length, 0);
    const fitting = Math.floor((rows.length * CHARACTERS) / Math.max(characters, 1));
    if (rows.length > 0) this.#atMost = Math.min(Math.max(fitting, 1), 2 * this.#atMost, MOST_ITEMS);
    return answer;
  }

  #wholes(storedIds: readonly string[], atMost?: number): Promise<KeptConversations> {
    return this.#host.perform('exportSessions', () => ({
      // an id that no conversation has: it waits for nothing
      storedId: `\0export ${++calls}`,
      work: (backend) => {
        const conversations = conversationsOf(backend);
        return conversations.wholes?.(storedIds, atMost) ?? oneByOne(backend, conversations, storedIds);
      },
    }));
  }
}

/** @throws SessionError `UNSUPPORTED` */
export function conversationsOf({ conversations }: SessionBackend): ConversationVerbs {
  if (conversations) return conversations;
  throw new SessionError('UNSUPPORTED', 'This store cannot list its conversations.');
}

/** The first one alone, where a backend does not read them as a whole: what was used and remembered is not in it. */
async function oneByOne(
  backend: SessionBackend,
  conversations: ConversationVerbs,
  [storedId = '', ...left]: readonly string[],
): Promise<KeptConversations> {
  const found = await conversations.get(storedId);
  if (!found) return { found: [], left };
  const rows: TimedRow[] = [];
  for (let page: readonly TimedRow[] | undefined; page === undefined || page.length === PAGE; ) {
    if (!backend.history)
      throw new SessionError('UNSUPPORTED', 'This store cannot tell when its items were stored.');
    page = await backend.history(storedId, { limit: PAGE, oldest: true, after: rows.at(-1)?.id });
    for (const row of page) rows.push(row);
  }
  const { time: _, ...conversation } = found;
  return { found: [{ ...conversation, rows }], left };
}
