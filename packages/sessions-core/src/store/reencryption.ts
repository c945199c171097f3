import type { EncryptedItemCodec } from '../items/encryption/item-encryption.js';
import type { Awaitable } from '../port/awaitable.js';
import type { Decide, SessionBackend, StoredRow } from '../port/backend.js';
import type { DecideDescription } from '../port/conversations.js';
import { isSessionError, SessionError } from '../port/errors.js';
import { checkOptions, isSignal, type OptionCheck } from '../port/options.js';
import { throwIfAborted } from '../port/timers.js';

/** How far a re-encryption has come. Counts are of this run. */
export interface ReencryptionProgress {
  /** The conversation that was done last; to be given as `after` to go on from there. Absent if there was none. */
  readonly sessionId: string | undefined;
  /** Conversations that were looked at. */
  readonly sessions: number;
  /** Rows that were looked at. */
  readonly rows: number;
  /** Rows that are encrypted with the newest key since this run. */
  readonly reencrypted: number;
  /** Rows that no key opens, that are plaintext and not accepted, or that are not items. They were left as they are. */
  readonly unopened: number;
}

/** What `store.reencrypt` takes. */
export interface ReencryptOptions {
  /** The conversations, by the ids they are stored under. Default: all of the store. */
  sessionIds?: Iterable<string> | AsyncIterable<string> | undefined;
  /** Where to go on: the `sessionId` of the last progress. Not with `sessionIds`. */
  after?: string | undefined;
  /** Called after each conversation. If it returns a promise that is awaited, so it can slow the work down. */
  onProgress?: ((progress: ReencryptionProgress) => unknown) | undefined;
  /** Ends the work between two transactions; the call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const OPTION_CHECKS: Readonly<Record<keyof ReencryptOptions, OptionCheck>> = {
  sessionIds: (value) =>
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
      ? undefined
      : 'a list of ids, or another iterable',
  after: (value) => (typeof value === 'string' ? undefined : 'a text'),
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  signal: isSignal,
};

/** What the work needs of its store. */
export interface ReencryptionHost {
  /** Opens the store, if that is not done. Fails when it is closed. */
  open(): Promise<SessionBackend>;
  /** Does something with a conversation when it is its turn. */
  call<T>(storedId: string, work: (backend: SessionBackend) => Awaitable<T>): Promise<T>;
  codec(storedId: string): EncryptedItemCodec;
}

/** Rows of one transaction. */
const PAGE = 100;

/** Conversations whose ids are read at once. */
const IDS = 500;

/**
 * Encrypts with the newest key what is not, conversation by conversation.
 *
 * @throws TypeError for options of another form. SessionError as `store.reencrypt` says.
 */
export async function reencrypt(
  host: ReencryptionHost,
  options: ReencryptOptions,
): Promise<ReencryptionProgress> {
  checkOptions('reencrypt', options, OPTION_CHECKS);
  const { sessionIds, after, onProgress, signal } = options;
  if (sessionIds && after !== undefined)
    throw new TypeError('reencrypt: the option "after" is not for given "sessionIds".');
  const { supports } = await host.open();
  if (!supports.edit) throw unsupported('has no transactions to rewrite rows in');
  if (!sessionIds && !supports.listing) throw unsupported('cannot list its sessions: give "sessionIds"');
  let progress = NOTHING_DONE;
  let refusal: SessionError | undefined;
  for await (const sessionId of sessionIds ?? allSessionIds(host, after)) {
    const conversation = new ConversationReencryption(host, sessionId, signal);
    await conversation.run();
    progress = {
      sessionId,
      sessions: progress.sessions + 1,
      rows: progress.rows + conversation.rows,
      reencrypted: progress.reencrypted + conversation.reencrypted,
      unopened: progress.unopened + conversation.unopened,
    };
    refusal ??= conversation.refusal;
    await onProgress?.(progress);
  }
  if (refusal && progress.unopened === progress.rows) throw refusal;
  return progress;
}

const NOTHING_DONE: ReencryptionProgress = {
  sessionId: undefined,
  sessions: 0,
  rows: 0,
  reencrypted: 0,
  unopened: 0,
};

function unsupported(lack: string): SessionError {
  return new SessionError('UNSUPPORTED', `This store ${lack}.`);
}

/** The ids of all sessions of a store, in the order of its database, from page to page. */
async function* allSessionIds(host: ReencryptionHost, after: string | undefined): AsyncGenerator<string> {
  let last = after;
  for (;;) {
    const backend = await host.open();
    const ids = (await backend.sessionIds?.(last, IDS)) ?? [];
    yield* ids;
    if (ids.length < IDS) return;
    last = ids.at(-1);
  }
}

/** The re-encryption of one conversation: page by page, from the newest row to the oldest. */
class ConversationReencryption {
  rows = 0;
  reencrypted = 0;
  unopened = 0;
  /** Why the first row was left that no key opens. */
  refusal: SessionError | undefined;
  readonly #host: ReencryptionHost;
  readonly #sessionId: string;
  readonly #codec: EncryptedItemCodec;
  readonly #signal: AbortSignal | undefined;

