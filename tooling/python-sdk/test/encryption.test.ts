import { EncryptedSession, MemorySessionStore } from '@stackone/openai-agents-js-sessions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describePythonSdk } from '../src/vitest.ts';

/** Raw keys and passwords, with ids of several kinds: those of the format's test vectors. */
const KEYS = [
  { key: 'your-secret-key-here', sessionId: 'user-123' },
  { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=', sessionId: 'user-123' },
  { key: 'pässwörd', sessionId: 'séssion/1' },
  { key: 'secret', sessionId: 'x' },
];

const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 300 }), { numRuns: 1000, seed: 7 });

/** The token of a row that holds an envelope. */
function tokenOf(row: object): string {
  return (row as { payload: string }).payload;
}

describePythonSdk((python) => {
  test.each(KEYS)(
    '1,000 items for $sessionId open in the other language, both ways',
    async ({ key, sessionId }) => {
      const inner = new MemorySessionStore().session(sessionId);
      const ours = new EncryptedSession({ session: inner, key });
      const items = texts.map((content) => ({ role: 'user' as const, content }));
      await ours.addItems(items);

      const rows = await inner.getItems();
      const opened = await python.decrypt(key, sessionId, rows.map(tokenOf));
      expect(opened.map((text) => JSON.parse(text))).toEqual(items);

      const plain = items.map((item) => JSON.stringify(item));
      const tokens = await python.encrypt(key, sessionId, plain);
      await inner.clearSession();
      const envelopes = tokens.map((payload) => ({ __enc__: 1, v: 1, kid: 'hkdf-v1', payload }));
      await inner.addItems(envelopes as never);
      expect(await ours.getItems()).toEqual(items);
    },
  );
});
