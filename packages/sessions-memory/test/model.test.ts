import { playModel } from '@stackone/model-test';
import { SessionStore } from '@stackone/sessions-core';
import { test } from 'vitest';
import { MEMORY_SUPPORT, MemoryBackend } from '../src/backend.js';

test('behaves as MemorySession does', { timeout: 120_000 }, async () => {
  const backend = new MemoryBackend();
  const open = () =>
    new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: () => backend }).on(
      'warning',
      () => {},
    );
  await playModel('memory', {
    stores: [open(), open()],
    insertRaw: (sessionId, text) => backend.append([{ sessionId, texts: [text] }]),
  });
});
