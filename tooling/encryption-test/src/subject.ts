import assert from 'node:assert/strict';
import type { SessionStore, SessionWarning, StoreOptions } from '@stackone/sessions-core';
import type { Awaitable } from '@stackone/sessions-core/backend';

/** What a case is run against: tables of its own, empty at first. */
export interface EncryptionSubject {
  /** A store on the tables. Any number of them, with other keys, is open at the same time. */
  open(options: StoreOptions): Awaitable<SessionStore>;
  /** Writes a row of any text to a conversation that has rows. */
  insertRaw(sessionId: string, text: string): Awaitable<unknown>;
  /** All that is in the tables, in an order that does not change. */
  dump(): Awaitable<Dump>;
}

/** What is in the tables. */
export interface Dump {
  readonly messages: readonly StoredMessage[];
  /** The rows of sessions, with their times. */
  readonly sessions: unknown;
  /** The rows of titles and metadata. */
  readonly metadata: unknown;
  readonly operations: readonly { readonly digest: unknown }[];
}

/** One row, as the database has it. */
interface StoredMessage {
  readonly sessionId: string;
  readonly id: string;
  readonly text: string;
  /** When it was written; absent where the engine does not keep it. */
  readonly createdAt?: unknown;
}

/** One promise. */
export interface EncryptionCase {
  readonly name: string;
  readonly run: (subject: EncryptionSubject) => Promise<void>;
}

export const KEY = 'canary-key-one';
export const OTHER_KEY = 'canary-key-two';

/** A store on the tables that keeps its warnings. */
export async function openStore(
  subject: EncryptionSubject,
  options: StoreOptions,
): Promise<{ store: SessionStore; warnings: SessionWarning[] }> {
  const warnings: SessionWarning[] = [];
  const store = await subject.open(options);
  store.on('warning', (warning) => warnings.push(warning));
  return { store, warnings };
}

/** Fails unless the call fails with the code, without any secret in the error. */
export async function refused(code: string, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: Error & { code?: string }) => {
    assert.equal(error.code, code);
    assert.doesNotMatch(`${error.message} ${error.stack}`, /canary/);
    return true;
  });
}

/** Lets the clock be another one while `work` goes on. */
export async function aside<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + seconds * 1000;
  try {
    return await work();
  } finally {
    Date.now = now;
  }
}
