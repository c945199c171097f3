import type { JsonValue } from './description.js';

/** A conversation of a store, without its items. */
export interface SessionInfo {
  /** What `session(id)` of the same store opens it by. */
  readonly id: string;
  /** When its first turn was added, or it was made by an update, since it was last cleared. */
  readonly createdAt: Date;
  /** When its latest turn was added. */
  readonly updatedAt: Date;
  /** What `store.sessions.update` set; `undefined` if it has none. */
  readonly title: string | undefined;
  /** What `store.sessions.update` set; empty if it has none. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** How often the title or metadata were updated, to be given as `ifVersion`; 0 for never. */
  readonly version: number;
}

/** What a page is made of. */
export interface PageContent {
  readonly data: readonly SessionInfo[];
  readonly nextCursor: string | undefined;
}

/** Reads the page behind a cursor; the first one without. */
export type ReadPage = (after: string | undefined) => Promise<PageContent>;

/**
 * One page of a list of conversations, as the OpenAI client has them. Made by `store.sessions.list()`.
 *
 * @example
 * ```ts
 * let page = await store.sessions.list({ limit: 20 });
 * while (page.hasNextPage()) page = await page.getNextPage();
 * ```
 */
export class SessionPage {
  /** The conversations, in the order of the list. */
  readonly data: readonly SessionInfo[];
  /** To be given as `after`, also later and in another process, to go on; absent on the last page. */
  readonly nextCursor: string | undefined;
  readonly #read: ReadPage;

  constructor({ data, nextCursor }: PageContent, read: ReadPage) {
    this.data = data;
    this.nextCursor = nextCursor;
    this.#read = read;
  }

  /** Whether there were more when this page was read. */
  hasNextPage(): boolean {
    return this.nextCursor !== undefined;
  }

  /**
   * Reads the next page.
   *
   * @throws RangeError if this is the last one: ask {@link hasNextPage} first. SessionError as the database says.
   */
  async getNextPage(): Promise<SessionPage> {
    if (this.nextCursor === undefined)
      throw new RangeError('There is no next page: ask hasNextPage() first.');
    return new SessionPage(await this.#read(this.nextCursor), this.#read);
  }
}

/**
 * What `store.sessions.list()` returns: awaited, the first page; iterated, all conversations, read page by page.
 * Nothing is read before that.
 *
 * @example
 * ```ts
 * const page = await store.sessions.list({ limit: 50 });
 * for await (const { id, updatedAt } of store.sessions.list({ by: 'created', order: 'asc' })) console.log(id, updatedAt);
 * ```
 */
export class SessionList implements PromiseLike<SessionPage>, AsyncIterable<SessionInfo> {
  readonly #read: ReadPage;
  readonly #after: string | undefined;
  #first: Promise<SessionPage> | undefined;

  constructor(read: ReadPage, after: string | undefined) {
    this.#read = read;
    this.#after = after;
  }

  /** The first page, read once. */
  // biome-ignore lint/suspicious/noThenProperty: it is awaited for its first page, as the OpenAI client's lists are
  then<One = SessionPage, Other = never>(
    fulfilled?: ((page: SessionPage) => One | PromiseLike<One>) | null,
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<One | Other> {
    this.#first ??= this.#read(this.#after).then((content) => new SessionPage(content, this.#read));
    return this.#first.then(fulfilled, rejected);
  }

  /** All conversations from the first page on. */
  async *[Symbol.asyncIterator](): AsyncIterator<SessionInfo> {
    let page: SessionPage = await this;
    yield* page.data;
    while (page.hasNextPage()) {
      page = await page.getNextPage();
      yield* page.data;
    }
  }
}
