import { isSessionError, type SessionErrorCode, type SessionStore } from '@stackone/sessions-core';
import { type Context, Hono } from 'hono';
import { type OpenDoctor, type Reachable, reachableBy, type StudioAccess } from './access.js';
import { CHANGES } from './changing.js';
import { lines } from './ndjson.js';
import { findingsOf, pruneCount, runsPage, usageOf } from './operating.js';
import { HEADERS, refusal, refusedChange } from './protection.js';
import {
  aboutOf,
  changedIds,
  entriesPage,
  newEntries,
  nextRunOf,
  sessionDetails,
  sessionsPage,
} from './reading.js';
import { bodyOf, Query, WrongRequest } from './requests.js';
import type { Refused } from './wire.js';

/** What {@link createStudio} takes. */
export interface StudioOptions {
  /**
   * Decides who sees what. It is asked at each request for data, and may look at its cookies and headers. `true` shows the conversations of no
   * tenant, `{ tenant }` those of one tenant alone; anything else refuses. The page itself, which holds no data, needs no permission.
   */
  authorize: (
    request: Request,
  ) => boolean | StudioAccess | undefined | Promise<boolean | StudioAccess | undefined>;
  /** Where it is mounted, like `/studio`. Default: `/`. */
  basePath?: string | undefined;
  /** Whether nothing can be changed. Default: `true`. */
  readOnly?: boolean | undefined;
  /** The names that it may be asked by, like `admin.example.com`, with a port or for any. This machine's own are always allowed. */
  hosts?: readonly string[] | undefined;
  /** Opens the doctor of the database, whose report is then shown: `() => openDoctor(url)` of a backend's entry `/doctor`. Not to tenants. */
  doctor?: OpenDoctor | undefined;
}

/** Answers the requests to a studio. Give it to whatever takes a `fetch` handler. */
export type Studio = (request: Request) => Promise<Response>;

type Environment = { Variables: { reachable: Reachable } };

const OPTIONS = new Set<string>([
  'authorize',
  'basePath',
  'readOnly',
  'hosts',
  'doctor',
] satisfies (keyof StudioOptions)[]);

const STATUS: Partial<Record<SessionErrorCode, 400 | 404 | 409 | 503>> = {
  NOT_FOUND: 404,
  SESSION_MISSING: 404,
  SESSION_EXISTS: 409,
  HISTORY_CHANGED: 409,
  VERSION_CONFLICT: 409,
  RUN_DECIDED: 409,
  UNSUPPORTED: 400,
  CONNECTION_FAILED: 503,
};

/**
 * A studio over the conversations of a store, to be mounted in a server of yours.
 *
 * It changes nothing unless `readOnly` is `false`, answers only to names that it knows, refuses requests of other origins, and shows no
 * conversation outside of what `authorize` gives. Items are never part of a page's HTML. It does not close the store.
 *
 * @throws TypeError for options of another form.
 * @example
 * ```ts
 * const studio = createStudio(store, { basePath: '/studio', authorize: (request) => isAdmin(request) });
 * app.all('/studio/*', (context) => studio(context.req.raw)); // Hono
 * ```
 */
