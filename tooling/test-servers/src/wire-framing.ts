/** One message from a client, cut out of the stream of bytes. */
export interface ClientMessage {
  readonly bytes: Uint8Array;
  /** Statements that it makes the server run: 1 or 0. */
  readonly statements: number;
  /** Present if the client waits for the server's answer after this message: one round trip. */
  readonly request?: {
    /** The SQL text, where the message (or a Parse just before it) has one. */
    readonly sql?: string;
  };
}

/** Takes the bytes of one connection apart. Each connection has one of its own. */
export interface Framing {
  /** Messages that are complete with these bytes; the rest is kept for the next call. */
  fromClient(chunk: Uint8Array): ClientMessage[];
  /** Whether the server's answer to a request is complete with these bytes. */
  answers(chunk: Uint8Array): boolean;
}

/** Every chunk is a message and a request, every chunk from the server an answer. */
export const rawFraming = (): Framing => ({
  fromClient: (bytes) => [{ bytes, statements: 0, request: {} }],
  answers: () => true,
});

/** Collects bytes until `lengthAt` says that the first message is complete. */
class Splitter {
  #buffer = Buffer.alloc(0);
  readonly #lengthAt: (buffer: Buffer) => number | undefined;

  /** @param lengthAt The length of the message that the buffer starts with, if it has enough bytes to tell. */
  constructor(lengthAt: (buffer: Buffer) => number | undefined) {
    this.#lengthAt = lengthAt;
  }

  *push(chunk: Uint8Array): Generator<Buffer> {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const length = this.#lengthAt(this.#buffer);
      if (length === undefined || this.#buffer.length < length || length === 0) return;
      yield this.#buffer.subarray(0, length);
      this.#buffer = this.#buffer.subarray(length);
    }
  }
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** The first byte of a TLS handshake: what follows cannot be read. */
const TLS_HANDSHAKE = 0x16;

const textUntilNul = (bytes: Buffer, from: number) => {
  const end = bytes.indexOf(0, from);
  return bytes.toString('utf8', from, end === -1 ? bytes.length : end);
};

/** PostgreSQL: a type byte and an int32 length; the messages before the start-up message's end have no type. */
export function postgresFraming(): Framing {
  let phase: 'start' | 'typed' | 'encrypted' = 'start';
  let parsed: string | undefined;
  const client = new Splitter((buffer) => {
    if (phase === 'encrypted' || (phase === 'start' && buffer[0] === TLS_HANDSHAKE)) {
      phase = 'encrypted';
      return buffer.length;
    }
    if (phase === 'start') return buffer.length < 8 ? undefined : buffer.readInt32BE(0);
    return buffer.length < 5 ? undefined : 1 + buffer.readInt32BE(1);
  });
  const server = new Splitter((buffer) => (buffer.length < 5 ? undefined : 1 + buffer.readInt32BE(1)));

  const understand = (bytes: Buffer): ClientMessage => {
    if (phase === 'encrypted') return { bytes, statements: 0, request: {} };
    if (phase === 'start') {
      if (![SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST].includes(bytes.readInt32BE(4))) phase = 'typed';
      return { bytes, statements: 0 };
    }
    switch (String.fromCharCode(bytes[0] ?? 0)) {
      case 'Q': // simple query
        return { bytes, statements: 1, request: { sql: textUntilNul(bytes, 5) } };
      case 'P': // Parse: the name of the statement, then its text
        parsed = textUntilNul(bytes, bytes.indexOf(0, 5) + 1);
        return { bytes, statements: 0 };
      case 'E': // Execute
        return { bytes, statements: 1 };
      case 'S': {
        // Sync: only now is there an answer, and the commit
        const request = parsed === undefined ? {} : { sql: parsed };
        parsed = undefined;
        return { bytes, statements: 0, request };
      }
      default:
        return { bytes, statements: 0 };
    }
  };
  return {
    fromClient: (chunk) => Array.from(client.push(chunk), understand),
    answers(chunk) {
      if (phase !== 'typed') return true;
      let ready = false;
      for (const message of server.push(chunk)) ready = message[0] === 0x5a; // ReadyForQuery
      return ready;
    },
  };
}

/** Capability that both sides must have: queries begin with the count of their attributes. */
const QUERY_ATTRIBUTES = 1 << 27;
const COM_QUIT = 1;
const COM_QUERY = 3;
const COM_STMT_PREPARE = 22;
const COM_STMT_EXECUTE = 23;
const COM_STMT_SEND_LONG_DATA = 24;
const COM_STMT_CLOSE = 25;

/**
 * MySQL and MariaDB: a 3-byte length and a sequence number, which is 0 in the first packet of a command. A
 * statement of 16 MB or more comes in several packets; the first stands for it.
 */
export function mysqlFraming(): Framing {
  let encrypted = false;
  let serverHasAttributes: boolean | undefined;
  let textFrom: number | undefined;
  let answer: MysqlAnswer | undefined;
  const client = new Splitter((buffer) => {
    // the packet that asks for TLS is in the clear; a handshake record of it would be read as a packet
    encrypted ||= buffer[0] === TLS_HANDSHAKE && buffer[1] === 3;
    if (encrypted) return buffer.length;
    return buffer.length < 4 ? undefined : 4 + buffer.readUIntLE(0, 3);
  });
  const understand = (bytes: Buffer): ClientMessage => {
    if (encrypted) return { bytes, statements: 0, request: {} };
    // the login, or more of a command; the login begins with the client's capabilities
    textFrom ??= serverHasAttributes && bytes.readUInt32LE(4) & QUERY_ATTRIBUTES ? 7 : 5;
    if (bytes[3] !== 0) return { bytes, statements: 0 };
    answer = bytes[4] === COM_QUERY ? new MysqlAnswer() : undefined;
    switch (bytes[4]) {
      case COM_QUERY:
        if (textFrom === 7 && bytes[5] !== 0) return { bytes, statements: 1, request: {} }; // has attributes
        return { bytes, statements: 1, request: { sql: bytes.toString('utf8', textFrom) } };
      case COM_STMT_PREPARE:
        return { bytes, statements: 0, request: { sql: bytes.toString('utf8', 5) } };
      case COM_STMT_EXECUTE:
        return { bytes, statements: 1, request: {} };
      case COM_QUIT:
      case COM_STMT_SEND_LONG_DATA:
      case COM_STMT_CLOSE:
        return { bytes, statements: 0 }; // have no answer
      default:
        return { bytes, statements: 0, request: {} };
    }
  };
  return {
    fromClient: (chunk) => Array.from(client.push(chunk), understand),
    answers(chunk) {
      serverHasAttributes ??= ((greetingCapabilities(Buffer.from(chunk)) << 16) & QUERY_ATTRIBUTES) !== 0;
      // the first packet of an answer comes after the statement has run, but its text may have others behind it
      return encrypted || !answer || answer.endsWith(chunk);
    },
  };
}

const EOF = 0xfe;
const ERROR = 0xff;
const MORE_RESULTS = 0x0008;

/** What the server says to one text, which may be several statements. */
class MysqlAnswer {
  #part: 'header' | 'columns' | 'rows' = 'header';
  readonly #packets = new Splitter((buffer) => (buffer.length < 4 ? undefined : 4 + buffer.readUIntLE(0, 3)));

