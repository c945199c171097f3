import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

afterEach(() => {
  vi.useRealTimers();
});

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
    const store = new MemorySessionStore();
    const session = store.session('chat');
    await Promise.all(['1', '2'].map((content) => session.addItems([{ role: 'user', content }])));
    expect(await session.popItem()).toEqual({ role: 'user', content: '2' });
    expect(await session.getItems()).toEqual([{ role: 'user', content: '1' }]);
    await store.close();
  });
});
