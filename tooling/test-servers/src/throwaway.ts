import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeTlsMaterial, type TlsMaterial, type TlsOptions } from './certificates.ts';
import type { Engine } from './engines.ts';
import { forgetFolder, type GuardedProcess, startGuarded } from './guardian.ts';
import { signalTree } from './process-tree.ts';
import { runCommand } from './run-command.ts';
import { type ServerAddress, TestServer } from './server.ts';
import { makeServerFolder, serverIdentity } from './server-identity.ts';

/** The user of every server that is started here, and its password. */
export const TEST_USER = 'test';
export const TEST_PASSWORD = 'test';

/** Options that every engine takes. */
export interface StartOptions {
  /** Settings of the server by the names it has for them, such as `{ max_allowed_packet: '1M' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More of them, or others, for its first start alone. Not with Docker. */
  readonly firstSettings?: Readonly<Record<string, string>>;
  /** TLS with an authority of its own; absent, the server has what it has by default. */
  readonly tls?: TlsOptions;
  /**
   * Leave what the engine ships: every commit waits for the disk. Without it the server is quick and loses
   * commits in a crash of the machine (not in a crash of its own, as by `kill()`). For benchmarks.
   */
  readonly durable?: boolean;
  /** Where its folder is made, such as a disk that may become full. Default: the temporary folder. Not with Docker. */
  readonly parent?: string;
  /** Variables of its environment, beside those of this process. Not with Docker. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program and its arguments. */
interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** How to start one kind of server in a folder of its own. */
export interface Recipe {
  readonly engine: Engine;
  /** Where the server comes from, for people. */
  readonly origin: string;
  /** The user that may do everything, if it is not {@link TEST_USER}. */
  readonly user?: string;
  readonly tls?: TlsOptions | undefined;
  readonly parent?: string | undefined;
  readonly environment?: StartOptions['environment'] | undefined;
  /** Makes the data folder and whatever files the server wants. */
  prepare(folder: string, tls: TlsMaterial | undefined): Promise<void>;
  /** The program for the n-th start: 1, then 2 and so on after a crash. */
  command(folder: string, port: number, start: number): Command | Promise<Command>;
  /** Ends the server at once, with nothing left in shared memory. */
  readonly endSignal: NodeJS.Signals;
  /** Frees what a crash left outside of the folder. */
  afterCrash?(folder: string): Promise<void>;
  /** Called when it answers, before anybody else is told of it; returns the version. */
  whenUp(server: TestServer, start: number): Promise<string>;
  readonly behind?: ServerAddress;
  /** Commands that stand in for signals, where the program is only a client of the real server (Docker). */
  readonly instead?: { crash(folder: string): Command; afterwards(folder: string): Command };
}

/** For a server to answer after its start: a machine under load, a cold disk. */
const START_TIMEOUT_MS = 90_000;
const POLL_MS = 15;
const AGAIN_MS = 200;
/** A free port may be taken between our look and the server's. */
const PORT_TRIES = 3;

/** A server that this process started, and that ends with it. */
export class ThrowawayServer extends TestServer {
  /** Where it comes from, for people: `PostgreSQL 18.4 from the npm registry`. */
  readonly origin: string;
  /** Why others were not taken, in the order of choice. */
  readonly notTaken: readonly string[];
  /** The server's own folder, with its data and its log. */
  readonly folder: string;
  readonly #recipe: Recipe;
  #process: GuardedProcess;
  #starts = 1;

  constructor(
    address: ServerAddress,
    recipe: Recipe,
    notTaken: readonly string[],
    folder: string,
    running: GuardedProcess,
  ) {
    super(address);
    this.notTaken = notTaken;
    this.origin = recipe.origin;
    this.folder = folder;
    this.#recipe = recipe;
    this.#process = running;
  }

  /** The process id of the server. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Whether its processes are below this one: those of a server by Docker are not. */
  get isBelow(): boolean {
    return this.#recipe.instead === undefined;
  }

