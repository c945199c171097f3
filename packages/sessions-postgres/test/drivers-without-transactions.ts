import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { neon, neonConfig } from '@neondatabase/serverless';
import * as newestNeon from 'drizzle-orm/neon-http';
import * as newestProxy from 'drizzle-orm/pg-proxy';
import * as oldestNeon from 'drizzle-orm-0.44/neon-http';
import * as oldestProxy from 'drizzle-orm-0.44/pg-proxy';
import * as candidateNeon from 'drizzle-orm-rc/neon-http';
import * as candidateProxy from 'drizzle-orm-rc/pg-proxy';
import type pg from 'pg';
import type { DrizzlePostgresDatabase } from '../src/index.js';
import { DRIZZLE_VERSIONS } from './drizzle-drivers.js';

/** Opens a Drizzle database whose driver sends each statement as a request of its own. */
type Open = (pool: pg.Pool) => unknown;

/** The function that an application gives to `pg-proxy`, as Drizzle's documentation writes it. */
const throughProxy = (drizzle: (callback: never) => unknown): Open => {
  return (pool) =>
    drizzle((async (text: string, values: unknown[], method: string) => {
      const { rows } = await pool.query({ text, values, ...(method === 'all' && { rowMode: 'array' }) });
      return { rows };
    }) as never);
};

/** Neon's own client, which sends statements to the address that `neonConfig` names. */
const throughNeon = (drizzle: (options: never) => unknown): Open => {
  return () => drizzle({ client: neon('postgres://user:password@project.neon.tech/database') } as never);
};

/** By the names of the versions. */
const drivers: Readonly<Record<string, Readonly<Record<string, Open>>>> = {
  '0.44': { 'pg-proxy': throughProxy(oldestProxy.drizzle), 'neon-http': throughNeon(oldestNeon.drizzle) },
  '0.45': { 'pg-proxy': throughProxy(newestProxy.drizzle), 'neon-http': throughNeon(newestNeon.drizzle) },
  '1.0 rc': {
    'pg-proxy': throughProxy(candidateProxy.drizzle),
    'neon-http': throughNeon(candidateNeon.drizzle),
  },
};

/** Drivers of Drizzle that have no transactions, with the tag of their version. */
export const DRIVERS_WITHOUT_TRANSACTIONS = DRIZZLE_VERSIONS.flatMap(({ name: version, sql }) =>
  Object.entries(drivers[version] ?? {}).map(([driver, open]) => ({
    name: `${driver} of drizzle-orm ${version}`,
    sql,
    open: open as (pool: pg.Pool) => DrizzlePostgresDatabase,
  })),
);

/** What a value is on the wire. */
const asText = { getTypeParser: () => (text: string) => text };

/**
 * Answers what Neon's client asks over HTTP from a database of the tests.
 *
 * @returns What ends it.
 */
export async function startNeonEndpoint(pool: pg.Pool): Promise<() => Promise<void>> {
  const server = createServer(async (request, response) => {
    const { query, params } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    try {
      const result = await pool.query({
        text: query,
        values: params,
        rowMode: 'array',
        types: asText as never,
      });
      response.end(JSON.stringify({ ...result, rowAsArray: true }));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ ...(error as object), message: (error as Error).message }));
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  neonConfig.fetchEndpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/sql`;
  return async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
}
