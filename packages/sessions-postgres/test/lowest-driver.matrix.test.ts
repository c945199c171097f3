import { backendConformance } from '@stackone/sessions-core/conformance';
import { describeSuite } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test, vi } from 'vitest';
import { backendOpener } from '../src/store.js';

// the oldest pg of the peer range, in place of the newest
vi.mock('pg', () => import('pg-lowest'));

describeEngine('postgres', ({ url }) => {
  backendConformance({
    name: 'the port on pg 8.11.0',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ url }, { max: 2 })(() => {});
      return { backend, close: () => backend.close() };
    },
    supports: { durable: true, shared: true, edit: true, operations: true, transactions: true },
  });
});
