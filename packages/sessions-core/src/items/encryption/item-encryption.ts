import type { AgentInputItem } from '@openai/agents-core';
import { digestOf } from '../../port/digest.js';
import { SessionError } from '../../port/errors.js';
import { ExpiredItem, type ItemCodec } from '../item-codec.js';
import { ConversationKeys, keyBytes } from './conversation-keys.js';
import { type EncryptionOptions, isEncryption } from './encryption-options.js';
import { envelopeText, tokenIn } from './envelope.js';
import type { FernetMessage } from './fernet.js';

/** How far the clock of another machine may be ahead before its items are not taken, in seconds. As in Python. */
const MAX_CLOCK_SKEW = 60;

/** The encryption of a store: makes a codec for each conversation. Keeps keys in private fields. */
export class ItemEncryption {
  readonly #keys: readonly Uint8Array[];
  readonly #options: CodecOptions;

  /** @throws TypeError for options of another form. Never shows a key. */
  constructor(options: EncryptionOptions) {
    const problem = isEncryption(options);
    if (problem) throw new TypeError(`The option "encryption" must be ${problem}.`);
    const { key, keys, ttlSeconds, acceptPlaintext = false } = options;
    this.#keys = (keys ?? [key]).map(keyBytes);
    this.#options = { ttlSeconds, acceptPlaintext };
  }

  /**
   * The codec of one conversation.
   *
   * @param sessionId - The id it is stored under: keys are derived from it.
   * @param inner - Makes the texts that are encrypted.
   */
  codec(sessionId: string, inner: ItemCodec): EncryptedItemCodec {
    return new EncryptedItemCodec(new ConversationKeys(this.#keys, sessionId), inner, this.#options);
  }
}

interface CodecOptions {
  readonly ttlSeconds: number | undefined;
  readonly acceptPlaintext: boolean;
}

/** Encrypts the items of one conversation. */
export class EncryptedItemCodec implements ItemCodec {
  readonly #keys: ConversationKeys;
  readonly #inner: ItemCodec;
  readonly #options: CodecOptions;

  constructor(keys: ConversationKeys, inner: ItemCodec, options: CodecOptions) {
    this.#keys = keys;
    this.#inner = inner;
    this.#options = options;
  }

  encode(items: readonly AgentInputItem[]): string[] {
    return this.seal(this.#inner.encode(items));
  }

  /** Encrypts texts as they are. */
  seal(texts: readonly string[]): string[] {
    const seconds = now();
    return texts.map((text) => this.#seal({ text, seconds }));
  }

  /**
   * A text that {@link seal} encrypted. It does not expire: `ttlSeconds` is for items.
   *
   * @throws SessionError `DECRYPTION_FAILED` as {@link decode} does.
   */
  open(text: string): string {
    const token = tokenIn(text);
    if (token !== undefined) return this.#open(token).message.text;
    if (this.#options.acceptPlaintext) return text;
    throw plaintextRefused();
  }

  /** The text under the newest key, as {@link reseal} does for items. */
  resealText(text: string): string | undefined {
    const token = tokenIn(text);
    if (token === undefined) return this.#seal({ text: this.open(text), seconds: now() });
    const { message, index } = this.#open(token);
    return index === 0 ? undefined : this.#seal(message);
  }

  /**
   * @throws SessionError `DECRYPTION_FAILED` for a row that no key opens and for a plaintext row that is not
   * accepted; {@link ExpiredItem}; any other error for a text that is not an item.
   */
  decode(text: string): AgentInputItem {
    const token = tokenIn(text);
    if (token === undefined) {
      const item = this.#inner.decode(text);
      if (this.#options.acceptPlaintext) return item;
      throw plaintextRefused();
    }
    const { message } = this.#open(token);
    if (this.#isExpired(message)) throw new ExpiredItem();
    return this.#inner.decode(message.text);
  }

  asRead(items: readonly AgentInputItem[]): readonly AgentInputItem[] {
    return this.#inner.asRead?.(items) ?? items;
  }

  afterRead(items: readonly AgentInputItem[]): void {
    this.#inner.afterRead?.(items);
  }

  isIncomplete(decoded: AgentInputItem): boolean {
    return this.#inner.isIncomplete?.(decoded) ?? false;
  }

  incomplete(item: AgentInputItem): AgentInputItem {
    return this.#inner.incomplete?.(item) ?? item;
  }

  isSealed(text: string): boolean {
    return tokenIn(text) !== undefined;
  }

  /**
   * Then the unkeyed digest, for what was recorded before the store encrypted, and those of it, for what was recorded in a store that
   * does not, and copied to this one.
   */
  digests(content: string): readonly string[] {
    const unkeyed = digestOf(content);
    return [...this.#keys.digests(content), unkeyed, ...this.#keys.digests(unkeyed)];
  }

  /**
   * The row encrypted with the newest key, or nothing if it is that already. The time at which it was first
   * encrypted stays, so that its life does not begin anew.
   *
   * @throws As {@link decode} does, but not for an item that has expired.
   */
  reseal(text: string): string | undefined {
    if (tokenIn(text) === undefined) this.decode(text); // what is no item stays as it is
    return this.resealText(text);
  }

  moved(text: string, to: ItemCodec): string {
    if (!(to instanceof EncryptedItemCodec)) throw new TypeError('Both conversations are of one store.');
    const token = tokenIn(text);
    return token === undefined ? text : to.#seal(this.#open(token).message);
  }

  #seal(message: FernetMessage): string {
    try {
      return envelopeText(this.#keys.fernet(0).seal(message));
    } catch (cause) {
      const message = 'An encrypted item is longer than the longest string of this runtime.';
      throw new SessionError('ITEM_TOO_LARGE', message, { cause });
    }
  }

  #open(token: string): { readonly message: FernetMessage; readonly index: number } {
    for (let index = 0; index < this.#keys.count; index++) {
      const message = this.#keys.fernet(index).open(token);
      if (message) return { message, index };
    }
    throw new SessionError(
      'DECRYPTION_FAILED',
      'none of the keys opens it. It was encrypted with another key or in another conversation, or it was changed. ' +
        'Add the key that it was written with to "encryption.keys".',
    );
  }

  #isExpired({ seconds }: FernetMessage): boolean {
    const { ttlSeconds } = this.#options;
    if (ttlSeconds === undefined) return false;
    return seconds + ttlSeconds < now() || seconds > now() + MAX_CLOCK_SKEW;
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function plaintextRefused(): SessionError {
  return new SessionError(
    'DECRYPTION_FAILED',
    'it is not encrypted. If it is yours, open the store with "encryption.acceptPlaintext: true" and run ' +
      'store.reencrypt() once.',
  );
}