export function createStudio(store: SessionStore, options: StudioOptions): Studio {
  const { authorize, basePath = '/', readOnly = true, hosts = [], doctor } = checked(options);
  const base = basePath.replace(/\/+$/, '');
  const app = new Hono<Environment>({ strict: true });

  app.use(async (context, next) => {
    const reason = refusal(context.req.raw, hosts);
    if (reason === undefined) await next();
    else context.res = refused(context, 403, 'REFUSED', reason);
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value);
  });

  app.use(`${base}/api/*`, async (context, next) => {
    const reachable = reachableBy(await authorize(context.req.raw), store, readOnly, doctor);
    if (!reachable)
      return refused(context, 401, 'UNAUTHORIZED', 'You are not allowed to see these conversations.');
    context.set('reachable', reachable);
    return next();
  });

  const read = (name: string, answer: (reachable: Reachable, query: Query, signal: AbortSignal) => unknown) =>
    app.get(`${base}/api/${name}`, async (context) => {
      const value = await answer(context.var.reachable, new Query(context.req.raw), context.req.raw.signal);
      return value === undefined ? missing(context) : context.json(value as object);
    });
  read('about', aboutOf);
  read('sessions', sessionsPage);
  read('session', sessionDetails);
  read('entries', entriesPage);
  read('next', nextRunOf);
  read('runs', runsPage);
  read('usage', usageOf);
  read('doctor', (reachable, _query, signal) => findingsOf(reachable, signal));
  read('prune', pruneCount);
  app.get(`${base}/api/watch`, ({ req, var: { reachable } }) => {
    const query = new Query(req.raw);
    return lines(req.raw, (signal) => newEntries(reachable, query, signal));
  });
  app.get(`${base}/api/changes`, ({ req, var: { reachable } }) =>
    lines(req.raw, (signal) => changedIds(reachable, signal)),
  );

  app.post(`${base}/api/:change`, async (context) => {
    const { reachable } = context.var;
    const name = context.req.param('change');
    const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
    if (!change) return missing(context);
    if (reachable.readOnly) return refused(context, 403, 'READ_ONLY', 'This studio changes nothing.');
    const reason = refusedChange(context.req.raw);
    if (reason !== undefined) return refused(context, 403, 'REFUSED', reason);
    return context.json(await change(reachable, await bodyOf(context.req.raw)));
  });

  // no redirect to the path with a slash: servers like Next redirect from there to the path without one
  if (base !== '')
    app.get(base, async (context) => {
      const { pageBeside } = await import('./page-files.js');
      return pageBeside(base) ?? missing(context);
    });
  app.on('GET', [`${base}/`, `${base}/:file`], async (context) => {
    const { pageFile } = await import('./page-files.js');
    return pageFile(context.req.param('file') ?? 'index.html') ?? missing(context);
  });
  app.notFound(missing);
  app.onError((error, context) => {
    if (isSessionError(error)) return refused(context, STATUS[error.code] ?? 500, error.code, error.message);
    if (error instanceof WrongRequest || error instanceof TypeError)
      return refused(context, 400, 'WRONG_REQUEST', error.message);
    // what somebody's own code threw may say more than a page should
    return refused(context, 500, 'FAILED', 'The request failed. The log of the server may say why.');
  });
  return async (request) => app.fetch(request);
}

function checked(options: StudioOptions): StudioOptions {
  const unknown = Object.keys(options ?? {}).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new TypeError(`createStudio: unknown options: ${unknown.join(', ')}.`);
  if (typeof options?.authorize !== 'function')
    throw new TypeError(
      'createStudio: the option "authorize" must be a function that says who may see the conversations.',
    );
  const { basePath = '/', readOnly = true, hosts = [], doctor } = options;
  if (typeof basePath !== 'string' || !/^\/[\w\-./~]*$/.test(basePath))
    throw new TypeError('createStudio: the option "basePath" must be a path that begins with "/".');
  if (typeof readOnly !== 'boolean')
    throw new TypeError('createStudio: the option "readOnly" must be true or false.');
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === 'string' && host !== ''))
    throw new TypeError('createStudio: the option "hosts" must be an array of host names.');
  if (doctor !== undefined && typeof doctor !== 'function')
    throw new TypeError('createStudio: the option "doctor" must be a function that opens one.');
  return options;
}

function refused(
  context: Context,
  status: 400 | 401 | 403 | 404 | 409 | 500 | 503,
  code: string,
  message: string,
): Response {
  return context.json({ error: { code, message } } satisfies Refused, status);
}

function missing(context: Context): Response {
  return refused(context, 404, 'NOT_FOUND', 'There is nothing here.');
}
