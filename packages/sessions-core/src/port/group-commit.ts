import type { Awaitable } from './awaitable.js';
import type {
  AppendBatch,
  AppendOutcome,
  Decide,
  Operation,
  SessionBackend,
  SessionSupport,
  StoredRow,
} from './backend.js';
import { asGroup, type CallProgress, currentCall } from './call-limits.js';
import { isSessionError, type SessionError, type SessionErrorCode } from './errors.js';
import { afterTick, now, startTimer, type Timer } from './timers.js';

/**
 * Which turns may share a commit. `true`: those of all conversations of a store. `'session'`: only those of one
 * conversation, for databases whose commit over several shards is not atomic. `false`: none.
 */
export type GroupCommit = boolean | 'session';

/** A commit has at most so many rows, unless one turn alone has more. */
const MAX_ROWS = 2_000;
/** A commit has at most so many characters, unless one turn alone has more. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** In ms. A commit that takes longer may wait for a lock: what has gathered meanwhile does not wait for it. */
const PATIENCE = 20;
/**
 * So many commits take turns where there is enough to do: the client encodes and sends the turns of one while the
 * server stores those of another and the disk writes those of the third.
 */
const PARTS = 3;
/** So many conversations are worth a commit of their own while others are in flight. */
const MIN_PART = 8;
/** Fewer than the connections of a pool, so that other calls still get one. */
const MAX_COMMITS = 8;

/**
 * Failures that one turn among several may have caused, and that prove that nothing was stored: the only ones after
 * which the turns of a group are committed again. Whatever else a database says may come after its commit.
 */
const OF_ONE_TURN: ReadonlySet<SessionErrorCode> = new Set([
  'BUSY', // the lock of one conversation
  'CONSTRAINT_VIOLATED', // a check or a trigger that refuses one row
  'ITEM_TOO_LARGE', // also where the group as a whole is too large
  'PERMISSION_DENIED', // row-level security that refuses one row
  'SCHEMA_MISMATCH', // a column too short for one row
  'SESSION_ERASED', // one conversation that takes no turns
  'STORAGE_FULL', // smaller turns may still fit
  'TRANSACTION_CONFLICT', // the database chose this transaction to give way
  'UNSUPPORTED_VALUE', // an encoding that lacks a character of one row
]);

/** One call of `append` that waits for its commit. */
interface Turn {
  readonly batch: AppendBatch;
  readonly characters: number;
  /** That of its call, where it has limits or is counted. */
  readonly call: CallProgress | undefined;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit over a backend: while a commit is in flight, the turns that arrive gather, and go out together in one
 * `append` as soon as it ends. A turn that is alone waits for nothing. With many conversations three commits take
 * turns, each with a third of them. Over a synchronous driver all turns of one tick of the event loop go out together at
 * its end.
 *
 * Every conversation keeps its order and has one commit in flight at most; conversations are served in rotation.
 * Where the database refuses a group and nothing of it was stored, its halves go out again, and so on, within the same
 * limit of commits in flight: in the end only the guilty turn fails.
 */
export class GroupingBackend implements SessionBackend {
  readonly supports: SessionSupport;
  /** Without groups: the transaction is the application's. */
  readonly with?: (transaction: unknown) => SessionBackend;
  readonly transaction?: NonNullable<SessionBackend['transaction']>;
  readonly hasOneConnection?: boolean | undefined;
  readonly sessionIds?: NonNullable<SessionBackend['sessionIds']>;
  readonly conversations?: NonNullable<SessionBackend['conversations']>;
  readonly usage?: NonNullable<SessionBackend['usage']>;
  readonly runs?: NonNullable<SessionBackend['runs']>;
  readonly history?: NonNullable<SessionBackend['history']>;
  readonly #backend: SessionBackend;
  readonly #oneSession: boolean;
  /** The turns that wait, by conversation; who was served last stands last. */
  readonly #waiting = new Map<string, Turn[]>();
  readonly #sessionsInFlight = new Set<string>();
  /** Parts of groups that were refused. Their conversations stay in flight, so that no later turn overtakes them. */
  readonly #refused: Turn[][] = [];
  #commits = 0;
  /** When the latest commit began. */
  #begun = 0;
  #patience: Timer | undefined;
  #awaitsTick = false;