  /** Whether the last statement has been answered with this. */
  endsWith(chunk: Uint8Array): boolean {
    let ended = false;
    for (const packet of this.#packets.push(chunk)) ended = this.#isLast(packet);
    return ended;
  }

  #isLast(packet: Buffer): boolean {
    const kind = packet[4];
    if (kind === ERROR) return true;
    if (this.#part === 'header') {
      if (kind === 0)
        return this.#endPart(packet.readUInt16LE(behindNumber(packet, behindNumber(packet, 5))));
      this.#part = 'columns';
    } else if (kind === EOF && packet.length < 4 + 9) {
      if (this.#part === 'rows') return this.#endPart(packet.readUInt16LE(7));
      this.#part = 'rows';
    }
    return false;
  }

  #endPart(status: number): boolean {
    this.#part = 'header';
    return (status & MORE_RESULTS) === 0;
  }
}

/** Where a number of MySQL's variable length that begins at `at` ends. */
function behindNumber(packet: Buffer, at: number): number {
  const [first = 0] = packet.subarray(at);
  return at + ({ 252: 3, 253: 4, 254: 9 }[first] ?? 1);
}

/** The upper 16 bits of the server's capabilities: after its version, a thread id, a salt and other fields. */
function greetingCapabilities(greeting: Buffer): number {
  const at = greeting.indexOf(0, 5) + 1 + 4 + 8 + 1 + 2 + 1 + 2;
  return at + 2 <= greeting.length ? greeting.readUInt16LE(at) : 0;
}
