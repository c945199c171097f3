import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { TortureCut, TortureNetwork } from '../torture.js';

interface Planned extends TortureCut {
  readonly done: () => void;
}

/** A way to a server, on 127.0.0.1, that can be made bad. */
export class Network implements TortureNetwork {
  delay = 0;
  jitter = 0;
  trickles = false;
  readonly #listener: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #planned: Planned | undefined;
  /** Pending while nothing is passed on. */
  #silence: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  private constructor(listener: Server, port: number) {
    this.#listener = listener;
    this.#port = port;
  }

  static async to(host: string, port: number): Promise<Network> {
    const listener = createServer();
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    const network = new Network(listener, (listener.address() as { port: number }).port);
    listener.on('connection', (client) => network.#join(client, connect({ host, port })));
    return network;
  }

  /** The same URL, by this way. */
  url(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.#port) }).href;
  }

  get silent(): boolean {
    return this.#silence !== undefined;
  }

  set silent(isSilent: boolean) {
    if (isSilent === this.silent) return;
    this.#silence?.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#silence = isSilent ? { over: promise, end: resolve } : undefined;
  }

  cutNext(cut: TortureCut): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#planned = { ...cut, done: resolve };
    return promise;
  }

  forgetCut(): void {
    this.#planned = undefined;
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async refuse(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.cutAll();
    await closed;
  }

  async accept(): Promise<void> {
    await once(this.#listener.listen(this.#port, '127.0.0.1'), 'listening');
  }

  async close(): Promise<void> {
    this.silent = false;
    this.cutAll();
    if (this.#listener.listening) await this.refuse();
  }

  #join(client: Socket, server: Socket): void {
    for (const [from, to, direction] of [
      [client, server, 'request'],
      [server, client, 'answer'],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('close', () => this.#sockets.delete(from));
      // the end of one side is the end of the other, and there is nobody else to tell
      from.on('error', () => {});
      this.#pass(from, to, direction).catch(() => to.resetAndDestroy());
    }
  }

  async #pass(from: Socket, to: Socket, direction: TortureCut['direction']): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      await this.#silence?.over;
      if (this.delay + this.jitter > 0) await wait(this.delay + Math.random() * this.jitter);
      const cut = this.#planned;
      if (cut?.direction === direction) {
        this.#planned = undefined;
        if (cut.how === 'tamper') {
          await written(to, withOtherByte(chunk, cut.part));
          cut.done();
          continue;
        }
        const part = chunk.subarray(0, Math.round(chunk.length * cut.part));
        if (part.length > 0) await written(to, part);
        await sever([from, to], cut.how);
        cut.done();
        return;
      }
      if (this.trickles) for (const byte of chunk) await written(to, Buffer.from([byte]));
      else await written(to, chunk);
    }
    to.end();
  }
}

function withOtherByte(bytes: Buffer, part: number): Buffer {
  const other = Buffer.from(bytes);
  const at = Math.floor((bytes.length - 1) * part);
  other[at] = (other[at] ?? 0) ^ 0x5a;
  return other;
}

function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

async function sever(sockets: readonly Socket[], how: 'reset' | 'end'): Promise<void> {
  if (how === 'end') {
    for (const socket of sockets) socket.end();
    await wait(20);
  }
  for (const socket of sockets) socket.resetAndDestroy();
}
