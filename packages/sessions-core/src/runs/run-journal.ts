import { encodeItems, type ItemCodec, sealed } from '../items/item-codec.js';
import { digestOf } from '../port/digest.js';
import { isSessionError, SessionError } from '../port/errors.js';
import type { RunEntry, RunHold } from '../port/runs.js';
import { startTimer, type Timer } from '../port/timers.js';
import { readValue } from '../turns/pending-runs.js';
import { attachCall } from './durable-call.js';
import type { RunDecision } from './run-decision.js';
import { runTooLarge } from './run-errors.js';

/** So many bytes are kept of a run at most, where nobody says otherwise. */
export const MAX_STATE_BYTES = 10_000_000;

/** How many bytes are kept of a run, and how many may be. */
export interface RunRoom {
  kept: number;
  readonly atMost: number;
}

/** What a journal needs of the store. */
export interface JournalStore {
  /** Keeps an entry, and holds the run. @returns Whether it was held. */
  write(hold: RunHold, entry?: RunEntry): Promise<boolean>;
  read(runId: string): Promise<{ readonly entries: readonly RunEntry[] } | undefined>;
  /** What is the same for all views of one store. */
  readonly store: object;
  /** The ids of a run and of its conversation, as they were given. */
  idsOf(hold: RunHold): { readonly runId: string; readonly sessionId: string };
  /** What is told to who no longer holds the run. */
  whyLost(hold: RunHold): Promise<SessionError>;
}

/**
 * What came to a run from outside: answers of models, results of tools, decisions of people. What is in it is not asked for again;
 * what is new is kept before the run goes on. While it is open the run is held.
 */
export class RunJournal {
  readonly #store: JournalStore;
  readonly #codec: ItemCodec;
  /** Absent where the run has ended, and is only played again. */
  readonly #hold: RunHold | undefined;
  readonly #entries: Map<string, string>;
  readonly #room: RunRoom;
  readonly #lost = new AbortController();
  #renewal: Timer | undefined;
  #isOver = false;
  #responses = 0;

  constructor(
    store: JournalStore,
    codec: ItemCodec,
    entries: readonly RunEntry[],
    hold: RunHold | undefined,
    room: RunRoom,
  ) {
    this.#store = store;
    this.#codec = codec;
    this.#hold = hold;
    this.#entries = new Map(entries.map(({ key, content }) => [key, content]));
    this.#room = room;
    this.#renew();
  }

  /** Aborts when somebody else has the run, with what is to be told. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether the run is over: then models and tools are the application's again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The key of the model's answer that comes next. */
  get nextResponse(): string {
    return `model:${this.#responses}`;
  }

  /** Goes on to the next answer. */
  responded(): void {
    this.#responses++;
  }

  /** Whether there is an entry. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** What an entry holds. @throws SessionError `DECRYPTION_FAILED` */
  get(key: string): unknown {
    const content = this.#entries.get(key);
    return content === undefined ? undefined : readValue(this.#codec, content);
  }

  /** @throws SessionError `DECRYPTION_FAILED` */
  decision(callId: string): RunDecision | undefined {
    return this.get(decisionKey(callId)) as RunDecision | undefined;
  }

  /** How many decisions there are. */
  get decisions(): number {
    return [...this.#entries.keys()].filter((key) => key.startsWith('decision:')).length;
  }

  /**
   * Keeps something, before the run goes on.
   *
   * @throws SessionError `RUN_LOST` or `RUN_CANCELLED` where somebody else has the run; `RUN_INCOMPATIBLE` where it has ended.
   */
  async keep(key: string, value: unknown): Promise<void> {
    const hold = this.#hold;
    if (!hold) throw differentRun();
    this.#lost.signal.throwIfAborted();
    const content = this.#fitting(hold, value);
    this.#room.kept += Buffer.byteLength(content);
    if (!(await this.#store.write(hold, { key, content }))) throw await this.#lose(hold);
    this.#entries.set(key, content);
  }

  /** Lets a tool keep its result in a transaction of its own. @returns Whether it tried. */
  offer(callId: string, details: object): () => boolean {
    const hold = this.#hold;
    let isRecorded = false;
    if (!hold) return () => false;
    const entry = (result: unknown) => ({ key: toolKey(callId), content: this.#fitting(hold, result) });
    const recorded = () => {
      isRecorded = true;
    };
    attachCall(details, callId, {
      store: this.#store.store,
      hold,
      ids: this.#store.idsOf(hold),
      entry,
      recorded,
    });
    return () => isRecorded;
  }

  /** Reads what is kept under a key, where somebody else may have kept it. */
  async look(key: string): Promise<void> {
    const found = await this.#store.read(this.#hold?.runId ?? '');
    const entry = found?.entries.find((one) => one.key === key);
    if (entry) this.#entries.set(key, entry.content);
  }

  /**
   * Looks whether something new may come, before it is asked for.
   *
   * @throws SessionError `RUN_LOST`, `RUN_CANCELLED` or `RUN_INCOMPATIBLE`, as {@link keep}.
   */
  open(): void {
    if (!this.#hold) throw differentRun();
    this.#lost.signal.throwIfAborted();
  }

  /** Ends the journal: nothing is kept or renewed any more. */
  close(): void {
    this.#isOver = true;
    this.#renewal?.cancel();
  }

  /** The text that is kept of a value, if there is room for it. @throws SessionError `ITEM_TOO_LARGE` */
  #fitting(hold: RunHold, value: unknown): string {
    const content = valueText(this.#codec, value);
    const { kept, atMost } = this.#room;
    if (kept + Buffer.byteLength(content) > atMost) throw runTooLarge(this.#store.idsOf(hold).runId, atMost);
    return content;
  }

  #renew(): void {
    const hold = this.#hold;
    if (!hold) return;
    this.#renewal = startTimer(hold.lease / 3, () => {
      this.#store
        .write(hold)
        .then(async (held) => {
          if (held) this.#renewed();
          else await this.#lose(hold);
        })
        // the next one, or the next step, will tell: until then it is held
        .catch(() => this.#renewed());
    }).unref();
  }

  #renewed(): void {
    if (!this.#isOver) this.#renew();
  }

  async #lose(hold: RunHold): Promise<SessionError> {
    const error = this.#isOver ? differentRun() : await this.#store.whyLost(hold);
    if (!this.#isOver) this.#lost.abort(error);
    return error;
  }
}

export function toolKey(callId: string): string {
  return `tool:${shortName(callId)}`;
}

export function decisionKey(callId: string): string {
  return `decision:${shortName(callId)}`;
}

/** Ids of calls are of any length, and hold any characters. */
function shortName(callId: string): string {
  if (/^[\w-]{1,64}$/.test(callId)) return callId;
  return `:${digestOf(JSON.stringify(callId))}`;
}

/** The text that is kept of a value: encrypted where the items are. */
export function valueText(codec: ItemCodec, value: unknown): string {
  return sealed(codec, plainText(value));
}

/** What JSON cannot say exactly is kept as the SDK would hand it to a model: as JSON says it. */
function plainText(value: unknown): string {
  const wrapped = { value } as unknown as Parameters<typeof encodeItems>[0][number];
  try {
    return encodeItems([wrapped])[0] as string;
  } catch (error) {
    if (!isSessionError(error) || error.code !== 'UNSUPPORTED_VALUE') throw error;
    return JSON.stringify(wrapped);
  }
}

function differentRun(): SessionError {
  return new SessionError(
    'RUN_INCOMPATIBLE',
    'The run has ended, and when it was played again the agent asked for a step that was not in it: its tools or instructions ' +
      'have changed. Its turn is in the conversation.',
  );
}
