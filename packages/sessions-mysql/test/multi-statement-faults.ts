import { connect, createServer, type Socket } from 'node:net';
import type { TestServer } from '@stackone/test-servers';

/** What a proxy does where several statements in one text are not for it. */
export type Refusal = 'by the server, as the flag is not passed on' | 'by closing the connection';

/** Where the flag CLIENT_MULTI_STATEMENTS is in the answer to the greeting: byte and bit. */
const FLAG = { byte: 4 + 2, bit: 1 };

/** A proxy that does not let texts of several statements through. */
export async function startRefusingProxy({ host, port }: TestServer, refusal: Refusal) {
  const sockets = new Set<Socket>();
  let refused = 0;
  const listener = createServer((client) => {
    const server = connect(port, host);
    let isFirst = true;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
    server.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => {
      if (isFirst && refusal.startsWith('by the server'))
        chunk[FLAG.byte] = (chunk[FLAG.byte] ?? 0) & ~FLAG.bit;
      isFirst = false;
      if (/; (?:SHOW|START|INSERT|SELECT|COMMIT)/.test(chunk.toString('latin1'))) {
        refused += 1;
        if (refusal === 'by closing the connection') client.destroy();
      }
      if (!client.destroyed) server.write(chunk);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port: own } = listener.address() as { port: number };
  return {
    /** How many such texts came. */
    refused: () => refused,
    url(url: string): string {
      const through = new URL(url);
      Object.assign(through, { hostname: '127.0.0.1', port: String(own) });
      return through.href;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