  constructor(backend: SessionBackend, mode: true | 'session') {
    this.supports = backend.supports;
    this.#backend = backend;
    this.#oneSession = mode === 'session' || backend.gathersBySession === true;
    if (backend.with) this.with = backend.with.bind(backend);
    if (backend.transaction) this.transaction = backend.transaction.bind(backend);
    this.hasOneConnection = backend.hasOneConnection;
    if (backend.sessionIds) this.sessionIds = backend.sessionIds.bind(backend);
    if (backend.history) this.history = backend.history.bind(backend);
    if (backend.conversations) this.conversations = backend.conversations;
    if (backend.usage) this.usage = backend.usage;
    if (backend.runs) this.runs = backend.runs;
  }

  /** Each batch is a turn of its own. Which of them share a commit is decided here, not by the caller. */
  async append(batches: readonly AppendBatch[]): Promise<readonly AppendOutcome[]> {
    const turns = batches.map((batch) => this.#enqueue(batch));
    if (this.#backend.gathersByTick) this.#commitAfterTick();
    else if (!this.#awaitsTick) this.#commitWhatMay();
    return Promise.all(turns);
  }

  read(sessionId: string, limit?: number, before?: string): Awaitable<readonly StoredRow[]> {
    return this.#backend.read(sessionId, limit, before);
  }

  pop(sessionId: string): Awaitable<StoredRow | undefined> {
    return this.#backend.pop(sessionId);
  }

  edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): Awaitable<void> {
    return this.#backend.edit(sessionId, last, decide, operation);
  }

  clear(sessionId: string): Awaitable<void> {
    return this.#backend.clear(sessionId);
  }

  close(): Awaitable<void> {
    return this.#backend.close();
  }

  #enqueue(batch: AppendBatch): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      const characters = batch.texts.reduce((sum, { length }) => sum + length, 0);
      const queue = this.#waiting.get(batch.sessionId) ?? [];
      const call = currentCall();
      const turn: Turn = { batch, characters, call, resolve, reject };
      queue.push(turn);
      if (call) {
        call.record?.written(batch.texts);
        call.waiting();
        call.leave = (why) => {
          this.#remove(turn);
          reject(why);
        };
      }
      this.#waiting.set(batch.sessionId, queue);
    });
  }

  #commitAfterTick(): void {
    if (this.#awaitsTick) return;
    this.#awaitsTick = true;
    afterTick(() => {
      this.#awaitsTick = false;
      this.#commitWhatMay();
    });
  }

  #commitWhatMay(): void {
    for (let group = this.#next(); group.length > 0; group = this.#next()) void this.#commit(group);
  }

