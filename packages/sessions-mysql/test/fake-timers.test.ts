import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';

afterEach(() => {
  vi.useRealTimers();
});

describeEngine(['mysql', 'mariadb'], ({ url }) => {
  describe.each([
    ['by default', undefined],
    [
      'of every kind',
      ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'hrtime', 'performance', 'Date'],
    ],
  ] as const)('fake timers, %s', (_name, toFake) => {
    beforeEach(() => {
      vi.useFakeTimers(toFake && { toFake: [...toFake] });
    });

    test('stop no call', async () => {
      const store = await MysqlSessionStore.fromUrl(url);
      const session = store.session(randomUUID());
      await Promise.all(['1', '2'].map((content) => session.addItems([{ role: 'user', content }])));
      expect(await session.popItem()).toEqual({ role: 'user', content: '2' });
      expect(await session.getItems()).toEqual([{ role: 'user', content: '1' }]);
      await store.close();
    });
  });
});
