import { EventEmitter } from 'node:events';
import type { SessionWarning } from '../port/warnings.js';

/** Who is told of the warnings of a store. Without a listener, the first of each kind goes to `process.emitWarning`. */
export class WarningListeners {
  readonly #events = new EventEmitter();
  readonly #told = new Set<string>();

  on(event: 'warning', listener: (warning: SessionWarning) => void): void {
    // Node's own refusal would repeat what it got
    if (typeof listener !== 'function') throw new TypeError('store.on() takes an event and a function.');
    this.#events.on(event, listener);
  }

  off(event: 'warning', listener: (warning: SessionWarning) => void): void {
    if (typeof listener !== 'function') throw new TypeError('store.off() takes an event and a function.');
    this.#events.off(event, listener);
  }

  /** In a microtask, so that a listener never runs inside a transaction of ours and its failure is its own. */
  warn(warning: SessionWarning): void {
    void Promise.resolve().then(() => {
      if (this.#events.emit('warning', warning) || this.#told.has(warning.code)) return;
      this.#told.add(warning.code);
      process.emitWarning(warning.message, { type: 'SessionStoreWarning', code: warning.code });
    });
  }
}