  constructor(host: ReencryptionHost, sessionId: string, signal: AbortSignal | undefined) {
    this.#host = host;
    this.#sessionId = sessionId;
    this.#codec = host.codec(sessionId);
    this.#signal = signal;
  }

  async run(): Promise<void> {
    let before: string | undefined;
    /** How many rows may have been added since the rows were counted. */
    let room = PAGE;
    for (;;) {
      await throwIfAborted(this.#signal);
      const rows = await this.#host.call(this.#sessionId, (backend) =>
        backend.read(this.#sessionId, PAGE, before),
      );
      const outdated = new Map<string, Resealed>();
      let unopened = 0;
      for (const row of rows) {
        const text = this.#reseal(row.text);
        if (text === UNOPENED) unopened++;
        else if (text !== undefined) outdated.set(row.id, { was: row.text, is: text });
      }
      const done = outdated.size === 0 || (await this.#update(outdated, this.rows + rows.length + room));
      if (!done) {
        room *= 4; // rows came meanwhile, and hid some of the page: once more
        continue;
      }
      this.unopened += unopened;
      this.rows += rows.length;
      if (rows.length < PAGE) break;
      before = rows[0]?.id;
    }
    await this.#describe();
  }

  /** The title and metadata, too. They are no row of items, and not counted. Their version stays. */
  async #describe(): Promise<void> {
    const decide: DecideDescription = (current) => {
      const text = current && this.#resealed(() => this.#codec.resealText(current.text));
      return typeof text === 'string' && current ? { text, version: current.version } : undefined;
    };
    await this.#host.call(this.#sessionId, ({ supports, conversations }) =>
      supports.metadata ? conversations?.describe?.(this.#sessionId, decide, false) : undefined,
    );
  }

  /** @returns Whether all the rows were there. */
  async #update(outdated: ReadonlyMap<string, Resealed>, last: number): Promise<boolean> {
    let update: StoredRow[] = [];
    let found = 0;
    const decide: Decide = (rows) => {
      const shown = rows.filter(({ id }) => outdated.has(id));
      found = shown.length;
      update = [];
      for (const { id, text } of shown) {
        const resealed = outdated.get(id) as Resealed;
        // it may have been rewritten since
        const is = text === resealed.was ? resealed.is : this.#reseal(text);
        if (typeof is === 'string') update.push({ id, text: is });
      }
      return { update };
    };
    await this.#host.call(this.#sessionId, (backend) => backend.edit(this.#sessionId, last, decide));
    this.reencrypted += update.length;
    return found === outdated.size;
  }

  /** The text under the newest key; nothing if it is that already. */
  #reseal(text: string): string | typeof UNOPENED | undefined {
    return this.#resealed(() => this.#codec.reseal(text));
  }

  #resealed(reseal: () => string | undefined): string | typeof UNOPENED | undefined {
    try {
      return reseal();
    } catch (error) {
      if (isSessionError(error) && error.code === 'DECRYPTION_FAILED') this.refusal ??= error;
      return UNOPENED;
    }
  }
}

interface Resealed {
  readonly was: string;
  readonly is: string;
}

const UNOPENED = Symbol('no key opens the row, or it is not an item');
