import type { KeyObject } from 'node:crypto';

/** What a token carries. */
export interface FernetMessage {
  readonly text: string;
  /** When the token was made, in seconds since 1970. */
  readonly seconds: number;
}

const VERSION = 0x80;
const IV_LENGTH = 16;
const HEAD_LENGTH = 1 + 8 + IV_LENGTH;
const SIGNATURE_LENGTH = 32;
const BLOCK_LENGTH = 16;

/** `node:crypto` takes longer to load than all of this package: it is loaded where it is first needed. */
export function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

/**
 * A key of the Fernet scheme (https://github.com/fernet/spec): AES-128 in CBC mode under HMAC-SHA256. No inspection of
 * anything that holds it shows its bytes.
 */
export class FernetKey {
  // With key objects a token takes a third of the time that it takes with bytes.
  readonly #signing: KeyObject;
  readonly #encrypting: KeyObject;

  /** @param bytes - 32: the first half signs, the second one encrypts. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== 32) throw new TypeError('A Fernet key has 32 bytes.');
    this.#signing = crypto().createSecretKey(bytes.subarray(0, 16));
    this.#encrypting = crypto().createSecretKey(bytes.subarray(16));
  }

  /**
   * @param seconds - The time that the token tells, in seconds since 1970.
   * @param iv - 16 bytes; to be left out, but for known answers.
   * @returns The token, in base64url with padding.
   */
  seal({ text, seconds }: FernetMessage, iv: Uint8Array = crypto().randomBytes(IV_LENGTH)): string {
    const head = Buffer.alloc(HEAD_LENGTH);
    head[0] = VERSION;
    head.writeBigUInt64BE(BigInt(seconds), 1);
    head.set(iv, 9);
    const cipher = crypto().createCipheriv('aes-128-cbc', this.#encrypting, iv);
    const signed = Buffer.concat([head, cipher.update(text, 'utf8'), cipher.final()]);
    const token = Buffer.concat([signed, this.#sign(signed)]).toString('base64');
    return token.replaceAll('+', '-').replaceAll('/', '_');
  }

  /** What a token carries, or nothing if it was not made with this key or was changed since. */
  open(token: string): FernetMessage | undefined {
    const bytes = Buffer.from(token, 'base64url');
    const sealedLength = bytes.length - HEAD_LENGTH - SIGNATURE_LENGTH;
    if (bytes[0] !== VERSION || sealedLength < BLOCK_LENGTH || sealedLength % BLOCK_LENGTH !== 0)
      return undefined;
    const signed = bytes.subarray(0, -SIGNATURE_LENGTH);
    // before anything is decrypted, so that nothing of somebody else's making is
    if (!crypto().timingSafeEqual(this.#sign(signed), bytes.subarray(-SIGNATURE_LENGTH))) return undefined;
    const decipher = crypto().createDecipheriv(
      'aes-128-cbc',
      this.#encrypting,
      bytes.subarray(9, HEAD_LENGTH),
    );
    const text = Buffer.concat([decipher.update(signed.subarray(HEAD_LENGTH)), decipher.final()]).toString(
      'utf8',
    );
    return { text, seconds: Number(bytes.readBigUInt64BE(1)) };
  }

  #sign(bytes: Uint8Array): Uint8Array {
    return crypto().createHmac('sha256', this.#signing).update(bytes).digest();
  }
}
