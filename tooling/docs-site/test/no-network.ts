// For `node --import`: a program that connects to anything but this machine fails.
import { Socket } from 'node:net';

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
  const [options] = args.flat() as [{ host?: string; path?: string }];
  const { host, path } = options;
  if (path === undefined && host !== undefined && !/^(localhost|127\.|::1)/.test(host))
    throw new Error(`The build asks for something from the network: ${host}`);
  return Reflect.apply(connect, this, args) as Socket;
};
