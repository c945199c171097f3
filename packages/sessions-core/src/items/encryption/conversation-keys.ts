import { crypto, FernetKey } from './fernet.js';

/** The derivation of the Python SDK's `EncryptedSession`: another one would make keys that it cannot make. */
const ITEMS = 'agents.session-store.hkdf.v1';
const OPERATIONS = '@stackone/sessions-core operation digests v1';

const BASE64_DIGIT = /[A-Za-z0-9+/]/;

/**
 * The bytes that a key stands for, read as the Python SDK does: 32 bytes in base64 if it is that, else the UTF-8 of
 * the text. Python's decoder takes either alphabet, passes over characters of neither, ends where padding
 * is complete, and demands padding: the 43 characters without `=` are a password to it.
 */
export function keyBytes(key: string): Uint8Array {
  const bytes = /^\p{ASCII}*$/u.test(key) ? decodeAsPython(key) : undefined;
  return bytes?.length === 32 ? bytes : new TextEncoder().encode(key);
}

function decodeAsPython(text: string): Uint8Array | undefined {
  let digits = '';
  let padding = 0;
  for (const character of text.replaceAll('-', '+').replaceAll('_', '/')) {
    const place = digits.length % 4;
    if (character === '=') {
      if (place >= 2 && place + ++padding >= 4) return Buffer.from(digits, 'base64');
    } else if (BASE64_DIGIT.test(character)) {
      digits += character;
      padding = 0;
    }
  }
  return digits.length % 4 === 0 ? Buffer.from(digits, 'base64') : undefined;
}

/**
 * The keys of one conversation, newest first. Each is derived when it is first used and kept as long as this object
 * is in use.
 */
export class ConversationKeys {
  readonly #keys: readonly Uint8Array[];
  readonly #sessionId: string;
  readonly #derived: FernetKey[] = [];

  /**
   * @param keys - The bytes of the application's keys, newest first.
   * @param sessionId - The id the conversation is stored under.
   */
  constructor(keys: readonly Uint8Array[], sessionId: string) {
    this.#keys = keys;
    this.#sessionId = sessionId;
  }

  /** How many there are. */
  get count(): number {
    return this.#keys.length;
  }

  /** The key at a place in the order, which begins at 0. */
  fernet(index: number): FernetKey {
    this.#derived[index] ??= new FernetKey(this.#derive(index, ITEMS));
    return this.#derived[index];
  }

  /** A digest that tells contents apart, and says nothing about them without the key. One for each key. */
  digests(content: string): string[] {
    return this.#keys.map((_, index) =>
      crypto().createHmac('sha256', this.#derive(index, OPERATIONS)).update(content).digest('base64url'),
    );
  }

  #derive(index: number, purpose: string): Uint8Array {
    const key = this.#keys[index];
    if (!key) throw new RangeError('There are not so many keys.');
    return new Uint8Array(crypto().hkdfSync('sha256', key, this.#sessionId, purpose, 32));
  }
}
