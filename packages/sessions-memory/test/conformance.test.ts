import { SessionError, SessionStore } from '@stackone/sessions-core';
import {
  backendConformance,
  sessionConformance,
  sessionFeatures,
  storeConformance,
} from '@stackone/sessions-core/conformance';
import { describe, expect, test } from 'vitest';
import { MEMORY_SUPPORT, MemoryBackend } from '../src/backend.js';
import { MemorySessionStore } from '../src/index.js';

sessionConformance({
  name: 'sessions of a MemorySessionStore',
  describe,
  test,
  open: () => new MemorySessionStore(),
  supports: sessionFeatures(MEMORY_SUPPORT),
});

sessionConformance({
  name: 'sessions of a MemorySessionStore with rows of the Responses API',
  describe,
  test,
  open: () => new MemorySessionStore({ itemFormat: 'responses' }),
  supports: sessionFeatures(MEMORY_SUPPORT),
});

/** Keeps its rows when one of the stores over it closes, as a database does. */
class LastingBackend extends MemoryBackend {
  override close(): void {}
}

const store = storeConformance({
  name: 'two stores over one MemoryBackend, with access to its rows',
  describe,
  test,
  open: () => {
    const backend = new LastingBackend();
    const open = (engine = () => backend) =>
      new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: engine }).on('warning', () => {});
    return {
      store: open(),
      insertRaw: (sessionId: string, text: string) => backend.append([{ sessionId, texts: [text] }]),
      reopen: () => open(),
      outOfReach: () => {
        let mended = false;
        const engine = () => {
          if (!mended) throw new SessionError('CONNECTION_FAILED', 'out of reach');
          return backend;
        };
        return { store: open(engine), mend: () => (mended = true) };
      },
    };
  },
  supports: { ...MEMORY_SUPPORT, tenants: true, limits: true, reopen: true, raw: true, outOfReach: true },
});

test('the suite of a store has at least 180 cases, and says what memory cannot do', () => {
  expect(store.covered.length).toBeGreaterThanOrEqual(180);
  expect(new Set(store.notCovered.flatMap(({ needs }) => needs))).toEqual(
    new Set(['transactions', 'inTransaction', 'ownTransactions']),
  );
});

backendConformance({
  name: 'MemoryBackend',
  describe,
  test,
  open: () => ({ backend: new MemoryBackend() }),
  supports: MEMORY_SUPPORT,
});
