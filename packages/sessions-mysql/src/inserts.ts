import { SessionError } from '@stackone/sessions-core';
import type { NewRow } from './statements.js';

/** What the protocol adds to a statement, generously. */
const RESERVED_BYTES = 64;
/** Larger statements are no quicker, and cost memory on both sides. */
const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
const MAX_CHUNK_ROWS = 10_000;

/** The statements that insert one run of rows. */
export interface Insert {
  readonly statements: readonly string[];
  /**
   * The session whose rows the statements are, where there are several: their rows get the time of the first one's.
   * Else each statement holds whole batches.
   */
  readonly continued: string | undefined;
}

/** How rows are inserted. */
export interface InsertSql<Row> {
  /** What a statement begins with. */
  readonly insertRows: string;
  /** The values of a row. */
  insertedRow(row: Row): string;
}

/** Cuts inserts into statements that the server takes, so that a batch begins a statement if it needs several. */
export class InsertBuilder<Row extends NewRow> {
  readonly #sql: InsertSql<Row>;
  readonly #maxPacket: number;

  constructor(sql: InsertSql<Row>, maxPacket: number) {
    this.#sql = sql;
    this.#maxPacket = maxPacket;
  }

  /**
   * @param batches - The rows of each batch are those of one session.
   * @throws SessionError `ITEM_TOO_LARGE` for a row that no statement can hold.
   */
  build(batches: readonly (readonly Row[])[]): Insert[] {
    const inserts: Insert[] = [];
    let shared = new Chunk();
    const closeShared = () => {
      if (shared.rows.length > 0)
        inserts.push({ statements: [this.#statement(shared)], continued: undefined });
      shared = new Chunk();
    };
    for (const batch of batches) {
      const chunks = this.#chunks(batch);
      const [first] = chunks;
      if (!first) continue;
      if (chunks.length > 1) {
        closeShared();
        inserts.push({
          statements: chunks.map((chunk) => this.#statement(chunk)),
          continued: batch[0]?.sessionId,
        });
      } else {
        if (!this.#fits(shared, first.bytes, first.rows.length)) closeShared();
        shared.add(first.rows, first.bytes);
      }
    }
    closeShared();
    return inserts;
  }

  #chunks(batch: readonly Row[]): Chunk[] {
    const chunks: Chunk[] = [];
    let chunk: Chunk | undefined;
    for (const row of batch) {
      const values = this.#sql.insertedRow(row);
      const bytes = Buffer.byteLength(values) + SEPARATOR.length;
      if (bytes > this.#room) throw tooLarge(Buffer.byteLength(row.text), this.#maxPacket);
      if (!chunk || !this.#fits(chunk, bytes, 1)) {
        chunk = new Chunk();
        chunks.push(chunk);
      }
      chunk.add([values], bytes);
    }
    return chunks;
  }

  get #room(): number {
    return this.#maxPacket - RESERVED_BYTES - Buffer.byteLength(this.#sql.insertRows);
  }

  #fits(chunk: Chunk, bytes: number, rows: number): boolean {
    if (chunk.rows.length === 0) return true;
    const room = Math.min(this.#room, MAX_CHUNK_BYTES);
    return chunk.bytes + bytes <= room && chunk.rows.length + rows <= MAX_CHUNK_ROWS;
  }

  #statement({ rows }: Chunk): string {
    return `${this.#sql.insertRows}${rows.join(SEPARATOR)}`;
  }
}

const SEPARATOR = ', ';

/** The values of one statement. */
class Chunk {
  readonly rows: string[] = [];
  bytes = 0;

  add(rows: readonly string[], bytes: number): void {
    for (const row of rows) this.rows.push(row);
    this.bytes += bytes;
  }
}

/**
 * Checks a statement that holds one text.
 *
 * @throws SessionError `ITEM_TOO_LARGE`
 */
export function checkPacket(statement: string, text: string, maxPacket: number): void {
  if (Buffer.byteLength(statement) + RESERVED_BYTES > maxPacket)
    throw tooLarge(Buffer.byteLength(text), maxPacket);
}

/**
 * What is sent with its commit is no larger, in bytes: of the answer to a text that is larger than a packet, because
 * `max_allowed_packet` was lowered, often nothing arrives but the end of the connection, which then says nothing of the commit. It
 * is 1 MB or more on every server in use, and of what takes longer to send a round trip is a small part.
 */
const MAX_BYTES_TOGETHER = 1_000_000;

/** Whether statements may be one text, with the begin and the commit of a transaction. */
export function fitTogether(statements: readonly string[], maxPacket: number): boolean {
  const bytes = statements.reduce(
    (sum, statement) => sum + Buffer.byteLength(statement) + SEPARATOR.length,
    0,
  );
  return bytes + 2 * RESERVED_BYTES <= Math.min(maxPacket, MAX_BYTES_TOGETHER);
}

function tooLarge(bytes: number, maxPacket: number): SessionError {
  return new SessionError(
    'ITEM_TOO_LARGE',
    `An item of ${bytes} bytes does not fit into a statement: the server's max_allowed_packet is ${maxPacket} bytes. ` +
      'Nothing was written. Raise max_allowed_packet, or keep large files elsewhere and refer to them.',
  );
}
