import type { AgentInputItem, RunContext, Session } from '@openai/agents-core';
import { ENCRYPTION_FIELD_CHECKS, type EncryptionOptions } from '../items/encryption/encryption-options.js';
import { type EncryptedItemCodec, ItemEncryption } from '../items/encryption/item-encryption.js';
import { encodeItems, type ItemCodec } from '../items/item-codec.js';
import { ITEM_CODECS, ITEM_FORMATS, type ItemFormat } from '../items/responses-format/codec.js';
import { readText } from '../items/row-reader.js';
import { CALL_LIMIT_CHECKS, type CallLimits, currentCall, withinLimits } from '../port/call-limits.js';
import { CallOrder } from '../port/call-order.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, isOneOf, type OptionCheck } from '../port/options.js';
import { normalizeLimit } from './limit.js';
import { READS, type SessionOperation } from './session-host.js';

/** What {@link EncryptedSession} takes: any session of the SDK's kind, and how its items are encrypted. */
export type EncryptedSessionOptions = EncryptionOptions & {
  session: Session;
  /** The shape of what is encrypted, as the option of a store: `'responses'` if the Python SDK is to read it. */
  itemFormat?: ItemFormat | undefined;
};

/**
 * Encrypts what is stored in a session of another maker, as the option `encryption` of a store does and in the same
 * format. It has the five methods of the SDK's `Session`; stores of this project do more with the option.
 *
 * The session has to keep items as they are: one that sends them to a service of its own kind cannot be wrapped.
 * Keys are derived from the id that it gives.
 *
 * @example
 * ```ts
 * const session = new EncryptedSession({ session: new MemorySession(), key: process.env.SESSIONS_KEY });
 * await run(agent, 'Hello', { session });
 * ```
 */
export class EncryptedSession implements Session {
  /** `true` where the wrapped session takes the run context of the SDK's runner, absent for every other one. */
  declare readonly acceptsRunContext?: true;
  readonly #session: ContextSession;
  readonly #encryption: ItemEncryption;
  readonly #items: ItemCodec;
  readonly #order = new CallOrder();
  #told = false;
  #codec: EncryptedItemCodec | undefined;

  /** @throws TypeError for options of another form. Never shows a key. */
  constructor(options: EncryptedSessionOptions) {
    checkOptions('EncryptedSession', options, CHECKS);
    const { session, itemFormat = 'agents-js', ...encryption } = options;
    this.#session = session;
    this.#items = ITEM_CODECS[itemFormat];
    this.#encryption = new ItemEncryption(encryption);
    if ((session as { acceptsRunContext?: unknown }).acceptsRunContext === true)
      Object.defineProperty(this, 'acceptsRunContext', { value: true, enumerable: true });
  }