  /** Ends the server and removes all it has written. Not an error if it has ended already. */
  async stop(): Promise<void> {
    if (this.#process.ended() !== undefined) await this.#recipe.afterCrash?.(this.folder);
    this.#process.signal(this.#recipe.endSignal);
    await this.#process.exited();
    const afterwards = this.#recipe.instead?.afterwards(this.folder);
    if (afterwards) await runCommand(afterwards.command, afterwards.args);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    forgetFolder(this.folder);
  }

  /** Ends it as a crash does: SIGKILL to all of its processes, nothing flushed, no last word to its clients. */
  async kill(): Promise<void> {
    const crash = this.#recipe.instead?.crash(this.folder);
    if (crash) await runCommand(crash.command, crash.args);
    else this.#process.crash();
    await this.#process.exited();
  }

  /** Stops all of its processes where they are, until {@link resume}: it answers nobody, and closes nothing. */
  suspend(): void {
    signalTree(this.pid, 'SIGSTOP');
  }

  /** Lets it go on after {@link suspend}. */
  resume(): void {
    signalTree(this.pid, 'SIGCONT');
  }

  /**
   * Starts it again after {@link kill}, on the same port and with its data. Again and again for 90 s, as long as it ends by
   * itself: on a busy machine some of its processes are still dying, and hold its files, memory or port.
   *
   * @throws Error if it is running, or does not come up.
   */
  async restart(): Promise<void> {
    if (this.#process.ended() === undefined) throw new Error(`${this.origin} is running: kill() it first`);
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      this.#starts += 1;
      this.#process = await startProgram(this.#recipe, this.folder, this.port, this.#starts);
      try {
        await whenUp(this.#recipe, this, this.folder, this.#process, this.#starts);
        return;
      } catch (error) {
        if (this.#process.ended() === undefined || Date.now() > deadline) throw error;
        await pause(AGAIN_MS);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts a server by its recipe, in a fresh folder and on a free port of 127.0.0.1.
 *
 * @throws Error with the server's log, if it does not come up within 90 s.
 */
export async function launch(recipe: Recipe, notTaken: readonly string[] = []): Promise<ThrowawayServer> {
  const tls = recipe.tls && (await makeTlsMaterial(TEST_USER));
  const folder = await makeServerFolder(recipe.parent);
  try {
    await recipe.prepare(folder, tls);
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const user = recipe.user ?? TEST_USER;
      const address = { engine: recipe.engine, host: '127.0.0.1', port, user, password: TEST_PASSWORD };
      const optional = { ...(tls && { tls }), ...(recipe.behind && { behind: recipe.behind }) };
      const running = await startProgram(recipe, folder, port, 1);
      try {
        const server = new TestServer({ ...address, version: '', ...optional });
        const version = await whenUp(recipe, server, folder, running, 1);
        return new ThrowawayServer({ ...address, version, ...optional }, recipe, notTaken, folder, running);
      } catch (error) {
        running.signal('SIGKILL');
        await running.exited();
        if (attempt === PORT_TRIES || !/address already in use/i.test(String(error))) throw error;
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const logOf = (folder: string) => join(folder, 'server.log');

async function startProgram(
  recipe: Recipe,
  folder: string,
  port: number,
  start: number,
): Promise<GuardedProcess> {
  return startGuarded({
    ...(await recipe.command(folder, port, start)),
    ...(recipe.instead ? { afterwards: recipe.instead.afterwards(folder) } : serverIdentity()),
    cwd: folder,
    ...(recipe.environment && { env: recipe.environment }),
    log: logOf(folder),
    folder,
    endSignal: recipe.endSignal,
  });
}

async function whenUp(
  recipe: Recipe,
  server: TestServer,
  folder: string,
  running: GuardedProcess,
  start: number,
): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await recipe.whenUp(server, start);
    } catch (error) {
      const ended = running.ended();
      if (ended === undefined && Date.now() < deadline) {
        await pause(POLL_MS);
        continue;
      }
      const log = (await readFile(logOf(folder), 'utf8')).slice(-4000);
      throw new Error(`${recipe.origin} did not come up (${ended ?? 'no answer'}): ${log}`, { cause: error });
    }
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
