import { SessionStore } from '@stackone/sessions-core';
import { backendConformance, sessionConformance } from '@stackone/sessions-core/conformance';
import { describe, test } from 'vitest';
import { MEMORY_SUPPORT, MemoryBackend } from '../src/backend.js';
import { MemorySessionStore } from '../src/index.js';

const everything = { checksIds: true, anyValue: true, namesPaths: true };

sessionConformance({
  name: 'MemorySessionStore',
  describe,
  test,
  open: () => new MemorySessionStore(),
  supports: everything,
});

sessionConformance({
  name: 'two stores over one MemoryBackend, with access to its rows',
  describe,
  test,
  open: () => {
    const backend = new MemoryBackend();
    const open = () =>
      new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: () => backend }).on(
        'warning',
        () => {},
      );
    const store = open();
    return {
      session: (id: string) => store.session(id),
      insertRaw: (sessionId: string, text: string) => backend.append([{ sessionId, texts: [text] }]),
      reopen: () => {
        const other = open();
        return { session: (id: string) => other.session(id) };
      },
    };
  },
  supports: { ...everything, reopen: true, raw: true },
});

backendConformance({
  name: 'MemoryBackend',
  describe,
  test,
  open: () => ({ backend: new MemoryBackend() }),
  supports: MEMORY_SUPPORT,
});
