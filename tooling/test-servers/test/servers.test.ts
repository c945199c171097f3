import { describe, expect, test } from 'vitest';
import { describeEngine } from '../src/describe-engine.ts';
import { inSeries, parseTarget } from '../src/engines.ts';

const versions = {
  postgres: /^(15|16|17|18)\.\d+$/,
  mysql: /^[89]\.\d+\.\d+$/,
  mariadb: /^1[01]\.\d+\.\d+$/,
  pgbouncer: /^1\.\d+/,
};

describeEngine(['postgres', 'pgbouncer', 'mysql', 'mariadb'], ({ target, engine, server, url }) => {
  test('is the version that was asked for', () => {
    expect(server.version).toMatch(versions[engine]);
    expect(inSeries(server.version, parseTarget(target).series)).toBe(true);
  });

  test('gives a fresh database, and another', async () => {
    const own = new URL(url).pathname.slice(1);
    const other = await server.createDatabase();
    await server.query('CREATE TABLE only_here (a INT)', other);
    await expect(server.query('SELECT a FROM only_here', other)).resolves.toEqual([]);
    await expect(server.query('SELECT a FROM only_here', own)).rejects.toThrow(/only_here/);
    await server.dropDatabase(other);
    await expect(server.query('SELECT 1', other)).rejects.toThrow(other);
  });

  test('makes a database with a name and a character set', async () => {
    const name = `odd "name" of ${target.replace(':', ' ')}`;
    await server.createDatabase(name, { characterSet: engine.startsWith('p') ? 'LATIN1' : 'latin1' });
    const ask = engine.startsWith('p') ? 'SHOW server_encoding' : 'SELECT @@character_set_database';
    const [row] = await server.query(ask, name);
    expect(Object.values(row ?? {})).toEqual([engine.startsWith('p') ? 'LATIN1' : 'latin1']);
    await server.dropDatabase(name);
  });
});

describeEngine(['postgres:18', 'mysql'], { durable: true }, ({ engine, server }) => {
  test('waits for the disk if it is to be durable', async () => {
    const ask = engine === 'postgres' ? 'SHOW fsync' : 'SELECT @@innodb_flush_log_at_trx_commit AS flush';
    const [row] = await server.query(ask);
    expect(row).toEqual(engine === 'postgres' ? { fsync: 'on' } : { flush: 1 });
    if (engine === 'mysql') expect(await server.query('SELECT @@log_bin AS log')).toEqual([{ log: 1 }]);
  });
});

describeEngine(
  'mysql',
  { settings: { lower_case_table_names: '1', max_allowed_packet: '1M' } },
  ({ server }) => {
    test('takes settings, those of the data folder too', async () => {
      const [row] = await server.query(
        'SELECT @@lower_case_table_names AS names, @@max_allowed_packet AS packet',
      );
      expect(row).toEqual({ names: 1, packet: 1_048_576 });
    });
  },
);

describe('the version of a series', () => {
  test.each([
    ['18.4', '18', true],
    ['10.11.14', '10.11', true],
    ['10.1.1', '10.11', false],
    ['18.4', undefined, true],
  ] as const)('%s in %s: %s', (version, series, expected) => {
    expect(inSeries(version, series)).toBe(expected);
  });
});
