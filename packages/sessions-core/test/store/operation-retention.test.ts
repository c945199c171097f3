import { expect, test, vi } from 'vitest';
import { SessionStore, type StoreOptions } from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

/** What 400 operations ask the backend to forget: seconds, and how many ask for it. */
async function asked(options: StoreOptions): Promise<{ seconds: unknown[]; times: number }> {
  const backend = createToyBackend();
  const append = vi.spyOn(backend, 'append');
  const store = new SessionStore({ name: 'toy', supports: backend.supports, open: () => backend }, options);
  const session = store.session('a');
  for (let index = 0; index < 400; index++)
    await session.addItems([], undefined, { operationId: String(index) });
  await store.close();
  const all = append.mock.calls.flatMap(([batches]) => batches.map(({ operation }) => operation));
  const seconds = all.flatMap((operation) => operation?.forgetOlderThan ?? []);
  return { seconds: [...new Set(seconds)], times: seconds.length };
}

test('about one operation in sixteen makes those of more than 90 days be forgotten', async () => {
  const { seconds, times } = await asked({});
  expect(seconds).toEqual([90 * 86_400]);
  expect(times).toBe(27); // the same ids each time
});

test('operationRetentionDays says how long, also in fractions', async () => {
  expect((await asked({ operationRetentionDays: 0.5 })).seconds).toEqual([43_200]);
});

test.each([
  Number.POSITIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  10_000_000, // before the calendar of PostgreSQL begins
])('after %f days nothing is forgotten', async (operationRetentionDays) => {
  expect(await asked({ operationRetentionDays })).toEqual({ seconds: [], times: 0 });
});
