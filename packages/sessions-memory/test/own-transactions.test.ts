import { expect, test, vi } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

test('in memory there are no transactions: it is said, and nobody is called', async () => {
  const store = new MemorySessionStore();
  expect(store.supports.ownTransactions).toBeUndefined();
  const work = vi.fn();
  await expect(store.transaction(work)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(store.scoped('acme').transaction(work)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(work).not.toHaveBeenCalled();
  await store.close();
  await expect(store.transaction(work)).rejects.toMatchObject({ code: 'CLOSED' });
});
