import { afterEach, expect, test, vi } from 'vitest';
import { describeEngine } from '../src/describe-engine.ts';
import { environmentUrl, targetsOf, targetsOfAll } from '../src/engines.ts';
import { SharedServers } from '../src/shared-servers.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describeEngine(['postgres:18', 'mysql', 'mariadb:11.8'], ({ engine, server, url, target }) => {
  const variable = `TEST_${engine.toUpperCase()}_URL`;

  test('a URL in the environment is used as it is, with its parameters', async () => {
    const parameter = engine === 'postgres' ? 'application_name=given' : 'connectTimeout=4000';
    vi.stubEnv(variable, `${url}?${parameter}`);
    vi.stubEnv('TEST_SERVERS_WAYS', 'none');
    expect(environmentUrl(engine)).toBeDefined();
    expect(targetsOf(engine)).toEqual([engine]);
    const write = vi.fn();
    const shared = new SharedServers(write);
    const { server: given, line } = await shared.lease({
      target: engine as 'postgres' | 'mysql' | 'mariadb',
      options: {},
    });
    expect(write).toHaveBeenCalledWith(line);
    expect(line).toContain(`${server.version} of ${variable}`);
    expect(given.port).toBe(server.port);
    const database = await given.createDatabase();
    expect(given.url(database)).toMatch(new RegExp(`/${database}\\?${parameter}$`));
    await given.dropDatabase(database);
    await shared.stop();
    await expect(server.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]); // it was not ours to stop
  });

  if (target === 'mysql') return; // has no series
  test('it is not used for another series', async () => {
    vi.stubEnv(variable, url);
    vi.stubEnv('TEST_SERVERS_WAYS', 'none');
    const other = engine === 'postgres' ? 'postgres:15' : 'mariadb:10.11';
    await expect(new SharedServers(() => {}).lease({ target: other, options: {} })).rejects.toThrow(
      `${variable} is ${server.version}`,
    );
  });
});

test('the newest series stands for an engine, and in the whole matrix all of them and the pooler', () => {
  for (const engine of ['POSTGRES', 'MARIADB']) vi.stubEnv(`TEST_${engine}_URL`, '');
  vi.stubEnv('TEST_MATRIX', 'once');
  expect(targetsOfAll(['postgres', 'pgbouncer', 'mariadb'])).toEqual(['postgres:18', 'mariadb:11.8']);
  expect(targetsOfAll(['pgbouncer', 'postgres:15'])).toEqual(['pgbouncer', 'postgres:15']);
  vi.stubEnv('TEST_MATRIX', 'all');
  expect(targetsOfAll(['postgres', 'pgbouncer', 'postgres:18'])).toEqual([
    'postgres:15',
    'postgres:18',
    'pgbouncer',
  ]);
});
