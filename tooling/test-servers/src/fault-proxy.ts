import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Engine } from './engines.ts';
import {
  type ClientMessage,
  type Framing,
  mysqlFraming,
  postgresFraming,
  rawFraming,
} from './wire-framing.ts';

/** Where to cut a connection. */
export interface Cut {
  /**
   * `before`: the request does not reach the server. `sent`: it does, and the connection is cut at once.
   * `answered`: the server has carried it out and answered, and the answer does not reach the client.
   */
  readonly when: 'before' | 'sent' | 'answered';
  /** Which request, counted from now over all connections; the next one (1) by default. */
  readonly nth?: number;
  /** Count only requests whose SQL text matches, such as `/^commit/i`. */
  readonly sql?: RegExp;
  /** What is done at that moment instead of cutting, such as killing the client. The answer is withheld. */
  readonly instead?: () => void;
}

/** Options of {@link startProxy}. */
export interface ProxyOptions {
  /** How the bytes are framed; without it every chunk counts as a request. */
  readonly protocol?: Engine;
  /** Milliseconds that each chunk is held back, each way. Can be changed later. */
  readonly delay?: number;
}

const framingOf = (protocol: Engine | undefined): (() => Framing) => {
  if (!protocol) return rawFraming;
  return protocol === 'postgres' || protocol === 'pgbouncer' ? postgresFraming : mysqlFraming;
};

/** A TCP proxy on 127.0.0.1 that counts, delays and cuts. */
export class FaultProxy {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** Milliseconds that each chunk is held back, each way. */
  delay: number;
  /** As if the network were gone: nothing is passed on any more, either way, and nothing is closed. */
  silent = false;
  /** Connections that clients have opened. */
  connections = 0;
  /** Messages from clients, of any kind. */
  messages = 0;
  /** Statements that clients have had run. */
  statements = 0;
  /** Times that a client has waited for the server, after it had logged in. */
  roundTrips = 0;
  /** Requests that {@link cut} fell on. */
  cuts = 0;
  readonly #listener: Server;
  readonly #open = new Set<Socket>();
  #planned: (Cut & { left: number })[] = [];

  constructor(listener: Server, port: number, delay: number) {
    this.#listener = listener;
    this.port = port;
    this.delay = delay;
  }

  /** The same URL, through this proxy. */
  url(url: string): string {
    const through = new URL(url);
    through.hostname = this.host;
    through.port = String(this.port);
    return through.href;
  }

  /**
   * Plans one cut. Several are carried out each on its own; a cut is forgotten when it has been done.
   *
   * @example proxy.cut({ when: 'answered', sql: /^insert/i });
   */
  cut(cut: Cut): void {
    this.#planned.push({ ...cut, left: cut.nth ?? 1 });
  }

  /** Cuts every open connection now; new ones are accepted. */
  cutAll(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  /** Cuts every connection and accepts no more. */
  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Counts a message, and says which planned cut falls on it, if one does. */
  count({ statements, request }: ClientMessage): Cut | undefined {
    this.messages += 1;
    this.statements += statements;
    if (!request) return undefined;
    this.roundTrips += 1;
    let due: Cut | undefined;
    for (const planned of this.#planned) {
      if (planned.sql && !(request.sql !== undefined && planned.sql.test(request.sql))) continue;
      planned.left -= 1;
      if (planned.left === 0) due ??= planned;
    }
    this.#planned = this.#planned.filter(({ left }) => left > 0);
    if (due) this.cuts += 1;
    return due;
  }

  /** Joins a client to the server. */
  join(client: Socket, server: Socket, framing: Framing): void {
    this.connections += 1;
    /** What follows the complete answer that the client does not get. */
    let withheld: (() => void) | undefined;
    const cutNow = () => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    const toServer = new DelayedWriter(server, () => this.delay);
    const toClient = new DelayedWriter(client, () => this.delay);
    for (const [socket, other, writer] of [
      [client, server, toServer],
      [server, client, toClient],
    ] as const) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.on('end', () => writer.end());
      // one side's fault is the other's too; a proxy has nobody else to tell
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.#open.delete(socket);
        writer.end();
      });
    }
    client.on('data', (chunk) => {
      if (this.silent) return;
      for (const message of framing.fromClient(chunk)) {
        const cut = this.count(message);
        const strike = cut?.instead ?? cutNow;
        if (cut?.when === 'before') return strike();
        if (cut) withheld = cut.when === 'answered' ? strike : () => {};
        if (cut?.when === 'sent') return toServer.write(message.bytes, strike);
        toServer.write(message.bytes);
      }
    });
    server.on('data', (chunk) => {
      if (this.silent) return;
      const complete = framing.answers(chunk);
      if (!withheld) toClient.write(chunk);
      else if (complete) withheld();
    });
  }
}

/** Writes to a socket after a delay, in the order of the calls whatever the delay becomes. */
class DelayedWriter {
  readonly #socket: Socket;
  readonly #delay: () => number;
  #last = Promise.resolve();
  #due = 0;

  constructor(socket: Socket, delay: () => number) {
    this.#socket = socket;
    this.#delay = delay;
  }

  write(bytes: Uint8Array, afterwards?: () => void): void {
    this.#then(() => this.#socket.write(bytes, afterwards));
  }

  end(): void {
    this.#then(() => this.#socket.end());
  }

  #then(act: () => void): void {
    const due = Math.max(this.#due, performance.now() + this.#delay());
    this.#due = due;
    this.#last = this.#last.then(async () => {
      // a timer may fire a little early
      for (let rest = due - performance.now(); rest > 0; rest = due - performance.now()) {
        await new Promise((resolve) => setTimeout(resolve, Math.ceil(rest)));
      }
      if (this.#socket.writable) act();
    });
  }
}

/**
 * Starts a proxy before a server.
 *
 * @throws Error if it cannot listen on 127.0.0.1.
 * @example
 * await using proxy = await startProxy(server, { protocol: server.engine });
 * const pool = new pg.Pool({ connectionString: proxy.url(server.url(database)) });
 * proxy.cut({ when: 'answered', sql: /^insert/i }); // the next insert is done, and the client cannot know
 */
export async function startProxy(
  target: { readonly host: string; readonly port: number },
  { protocol, delay = 0 }: ProxyOptions = {},
): Promise<FaultProxy> {
  const makeFraming = framingOf(protocol);
  const listener = createServer();
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy was given no port');
  const proxy = new FaultProxy(listener, address.port, delay);
  listener.on('connection', (client) => {
    proxy.join(client, connect({ host: target.host, port: target.port }), makeFraming());
  });
  return proxy;
}
