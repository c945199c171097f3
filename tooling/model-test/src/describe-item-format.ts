import { playScene, SCENES } from '@stackone/runner-script';
import type { SessionStore, StoreOptions } from '@stackone/sessions-core';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ModelSubject, modelTimeout, playModel, reasoningAsKept } from './index.js';

const RUNS = 100;

/**
 * What sessions promise, the runner's scenes and random calls, on rows of the Responses API: plain and encrypted.
 *
 * @param name - That of the engine.
 * @param open - A store on the same tables each time.
 * @param insertRaw - As {@link ModelSubject.insertRaw}.
 */
export function describeItemFormat(
  name: string,
  open: (options: StoreOptions) => Promise<SessionStore>,
  insertRaw: ModelSubject['insertRaw'],
): void {
  describe.each<[string, StoreOptions]>([
    ['rows of the Responses API', { itemFormat: 'responses' }],
    [
      'rows of the Responses API, encrypted',
      { itemFormat: 'responses', encryption: { key: 'a key of these tests' } },
    ],
  ])('%s', (rows, options) => {
    const reopen = () => open(options);
    let store: SessionStore;
    beforeAll(async () => {
      store = (await reopen()).on('warning', () => {});
    });
    afterAll(() => store.close());

    sessionConformance({
      name: 'sessions',
      describe,
      test,
      open: () => ({ session: (id) => store.session(id), insertRaw, reopen }),
      supports: { ...sessionFeatures({ edit: true, operations: true }), reopen: true, raw: true },
    });

    test.each(Object.keys(SCENES))('the runner: %s', async (scene) => {
      await playScene(scene, (sessionId) => store.session(sessionId), `${rows}: ${scene}`);
    });

    test('two stores behave as MemorySession does', { timeout: modelTimeout(RUNS) }, async () => {
      await using other = await reopen();
      other.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
      const subject = { stores: [store, other] as const, insertRaw, asKept: reasoningAsKept };
      await playModel(`${name}, ${rows}`, subject, RUNS);
    });
  });
}
