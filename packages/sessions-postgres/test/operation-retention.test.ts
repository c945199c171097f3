import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { backendOpener } from '../src/store.js';
import { failOnWarning } from './support.js';

const HOUR = 3600;

// The column is of a type without time zone. Etc/GMT+12 is twelve hours behind UTC, Etc/GMT-14 fourteen before it.
describeEngine('postgres', ({ url }) => {
  test.each([
    ['alone', 0],
    ['in a group', 1],
  ])('connections in other time zones forget nothing too early: a turn %s', async (_name, others) => {
    const open = (zone: string) =>
      backendOpener({ url: `${url}?options=-c%20TimeZone%3D${zone}` })(failOnWarning);
    const [west, east] = await Promise.all([open('Etc/GMT%2B12'), open('Etc/GMT-14')]);
    const sessionId = randomUUID();
    const turn = (id: string, forgetOlderThan?: number) => ({
      sessionId,
      texts: ['{}'],
      operation: { id, digest: 'd', forgetOlderThan },
    });
    const more = Array.from({ length: others }, () => turn(randomUUID()));
    expect((await west.append([turn('recorded now'), ...more]))[0]).toBe('stored');
    expect(await east.append([turn('another', HOUR)])).toEqual(['stored']);
    expect(await east.append([turn('recorded now')])).toEqual(['repeated']);
    await Promise.all([west.close(), east.close()]);
  });
});
