import { afterAll, describe, inject, test } from 'vitest';
import { EngineUnavailable } from './choice.ts';
import { type Engine, parseTarget, type Target, targetsOfAll } from './engines.ts';
import { NOT_HERE } from './run-context.ts';
import { TestServer } from './server.ts';
import { askForShared } from './shared-servers.ts';
import { startTarget } from './start-target.ts';
import type { StartOptions, ThrowawayServer } from './throwaway.ts';

/** What the tests of one server get. Not to be used outside of tests and hooks: the server may be absent. */
export interface EngineContext<Server extends TestServer = TestServer> {
  /** The target, such as `mariadb:10.11`. */
  readonly target: Target;
  readonly engine: Engine;
  readonly server: Server;
  /** The URL of a fresh database of this suite's own, dropped after it. */
  readonly url: string;
}

/** Options of {@link describeEngine}. Suites with the same options share one server. */
export interface DescribeOptions extends StartOptions {
  /** A server of this suite's own, which it may kill and restart. */
  readonly own?: boolean;
}

type Body<Server extends TestServer> = (context: EngineContext<Server>) => void | Promise<void>;
type Wanted = Engine | Target | readonly (Engine | Target)[];

/** For making an end of a server that hangs. */
const STOP_TIMEOUT_MS = 60_000;

/**
 * Describes tests that want a real server: once for each engine wanted or, with `TEST_MATRIX=all`, for each series of it. Where there is none its
 * tests are skipped, by name and with the reason; with `CI=true` that is a failure.
 *
 * @param wanted An engine, a target (one series), or several of either.
 * @throws Error, at once, if the run has no `@stackone/test-servers/global-setup`.
 * @example
 * describeEngine(['postgres', 'pgbouncer'], ({ url }) => {
 *   test('answers', async () => { await using store = await PostgresStore.fromUrl(url); });
 * });
 * describeEngine('mysql', { own: true }, ({ server }) => { test('survives', () => server.kill()); });
 */
export function describeEngine(wanted: Wanted, body: Body<TestServer>): void;
export function describeEngine(
  wanted: Wanted,
  options: DescribeOptions & { own: true },
  body: Body<ThrowawayServer>,
): void;
export function describeEngine(wanted: Wanted, options: DescribeOptions, body: Body<TestServer>): void;
export function describeEngine(
  wanted: Wanted,
  ...rest: [Body<TestServer>] | [DescribeOptions, Body<ThrowawayServer>] | [DescribeOptions, Body<TestServer>]
): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : (rest as [DescribeOptions, Body<TestServer>]);
  for (const target of targetsOfAll(typeof wanted === 'string' ? [wanted] : wanted)) {
    describe(target, async () => {
      const { engine } = parseTarget(target);
      let server: TestServer;
      try {
        server = await serverFor(target, options);
      } catch (error) {
        if (!(error instanceof EngineUnavailable)) throw error;
        describeAbsence(error, () =>
          body({ target, engine, server: nowhere(engine), url: nowhere(engine).url() }),
        );
        return;
      }
      const database = await server.createDatabase();
      // a server of its own goes as a whole, and may have been killed by then
      if (!options.own) afterAll(() => server.dropDatabase(database), STOP_TIMEOUT_MS);
      await body({ target, engine, server, url: server.url(database) });
    });
  }
}

async function serverFor(target: Target, { own, ...options }: DescribeOptions): Promise<TestServer> {
  if (own) {
    const { server, stop } = await startTarget(target, options);
    afterAll(stop, STOP_TIMEOUT_MS);
    return server;
  }
  const port = inject('testServersPort');
  if (!port)
    throw new Error('add @stackone/test-servers/global-setup to globalSetup of the vitest configuration');
  return askForShared(port, { target, options });
}

/** Tests that are skipped, with the reason; with `CI=true` that is a failure. */
export function describeAbsence(error: EngineUnavailable, body: () => void | Promise<void>): void {
  if (process.env.CI === 'true') {
    test('is to be had, because CI=true', () => {
      throw error;
    });
  }
  describe.skip(`${NOT_HERE} ${error.reasons.join('; ')}`, body);
}

/** Stands for a server while the names of skipped tests are collected. */
const nowhere = (engine: Engine) =>
  new TestServer({ engine, version: '0', host: 'absent.invalid', port: 1, user: '', password: '' });
