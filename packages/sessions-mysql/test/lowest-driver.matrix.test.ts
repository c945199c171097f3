import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describeEngine } from '@stackone/test-servers/vitest';
import * as lowest from 'mysql2-lowest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { driverUrl, SERVERS, SUPPORT } from './databases.js';
import { messages } from './items.js';

// the store's own pools come from the oldest driver that package.json allows
vi.mock('mysql2', () => import('mysql2-lowest'));

describeEngine(SERVERS, { tls: {} }, ({ server, url }) => {
  let store: MysqlSessionStore;
  let pool: lowest.Pool;
  beforeAll(() => {
    store = new MysqlSessionStore({ url }, { ssl: { ca: server.tls?.ca ?? '' } });
    pool = lowest.createPool(driverUrl(url));
  });
  afterAll(async () => {
    await store.close();
    await pool.promise().end();
  });
  sessionConformance({
    name: 'the oldest mysql2, over TLS',
    describe,
    test,
    open: () => ({ session: (id) => store.session(id) }),
    supports: sessionFeatures(SUPPORT),
  });

  test('a pool of the oldest mysql2', async () => {
    await using own = await MysqlSessionStore.fromPool(pool);
    await own.session('one').addItems(messages(2));
    expect(await own.session('one').popItem()).toMatchObject({ content: 'm1' });
  });
});
