import pg from 'pg';
import { expect, test } from 'vitest';
import { describeEngine } from '../src/describe-engine.ts';

describeEngine('pgbouncer', ({ url }) => {
  test('pools by transaction, so that it cannot keep named statements apart', async () => {
    const [one, other] = [new pg.Client(url), new pg.Client(url)];
    await Promise.all([one.connect(), other.connect()]);
    try {
      const named = { name: 'named', text: 'SELECT 1' };
      await one.query(named);
      // nobody holds the one connection to the server, so the other client gets it
      await expect(other.query(named)).rejects.toThrow('prepared statement "named" already exists');
    } finally {
      await Promise.all([one.end(), other.end()]);
    }
  });

  test('has three connections to the server: a fourth transaction waits', async () => {
    const clients = Array.from({ length: 4 }, () => new pg.Client(url));
    await Promise.all(clients.map((client) => client.connect()));
    const [fourth] = clients.splice(3);
    try {
      await Promise.all(clients.map((client) => client.query('BEGIN; SELECT 1')));
      let answered = false;
      const waiting = fourth?.query('SELECT 1').then(() => {
        answered = true;
      });
      await clients[0]?.query('SELECT 1'); // a whole round trip for somebody else
      expect(answered).toBe(false);
      await clients[0]?.query('COMMIT');
      await waiting;
    } finally {
      await Promise.all([fourth, ...clients].map((client) => client?.end()));
    }
  });
});
