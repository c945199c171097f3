import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backendOpener } from '../src/store.js';
import { driverUrl, failOnWarning } from './databases.js';

// the server takes the zone of the process that starts it
const { TZ } = process.env;
process.env.TZ = 'Europe/Berlin';
afterAll(() => {
  if (TZ === undefined) delete process.env.TZ;
  else process.env.TZ = TZ;
});

const HOUR = 3600;
const DAY = 24 * HOUR;
/** In seconds. 13 hours later clocks are put forward. */
const BEFORE = Date.UTC(2026, 2, 28, 12) / 1000;

describeEngine(['mysql', 'mariadb'], { own: true }, ({ url }) => {
  let client: mysql.Connection;
  beforeAll(() => {
    client = mysql.createConnection(driverUrl(url));
  });
  afterAll(() => client.promise().end());

  test('a day in which clocks are put forward is as long as others', async () => {
    const backend = await backendOpener({ pool: client })(failOnWarning);
    const sessionId = randomUUID();
    const append = (id: string, forgetOlderThan?: number) =>
      backend.append([{ sessionId, texts: ['{}'], operation: { id, digest: 'd', forgetOlderThan } }]);
    const at = (seconds: number) => client.promise().query(`SET timestamp = ${seconds}`);
    const [zone] = await client.promise().query<mysql.RowDataPacket[]>('SELECT @@system_time_zone AS name');
    expect(zone[0]?.name).toMatch(/^CES?T$/);
    await at(BEFORE);
    await append('old');
    await at(BEFORE + DAY - HOUR / 2);
    await append('forgets', DAY);
    expect(await append('old')).toEqual(['repeated']);
    await at(BEFORE + DAY + HOUR / 2);
    await append('forgets more', DAY);
    expect(await append('old')).toEqual(['stored']);
  });
});
