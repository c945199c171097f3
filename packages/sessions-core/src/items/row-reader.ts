import type { AgentInputItem } from '@openai/agents-core';
import type { StoredRow } from '../port/backend.js';
import { isSessionError, SessionError } from '../port/errors.js';
import type { SessionWarning, WarningReporter } from '../port/warnings.js';
import { ExpiredItem, type ItemCodec } from './item-codec.js';

/**
 * What to do about a row that is not an item. `skip`: reading leaves it out, popping removes it on the way, and
 * the application gets a warning. `throw`: both fail with `CORRUPT_ITEM` and change nothing.
 *
 * In a store that encrypts, a row that does not open among others that do: `skip` leaves it out with a warning and
 * never removes it; with `throw` calls fail with `DECRYPTION_FAILED`. If no row opens they do so in any case.
 */
export type OnCorruptItem = 'skip' | 'throw';

/** What a {@link RowReader} needs of the store. */
export interface RowReaderHost {
  readonly onCorruptItem: OnCorruptItem;
  readonly warn: WarningReporter;
}

/**
 * Why a row gives no item. `corrupt`: the text is not an item. `expired`: its time is over. `unopened`: no key opens it,
 * or it is plaintext that is not accepted. Another program may have the key for it, so only `clearSession` may
 * remove it.
 */
export type Unreadable = 'corrupt' | 'expired' | 'unopened';

/** The item of a text, or what is wrong with it. */
export function readText(
  codec: ItemCodec,
  text: string,
): AgentInputItem | SessionError | 'corrupt' | 'expired' {
  try {
    return codec.decode(text);
  } catch (error) {
    if (isSessionError(error) && error.code === 'DECRYPTION_FAILED') return error;
    return error instanceof ExpiredItem ? 'expired' : 'corrupt';
  }
}

/** Reads the rows that one call looks at, and remembers which of them gave no item. */
export class RowReader {
  readonly #codec: ItemCodec;
  readonly #host: RowReaderHost;
  readonly #corrupt: string[] = [];
  readonly #unopened: SessionError[] = [];
  /** Whether some key opened some row. */
  #opened = false;

  constructor(codec: ItemCodec, host: RowReaderHost) {
    this.#codec = codec;
    this.#host = host;
  }

  /**
   * The item of a row, or why there is none.
   *
   * @throws SessionError `CORRUPT_ITEM` or `DECRYPTION_FAILED` where the application wants to be told so.
   */
  read(row: StoredRow): AgentInputItem | Unreadable {
    const result = readText(this.#codec, row.text);
    if (result === 'corrupt') {
      if (this.#host.onCorruptItem === 'throw') throw corruptItem(row);
      this.#corrupt.push(row.id);
      return result;
    }
    if (result instanceof SessionError) {
      const error = new SessionError(
        result.code,
        `The row with id ${row.id} in the messages table: ${result.message}`,
        {
          rowId: row.id,
        },
      );
      if (this.#host.onCorruptItem === 'throw') throw error;
      this.#unopened.push(error);
      return 'unopened';
    }
    this.#opened ||= this.#codec.isSealed?.(row.text) ?? true;
    return result;
  }

  /** The item of a row; `undefined` for a row that is passed over. */
  item(row: StoredRow): AgentInputItem | undefined {
    const result = this.read(row);
    return typeof result === 'string' ? undefined : result;
  }

  /**
   * To be called before anything is concluded from what was read.
   *
   * @throws SessionError `DECRYPTION_FAILED` if encrypted rows were read and none of them opened: then it is not
   * the rows that are wrong, but the keys.
   */
  check(): void {
    const [first] = this.#unopened;
    if (first && !this.#opened) throw first;
  }

  /** Warns of the rows that gave no item. */
  tell(fateOfCorruptRows: 'skipped' | 'removed'): void {
    for (const rowId of this.#corrupt) {
      const message = `The row with id ${rowId} in the messages table is not an item and was ${fateOfCorruptRows}.`;
      this.#host.warn({ code: 'CORRUPT_ITEM', message, rowId });
    }
    for (const { message, rowId } of this.#unopened) this.#host.warn(unopenedWarning(message, rowId));
  }
}

function unopenedWarning(message: string, rowId: string | undefined): SessionWarning {
  return {
    code: 'DECRYPTION_FAILED',
    message: `${message} It was skipped, and is kept.`,
    ...(rowId !== undefined && { rowId }),
  };
}

function corruptItem(row: StoredRow): SessionError {
  return new SessionError(
    'CORRUPT_ITEM',
    `The row with id ${row.id} in the messages table is not an item. Repair or delete it, or open the store with ` +
      "onCorruptItem: 'skip'.",
    { rowId: row.id },
  );
}
