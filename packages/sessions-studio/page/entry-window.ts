import { signal } from '@preact/signals';
import type { EntriesPage, ShownEntry } from '../src/wire.ts';
import { ask, follow } from './server.ts';

/** How many items are asked for at once. */
const PAGE = 100;
/** What is held at most. What is further away is read again when somebody comes there. */
const HELD = { items: 2000, characters: 10_000_000 };
/** Texts beyond this are cut by the server. */
const CUT = 20_000;

/** A part of a conversation, however long it is: it moves with what is looked at, and with what comes at the end. */
export class EntryWindow {
  readonly entries = signal<readonly ShownEntry[]>([]);
  readonly hasOlder = signal(false);
  readonly hasNewer = signal(false);
  /** The newest item that was told of, whether it is held or not. */
  readonly newest = signal<string | undefined>(undefined);
  /** Why more could not be read. */
  readonly failure = signal<string | undefined>(undefined);
  readonly #id: string;
  readonly #signal: AbortSignal;
  #isAsking = false;
  /** Something came that is not held, since a page was asked for. */
  #missed = false;

  constructor(id: string, signal: AbortSignal) {
    this.#id = id;
    this.#signal = signal;
  }

  /** Reads the newest items. */
  async begin(): Promise<void> {
    const page = await this.#ask({});
    this.entries.value = page.data;
    this.hasOlder.value = page.hasMore;
    this.hasNewer.value = false;
    this.newest.value = page.data.at(-1)?.id;
  }

  /** Goes on with what comes, until the signal ends it. */
  follow(): Promise<void> {
    return follow<ShownEntry>(
      'watch',
      () => ({ id: this.#id, after: this.newest.value }),
      this.#signal,
      (came) => {
        this.newest.value = came.at(-1)?.id;
        if (this.hasNewer.value) this.#missed = true;
        else this.#hold([...this.entries.value, ...came], 'newest');
      },
    );
  }

  /** Reads what stands before it. */
  readonly older = (): void => {
    if (this.hasOlder.value)
      void this.#once(async () => {
        const page = await this.#ask({ before: this.entries.value[0]?.id });
        this.hasOlder.value = page.hasMore;
        this.#hold([...page.data, ...this.entries.value], 'oldest');
      });
  };

  /** Reads what stands behind it. */
  readonly newer = (): void => {
    if (this.hasNewer.value)
      void this.#once(async () => {
        this.#missed = false;
        const page = await this.#ask({ after: this.entries.value.at(-1)?.id });
        this.hasNewer.value = page.hasMore || this.#missed;
        this.#hold([...this.entries.value, ...page.data], 'newest');
      });
  };

  async #once(work: () => Promise<void>): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await work();
      this.failure.value = undefined;
    } catch (error) {
      if (!this.#signal.aborted) this.failure.value = (error as Error).message;
    } finally {
      this.#isAsking = false;
    }
  }

  #ask(where: { before?: string | undefined; after?: string | undefined }): Promise<EntriesPage> {
    return ask<EntriesPage>('entries', { id: this.#id, limit: PAGE, ...where }, this.#signal);
  }

  /** Lets go what is too much, at the other end. */
  #hold(all: readonly ShownEntry[], kept: 'oldest' | 'newest'): void {
    let characters = 0;
    let count = 0;
    for (; count < Math.min(all.length, HELD.items) && characters < HELD.characters; count++)
      characters += Math.min(all.at(kept === 'oldest' ? count : -1 - count)?.size ?? 0, CUT);
    this.entries.value = kept === 'oldest' ? all.slice(0, count) : all.slice(-count || all.length);
    if (count === all.length) return;
    if (kept === 'oldest') this.hasNewer.value = true;
    else this.hasOlder.value = true;
  }
}
