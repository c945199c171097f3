import { ENCRYPTION_CASES, type EncryptionSubject } from '@stackone/encryption-test';
import { COVERING_RUNS, modelRuns, modelTimeout, playModel } from '@stackone/model-test';
import { playScene, SCENES } from '@stackone/runner-script';
import { SessionStore, type StoreOptions } from '@stackone/sessions-core';
import type { Operation } from '@stackone/sessions-core/backend';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describe, expect, test } from 'vitest';
import { MEMORY_SUPPORT, MemoryBackend } from '../src/backend.js';
import { MemorySessionStore } from '../src/index.js';

const RUNS = modelRuns(COVERING_RUNS);
const encryption = { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' };

/** Any number of stores over one backend, which notes the operations it is given. */
function subject(): EncryptionSubject & { backend: MemoryBackend } {
  const backend = new MemoryBackend();
  const operations = new Map<string, Operation & { sessionId: string }>();
  const noted = {
    supports: MEMORY_SUPPORT,
    append: (batches: Parameters<MemoryBackend['append']>[0]) => {
      const outcomes = backend.append(batches);
      for (const [index, { sessionId, operation }] of batches.entries())
        if (operation && outcomes[index] === 'stored')
          operations.set(`${sessionId} ${operation.id}`, { sessionId, ...operation });
      return outcomes;
    },
    read: backend.read.bind(backend),
    pop: backend.pop.bind(backend),
    edit: backend.edit.bind(backend),
    clear: backend.clear.bind(backend),
    sessionIds: backend.sessionIds.bind(backend),
    history: backend.history.bind(backend),
    conversations: backend.conversations,
    close: () => undefined,
  };
  return {
    backend,
    open: (options: StoreOptions) =>
      new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: () => noted }, options),
    insertRaw: (sessionId, text) => backend.append([{ sessionId, texts: [text] }]),
    dump: () => ({
      messages: backend
        .sessionIds(undefined, 1000)
        .flatMap((sessionId) => backend.read(sessionId).map((row) => ({ sessionId, ...row }))),
      sessions: backend.sessionIds(undefined, 1000),
      metadata: backend.conversations.list({ prefix: '', by: 'id', descending: false, limit: 1000 }),
      operations: [...operations.values()],
    }),
  };
}

test.each(ENCRYPTION_CASES)('$name', async ({ run }) => {
  await run(subject());
});

sessionConformance({
  name: 'encrypted, two stores over one MemoryBackend',
  describe,
  test,
  open: () => {
    const { open, insertRaw } = subject();
    const store = async () => (await open({ encryption })).on('warning', () => {});
    const session = async (id: string) => (await store()).session(id);
    return { session, insertRaw, reopen: () => ({ session }) };
  },
  supports: { ...sessionFeatures({ edit: true, operations: true }), reopen: true, raw: true },
});

test('encrypted, behaves as MemorySession does', { timeout: modelTimeout(RUNS) }, async () => {
  const { open, insertRaw } = subject();
  const stores = [await open({ encryption }), await open({ encryption })] as const;
  for (const store of stores) store.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
  await playModel('memory, encrypted', { stores, insertRaw }, RUNS);
});

test.each(Object.keys(SCENES))('encrypted, the runner: %s', async (name) => {
  const store = new MemorySessionStore({ encryption });
  await playScene(name, (sessionId) => store.session(sessionId), 'chat_123');
});
