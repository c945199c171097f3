import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import {
  type OpenStoreOptions,
  openSessionStore,
  type SessionStore,
} from '@stackone/openai-agents-js-sessions';
import { plantIn } from '../../planted/soaked-store.ts';
import type { Calls } from './calls.ts';
import { Conversation, compare } from './journal.ts';
import { type Part, POOLS } from './words.ts';

/** Conversations that are compared with a journal, at the same time, and how many turns each gets before it is. */
const JOURNALLED = 6;
const MOST_TURNS = 40;
/** Where a call may be made again, in ms. */
const AGAIN = 300;

const KEY = Buffer.alloc(32, 7).toString('base64');

/** What a world is made of. */
interface WorldParts extends Pick<World, 'calls' | 'random'> {
  readonly onProblem: (problem: string) => void;
}

/** What the players of calls share: stores that live as long as the process, and what they know of conversations. */
export class World {
  readonly plain: SessionStore;
  readonly sealed: SessionStore;
  readonly calls: Calls;
  readonly random: () => number;
  /** Handed to calls all the time, and never aborted: whoever listens to it has to stop. */
  readonly lasting = new AbortController();
  /** Whether calls are being let end. */
  isQuiet = false;
  stored = 0;
  compared = 0;
  readonly #part: Part;
  readonly #onProblem: (problem: string) => void;
  #conversations: Conversation[] = [];
  #made = 0;

  private constructor(part: Part, stores: Pick<World, 'plain' | 'sealed'>, parts: WorldParts) {
    this.#part = part;
    this.plain = stores.plain;
    this.sealed = stores.sealed;
    this.calls = parts.calls;
    this.random = parts.random;
    this.#onProblem = parts.onProblem;
  }

  /** Opens the stores, and begins the conversations. */
  static async open(part: Part, parts: WorldParts): Promise<World> {
    const plain = await openSessionStore(part.url, { ...part.store, max: POOLS.plain });
    const sealed = await openSessionStore(part.url, {
      ...part.store,
      max: POOLS.sealed,
      encryption: { key: KEY },
      tables: { sessions: 'sealed_sessions', messages: 'sealed_messages' },
    });
    for (const store of [plain, sealed]) {
      await store.open();
      store.on('warning', ({ code, message }) => parts.onProblem(`a warning: ${code}: ${message}`));
    }
    if (part.plant !== undefined) plantIn(plain, part.plant, part.url);
    const world = new World(part, { plain, sealed }, parts);
    while (world.#conversations.length < JOURNALLED) world.#begin();
    return world;
  }

  /** A store for a moment. */
  openOther(options: OpenStoreOptions = {}): Promise<SessionStore> {
    return openSessionStore(this.#part.url, { ...this.#part.store, max: 1, ...options });
  }

  get journalled(): readonly Conversation[] {
    return this.#conversations;
  }

  chance(part: number): boolean {
    return this.random() < part;
  }

  pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.random() * all.length)] as T;
  }

  /**
   * Adds a turn to a conversation, and notes what the caller is told. With an operation id again and again, until it is stored or
   * all calls are to end.
   */
  async append(
    conversation: Conversation,
    {
      repeats = false,
      add = ({ session }, items, operationId) =>
        session.addItems(items, undefined, operationId === undefined ? {} : { operationId }),
    }: { readonly repeats?: boolean; readonly add?: Add } = {},
  ): Promise<void> {
    const entry = conversation.begin(1 + Math.floor(this.random() * 4));
    const items = conversation.itemsOf(entry);
    const operationId = repeats ? `${conversation.id} ${entry.number}` : undefined;
    const kind = operationId === undefined ? 'addItems' : 'addItems with an operation id';
    const work = (async () => {
      let isUnknown = false;
      do {
        const ending = await this.calls.make(kind, () => add(conversation, items, operationId));
        if ('value' in ending) {
          this.stored += 1;
          conversation.end(entry, 'stored');
          return;
        }
        isUnknown ||= ending.code === 'OUTCOME_UNKNOWN';
        if (repeats && !this.isQuiet) await wait(AGAIN);
      } while (repeats && !this.isQuiet);
      conversation.end(entry, isUnknown ? 'maybe' : 'absent');
    })();
    conversation.pending.add(work);
    await work.finally(() => conversation.pending.delete(work));
  }

  /** Compares conversations that are long enough with the journal, removes them, and begins others. */
  async retire(): Promise<void> {
    const old = this.#conversations.filter(({ entries }) => entries.length >= MOST_TURNS);
    this.#conversations = this.#conversations.filter((one) => !old.includes(one));
    for (const conversation of old) {
      this.#begin();
      await Promise.all(conversation.pending);
      await this.compare(conversation);
      const store = conversation.isPlain ? this.plain : this.sealed;
      await this.#untilDone('sessions.delete', () => store.sessions.delete(conversation.id));
    }
  }

  /** Removes a conversation of the store that is not encrypted, through faults. */
  async remove(id: string): Promise<void> {
    await this.#untilDone('sessions.delete', () => this.plain.sessions.delete(id));
  }

  async compare(conversation: Conversation): Promise<void> {
    const items = await this.#untilDone('getItems', () =>
      conversation.session.getItems(Number.POSITIVE_INFINITY),
    );
    if (!items) return;
    this.compared += 1;
    for (const problem of compare(conversation.id, conversation.entries, items)) this.#onProblem(problem);
  }

  /** Makes a call again until it succeeds, through faults. */
  async #untilDone<T>(kind: string, call: () => PromiseLike<T>): Promise<T | undefined> {
    for (let tries = 0; tries < 200; tries++) {
      const ending = await this.calls.make(kind, call);
      if ('value' in ending) return ending.value;
      await wait(AGAIN);
    }
    this.#onProblem(`${kind} failed 200 times in turn`);
    return undefined;
  }

  #begin(): void {
    const isPlain = this.#made % 2 === 0;
    const id = `${isPlain ? 'plain' : 'sealed'}-${++this.#made}`;
    const session = (isPlain ? this.plain : this.sealed).session(id);
    this.#conversations.push(new Conversation(id, session, isPlain));
  }
}

type Add = (
  conversation: Conversation,
  items: AgentInputItem[],
  operationId: string | undefined,
) => Promise<unknown>;
