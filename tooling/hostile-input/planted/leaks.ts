import { channel } from 'node:diagnostics_channel';
import { OPERATION_CHANNEL, type SessionStore } from '@stackone/openai-agents-js-sessions';
import type { Leak } from '../src/canary/play.ts';

/** A store whose `health` is another one. */
const withHealth =
  (health: (store: SessionStore, error: Error) => unknown): Leak =>
  (store) =>
    new Proxy(store, {
      get(target, key) {
        if (key === 'health') return async () => health(target, new Error('It failed.'));
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });

const failing = (change: (error: Error) => object): Leak =>
  withHealth((_, error) => {
    throw change(error);
  });

const SECRET = 'canary-of-a-password';

class DriverError extends Error {
  /** Inherited, so that nothing that prints the error shows it. */
  get query() {
    return SECRET;
  }
}

/** Leaks of every kind, with where each is found. */
export const LEAKS: Readonly<Record<string, { readonly leak: Leak; readonly found: RegExp }>> = {
  'a message': {
    leak: failing(() => new Error(`No ${SECRET}.`)),
    found: /store\.health failed: \.(message|stack)/,
  },
  'a cause': {
    leak: failing((error) => Object.assign(error, { cause: new Error('', { cause: new Error(SECRET) }) })),
    found: /\.cause\.cause\.(message|stack)/,
  },
  'a stack': {
    leak: failing((error) => Object.assign(error, { stack: `Error\n    at ${SECRET}` })),
    found: /\.stack/,
  },
  'a property': {
    leak: failing((error) => Object.assign(error, { parameters: [['x', SECRET]] })),
    found: /\.parameters\.0\.1/,
  },
  'a hidden property': {
    leak: failing((error) => Object.defineProperty(error, 'sql', { value: SECRET })),
    found: /\.sql/,
  },
  'an inherited property': { leak: failing(() => new DriverError('It failed.')), found: /\.query/ },
  'a symbol as key': {
    leak: failing((error) => Object.assign(error, { [Symbol('rows')]: new Map([[1, { row: SECRET }]]) })),
    found: /Symbol\(rows\)/,
  },
  'the name of a property': {
    leak: failing((error) => Object.assign(error, { [SECRET]: 1 })),
    found: /its name/,
  },
  bytes: {
    leak: failing((error) => Object.assign(error, { packet: Buffer.from(SECRET) })),
    found: /\.packet/,
  },
  'JSON of an error': {
    leak: failing((error) => Object.assign(error, { toJSON: () => ({ of: SECRET }) })),
    found: /JSON/,
  },
  'an answer': {
    leak: withHealth(() => ({ ok: false, error: new Error(SECRET) })),
    found: /store\.health\.error/,
  },
  'a diagnostic': {
    leak: withHealth(() => channel(OPERATION_CHANNEL).publish({ parameters: SECRET })),
    found: /diagnostics\.parameters/,
  },
  'a warning of the process': {
    leak: withHealth(() => process.emitWarning(`No ${SECRET}.`)),
    found: /process warning/,
  },
  'the console': {
    leak: withHealth(() => console.debug({ url: `postgres://u:${SECRET}@h/db` })),
    found: /printed\.url/,
  },
  'a stream': { leak: withHealth(() => process.stderr.write(`${SECRET}\n`)), found: /printed/ },
  'the store itself': {
    leak: (store) => Object.defineProperty(store, 'options', { value: { password: SECRET } }),
    found: /the store itself\.options\.password/,
  },
};
