import { createServer, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { EngineUnavailable } from './choice.ts';
import { environmentUrl, parseTarget, type Target } from './engines.ts';
import { type ServerAddress, TestServer } from './server.ts';
import { givenServer, type Lease, startTarget } from './start-target.ts';
import type { StartOptions } from './throwaway.ts';

/** What a test file asks the runner for. */
export interface SharedRequest {
  readonly target: Target;
  readonly options: StartOptions;
}

/** What it gets. */
type SharedReply =
  | { readonly kind: 'server'; readonly address: ServerAddress }
  | { readonly kind: 'unavailable'; readonly reasons: readonly string[] }
  | { readonly kind: 'error'; readonly message: string };

/** The servers of one test run: each is started when it is first asked for, and serves all who ask. */
export class SharedServers {
  readonly #leases = new Map<string, Promise<Lease<TestServer>>>();
  readonly #said = new Set<string>();
  readonly #write: (line: string) => void;

  /** @param write Takes the line that says which server was taken. */
  constructor(write: (line: string) => void = (line) => console.log(`[test-servers] ${line}`)) {
    this.#write = write;
  }

  /**
   * The server for a target and options.
   *
   * @throws EngineUnavailable if there is none; Error if it does not start.
   */
  lease(wanted: SharedRequest): Promise<Lease<TestServer>> {
    const key = JSON.stringify([wanted.target, wanted.options]);
    let lease = this.#leases.get(key);
    if (!lease) {
      lease = this.#start(wanted);
      this.#leases.set(key, lease);
      lease.then(
        ({ line }) => this.#say(line),
        (error) => this.#say(error instanceof Error ? error.message : String(error)),
      );
    }
    return lease;
  }

  /** One line for each server that differs in more than its settings. */
  #say(line: string): void {
    const what = line.split(' (')[0] ?? line;
    if (this.#said.has(what)) return;
    this.#said.add(what);
    this.#write(line);
  }

  async #start({ target, options }: SharedRequest): Promise<Lease<TestServer>> {
    const { engine } = parseTarget(target);
    if (engine === 'pgbouncer') {
      const behind: Target = environmentUrl('postgres') ? 'postgres' : 'postgres:18';
      const { server } = await this.lease({ target: behind, options: {} });
      return startTarget(target, options, { before: server });
    }
    // settings of its own cannot be given to a server that others use
    const given = Object.keys(options).length === 0 ? await givenServer(target) : undefined;
    if (given && typeof given !== 'string') return given;
    const alsoNotTaken = given ? [given] : [];
    return startTarget(target, options, { alsoNotTaken }).catch((error: unknown) => {
      if (!(error instanceof EngineUnavailable)) throw error;
      throw new EngineUnavailable(target, [...alsoNotTaken, ...error.reasons]);
    });
  }

  /** Ends every server that was started. */
  async stop(): Promise<void> {
    const all = await Promise.allSettled(this.#leases.values());
    // poolers before what is behind them
    for (const lease of all.reverse()) if (lease.status === 'fulfilled') await lease.value.stop();
  }
}

/** Answers the test files of a run, which are other processes, on a port of 127.0.0.1. */
export async function serveShared(servers: SharedServers): Promise<{ port: number; close(): void }> {
  const listener = createServer(async (incoming, outgoing) => {
    let reply: SharedReply;
    try {
      const { server } = await servers.lease((await json(incoming)) as SharedRequest);
      reply = { kind: 'server', address: server.address };
    } catch (error) {
      reply =
        error instanceof EngineUnavailable
          ? { kind: 'unavailable', reasons: error.reasons }
          : { kind: 'error', message: error instanceof Error ? error.message : String(error) };
    }
    outgoing.end(JSON.stringify(reply));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    close() {
      listener.close();
      listener.closeAllConnections();
    },
  };
}

/**
 * Asks the runner for a server. There is no time limit: the first call of all may fetch what is needed.
 *
 * @throws EngineUnavailable if there is none; Error if it does not start.
 */
export async function askForShared(port: number, wanted: SharedRequest): Promise<TestServer> {
  const reply = await new Promise<SharedReply>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method: 'POST' }, (incoming) => {
      json(incoming).then((value) => resolve(value as SharedReply), reject);
    });
    asked.once('error', reject);
    asked.end(JSON.stringify(wanted));
  });
  if (reply.kind === 'unavailable') throw new EngineUnavailable(wanted.target, reply.reasons);
  if (reply.kind === 'error') throw new Error(reply.message);
  return new TestServer(reply.address);
}