  /** The turns of the next commit, if one may begin. */
  #next(): Turn[] {
    if (this.#refused.length > 0) return this.#commits < MAX_COMMITS ? (this.#refused.shift() ?? []) : [];
    // first without a look at each conversation: this is asked for every turn that arrives
    if (this.#waiting.size === 0 || !this.#mayBegin(this.#waiting.size)) return [];
    const free = [...this.#waiting.keys()].filter((sessionId) => !this.#sessionsInFlight.has(sessionId));
    if (this.#oneSession) return this.#take(free.slice(0, 1));
    if (this.#backend.gathersByTick) return this.#take(free);
    if (!this.#mayBegin(free.length)) return [];
    const part = Math.ceil((free.length + this.#sessionsInFlight.size) / PARTS);
    return this.#take(free.slice(0, Math.max(MIN_PART, part)));
  }

  /** Whether a commit of so many conversations may begin beside those that are in flight. */
  #mayBegin(conversations: number): boolean {
    if (this.#commits === 0) return true;
    if (this.#commits >= MAX_COMMITS) return false;
    // turns of different conversations have nothing to wait for; over a synchronous driver none is in flight
    if (this.#oneSession || this.#backend.gathersByTick) return true;
    return (this.#commits < PARTS && conversations >= MIN_PART) || this.#isOutOfPatience();
  }

  #isOutOfPatience(): boolean {
    const wait = this.#begun + PATIENCE - now();
    if (wait <= 0) return true;
    this.#patience ??= startTimer(Math.ceil(wait), () => {
      this.#patience = undefined;
      this.#commitWhatMay();
    });
    return false;
  }

  /**
   * Takes one turn after another of each of these conversations, until the group is full. Turns with an operation can
   * be repeated after an unknown outcome, so they do not mix with those that cannot.
   */
  #take(sessionIds: readonly string[]): Turn[] {
    const group: Turn[] = [];
    let rows = 0;
    let characters = 0;
    const joins = ({ batch, characters: more }: Turn) =>
      !group[0] ||
      ((batch.operation === undefined) === (group[0].batch.operation === undefined) &&
        rows + batch.texts.length <= MAX_ROWS &&
        characters + more <= MAX_CHARACTERS);
    let open = sessionIds;
    while (open.length > 0) {
      open = open.filter((sessionId) => {
        const turn = this.#waiting.get(sessionId)?.[0];
        if (!turn || !joins(turn)) return false;
        this.#dequeue(sessionId);
        rows += turn.batch.texts.length;
        characters += turn.characters;
        group.push(turn);
        return true;
      });
    }
    return group;
  }

  /** The conversation goes to the end of the rotation. */
  #dequeue(sessionId: string): void {
    const queue = this.#waiting.get(sessionId) ?? [];
    queue.shift();
    this.#waiting.delete(sessionId);
    if (queue.length > 0) this.#waiting.set(sessionId, queue);
  }

  /** Takes a turn that has not begun out of its queue. */
  #remove(turn: Turn): void {
    const { sessionId } = turn.batch;
    const others = this.#waiting.get(sessionId)?.filter((one) => one !== turn) ?? [];
    if (others.length > 0) this.#waiting.set(sessionId, others);
    else this.#waiting.delete(sessionId);
  }

  async #commit(group: readonly Turn[]): Promise<void> {
    const conversations = Map.groupBy(group, ({ batch }) => batch.sessionId);
    for (const sessionId of conversations.keys()) this.#sessionsInFlight.add(sessionId);
    this.#commits++;
    this.#begun = now();
    const refusal = conversations.size > 1 ? await this.#append(group) : await this.#appendByHalves(group);
    this.#commits--;
    if (refusal) this.#refused.push(...partsOf([...conversations.values()], refusal.code));
    else for (const sessionId of conversations.keys()) this.#sessionsInFlight.delete(sessionId);
    // a caller that was answered just now may have a next turn: it comes along
    if (group.length > 1 || this.#waiting.size > 0 || this.#refused.length > 0) this.#commitAfterTick();
  }

  /** Turns of one conversation: one after the other, as their order counts. */
  async #appendByHalves(turns: readonly Turn[]): Promise<undefined> {
    if (!(await this.#append(turns))) return;
    const middle = Math.ceil(turns.length / 2);
    await this.#appendByHalves(turns.slice(0, middle));
    await this.#appendByHalves(turns.slice(middle));
  }

  /** @returns The error, where it may be that of one turn among several: none of them is answered then. */
  async #append(turns: readonly Turn[]): Promise<SessionError | undefined> {
    const group = turns.filter(({ call }) => !call?.ended);
    for (const { call, reject } of turns) if (call?.ended) reject(call.ended);
    if (group.length === 0) return undefined;
    try {
      const calls = group.flatMap(({ call }) => call ?? []);
      const outcomes = await asGroup(group.length, calls, () =>
        this.#backend.append(group.map(({ batch }) => batch)),
      );
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index] as AppendOutcome);
    } catch (error) {
      // nothing was sent, as the call of a turn was ended meanwhile: the others go out without it
      if (group.some(({ call }) => call?.ended) && isSessionError(error) && error.code === 'ABORTED')
        return this.#append(group);
      if (group.length > 1 && isSessionError(error) && this.#isOfOneTurn(error.code)) {
        for (const { call } of group) call?.repeated();
        return error;
      }
      for (const { reject } of group) reject(error);
    }
    return undefined;
  }

  /** With a synchronous driver `BUSY` is about the whole database, and waiting once more would block the process again. */
  #isOfOneTurn(code: SessionErrorCode): boolean {
    return OF_ONE_TURN.has(code) && !(code === 'BUSY' && this.#backend.gathersByTick);
  }
}

/**
 * How the conversations of a refused group are committed again: by halves, so that one guilty turn among a thousand
 * costs some twenty commits. After a wait for a lock one by one, so that no other conversation waits for it again.
 */
function partsOf(conversations: readonly Turn[][], code: SessionErrorCode): Turn[][] {
  if (code === 'BUSY') return [...conversations];
  const middle = Math.ceil(conversations.length / 2);
  return [conversations.slice(0, middle).flat(), conversations.slice(middle).flat()];
}
