// Preloaded into npm: connections to the local registry go through a socket file, so that the tests need no network at
// all, not even a loopback interface.
import { Socket } from 'node:net';

const { REGISTRY_HOST, REGISTRY_SOCKET } = process.env;
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (/** @type {any[]} */ ...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  if (REGISTRY_SOCKET && options?.host === REGISTRY_HOST) {
    delete options.port;
    options.path = REGISTRY_SOCKET;
  }
  return Reflect.apply(connect, this, args);
};
