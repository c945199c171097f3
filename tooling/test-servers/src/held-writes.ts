// For a program that runs in a network of its own, see own-network.ts.
import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Says something to the test, and waits until it lets this program go on. Nothing else runs meanwhile. */
export function hold(message: string): void {
  writeSync(1, `${message}\n`);
  for (;;) {
    try {
      readSync(0, Buffer.alloc(1));
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

let held: { readonly statement: RegExp; readonly message: string } | undefined;

const write = Socket.prototype.write;
Socket.prototype.write = function (this: Socket, data: unknown, ...rest: never[]): boolean {
  if (held && Buffer.isBuffer(data) && held.statement.test(data.toString('latin1'))) {
    const { message } = held;
    held = undefined;
    hold(message);
  }
  return Reflect.apply(write, this, [data, ...rest]);
} as typeof write;

/** Holds this program before it sends the next statement of this kind. */
export function holdBefore(statement: RegExp, message: string): void {
  held = { statement, message };
}