  /** The id of the wrapped session. */
  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  /**
   * Reads the conversation. Items that do not open among others that do, and those whose time is over, are left out.
   *
   * @param limit - How many of the newest items; all if absent. Zero and less give none, fractions round up.
   * @param options - `signal` and `timeout` (ms) end the call for its caller, as in a session of a store. So it is in all methods. What
   * the wrapped session was asked for by then goes on: a write that was ended is `OUTCOME_UNKNOWN` from there on.
   * @returns Items, oldest first.
   * @throws SessionError `DECRYPTION_FAILED` if none opens.
   */
  getItems(
    limit?: number,
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<AgentInputItem[]> {
    const wanted = normalizeLimit(limit);
    return this.#inTurn('getItems', options, async (codec) => {
      if (wanted === 0) return [];
      for (let size = wanted; ; size = size && 2 * size) {
        const stored = await this.#session.getItems(size, ...this.#context(runContext));
        const items = this.#openNewest(codec, stored, wanted);
        if (size === undefined || items.length === wanted || stored.length < size) return items;
      }
    });
  }

  /**
   * Adds items, encrypted.
   *
   * @throws As `addItems` of a store's session, and what the wrapped session throws.
   */
  async addItems(
    items: AgentInputItem[],
    runContext?: RunContext<unknown>,
    options: CallLimits = {},
  ): Promise<void> {
    const texts = this.#items.encode(items);
    return this.#inTurn('addItems', options, async (codec) => {
      if (texts.length > 0)
        await this.#session.addItems(codec.seal(texts).map(asItem), ...this.#context(runContext));
    });
  }

  /**
   * Removes the newest item. It is read first, and removed only if it opens.
   *
   * @throws SessionError `DECRYPTION_FAILED` if it does not open: the wrapped session cannot pass over it.
   */
  popItem(runContext?: RunContext<unknown>, options: CallLimits = {}): Promise<AgentInputItem | undefined> {
    return this.#inTurn('popItem', options, async (codec) => {
      for (;;) {
        const [newest] = await this.#session.getItems(1, ...this.#context(runContext));
        if (!newest) return undefined;
        const seen = open(codec, newest);
        if (seen instanceof SessionError) throw seen;
        const popped = await this.#session.popItem(...this.#context(runContext));
        if (!popped) return undefined;
        const item = open(codec, popped);
        if (item instanceof SessionError) {
          // somebody else added it since, with another key: it goes back
          await this.#session.addItems([popped], ...this.#context(runContext));
          throw item;
        }
        if (typeof item !== 'string') return item;
      }
    });
  }

  /** Removes the conversation. */
  clearSession(runContext?: RunContext<unknown>, options: CallLimits = {}): Promise<void> {
    return this.#inTurn('clearSession', options, () =>
      this.#session.clearSession(...this.#context(runContext)),
    );
  }

  /** The newest `wanted` items, oldest first. */
  #openNewest(
    codec: EncryptedItemCodec,
    stored: readonly AgentInputItem[],
    wanted = Infinity,
  ): AgentInputItem[] {
    const items: AgentInputItem[] = [];
    let opened = false;
    let refusal: SessionError | undefined;
    for (const one of stored.toReversed()) {
      if (items.length >= wanted) break;
      const item = open(codec, one);
      if (item instanceof SessionError) refusal ??= item;
      else opened ||= codec.isSealed(JSON.stringify(one));
      if (typeof item === 'object' && !(item instanceof SessionError)) items.push(item);
    }
    if (refusal && !opened) throw refusal;
    if (refusal) this.#tell(refusal);
    items.reverse();
    codec.afterRead(items);
    return items;
  }

  #tell({ code, message }: SessionError): void {
    if (this.#told) return;
    this.#told = true;
    process.emitWarning(`${message} It was skipped, and is kept.`, { type: 'SessionStoreWarning', code });
  }

  /** Sessions that do not ask for the run context are called as they always were. */
  #context(runContext: RunContext<unknown> | undefined): [RunContext<unknown>?] {
    return this.acceptsRunContext && runContext ? [runContext] : [];
  }

  /** One call at a time, in the order in which they were made: two pops must not both read what one removes. */
  async #inTurn<T>(
    method: SessionOperation,
    limits: CallLimits,
    call: (codec: EncryptedItemCodec) => Promise<T>,
  ): Promise<T> {
    checkOptions(method, limits, CALL_LIMIT_CHECKS);
    return withinLimits(limits, !READS.has(method), () =>
      this.#order.run('', async () => {
        currentCall()?.handedOver();
        this.#codec ??= this.#encryption.codec(await this.#session.getSessionId(), this.#items);
        return call(this.#codec);
      }),
    );
  }
}

/** A session whose methods may take a run context. Others pass over it. */
interface ContextSession extends Session {
  getItems(limit?: number, runContext?: RunContext<unknown>): Promise<AgentInputItem[]>;
  addItems(items: AgentInputItem[], runContext?: RunContext<unknown>): Promise<void>;
  popItem(runContext?: RunContext<unknown>): Promise<AgentInputItem | undefined>;
  clearSession(runContext?: RunContext<unknown>): Promise<void>;
}

const METHODS = ['getSessionId', 'getItems', 'addItems', 'popItem', 'clearSession'];

const isSession: OptionCheck = (value) =>
  METHODS.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function')
    ? undefined
    : "a session with the SDK's five methods";

const CHECKS: Readonly<Record<keyof EncryptedSessionOptions, OptionCheck>> = {
  ...ENCRYPTION_FIELD_CHECKS,
  session: isSession,
  itemFormat: isOneOf(...ITEM_FORMATS),
};

/** An envelope, as the wrapped session takes it. */
function asItem(text: string): AgentInputItem {
  return JSON.parse(text) as AgentInputItem;
}

/** What an item of the wrapped session holds, or what is wrong with it. */
function open(
  codec: EncryptedItemCodec,
  stored: AgentInputItem,
): AgentInputItem | SessionError | 'corrupt' | 'expired' {
  const [text = ''] = encodeItems([stored]);
  const result = readText(codec, text);
  if (!(result instanceof SessionError)) return result;
  return new SessionError(result.code, `An item of the wrapped session: ${result.message}`);
}
