import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { SessionStore } from '@stackone/sessions-core';
import type { OpenDoctor } from './access.js';
import { createStudio } from './studio.js';

/** What {@link serveStudio} takes. */
export interface ServeOptions {
  /** Default: any that is free. */
  port?: number | undefined;
  /** Only the conversations of this tenant. */
  tenant?: string | undefined;
  /** Whether nothing can be changed. Default: `true`. */
  readOnly?: boolean | undefined;
  /** The conversation that is shown first. */
  open?: string | undefined;
  /** As in `createStudio`. */
  doctor?: OpenDoctor | undefined;
}

/** A studio that is served. */
export interface ServedStudio {
  /** What a browser is to open. It holds the token that allows to see the conversations: behind a `#`, so that no server is told. */
  readonly url: string;
  /** Ends it. Does not close the store. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/**
 * Serves a studio on this machine alone, to whoever has the address that it returns: that holds a random token.
 *
 * @throws TypeError for options of another form. Error as Node has it where the port is taken.
 * @example
 * ```ts
 * const studio = await serveStudio(store);
 * console.log(`Open ${studio.url}`);
 * ```
 */
export async function serveStudio(store: SessionStore, options: ServeOptions = {}): Promise<ServedStudio> {
  const { port = 0, tenant, readOnly = true, open, doctor, ...others } = options;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new TypeError(`serveStudio: unknown options: ${unknown.join(', ')}.`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError('serveStudio: the option "port" must be a whole number from 0 to 65535.');
  const token = randomBytes(32).toString('base64url');
  const studio = createStudio(store, {
    readOnly,
    doctor,
    authorize: (request) => hasToken(request, token) && (tenant === undefined || { tenant }),
  });
  const { createAdaptorServer } = await import('@hono/node-server');
  const server = createAdaptorServer({ fetch: studio });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, LOOPBACK, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const fragment = new URLSearchParams({ token, ...(open !== undefined && { open }) });
  return {
    url: `http://${LOOPBACK}:${taken}/#${fragment}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

/** Compares in a time that says nothing of how much was right. */
function hasToken(request: Request, token: string): boolean {
  const given = Buffer.from(request.headers.get('authorization') ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
