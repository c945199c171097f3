import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@stackone/test-servers';
import { catalogVersion } from './consumer-project.ts';
import { plainEnvironment } from './programs.ts';

/** The framework, with what it needs. */
export const NEXT = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' };

/** What it wants besides where a route is TypeScript. */
export const NEXT_TYPES = {
  typescript: catalogVersion('typescript'),
  '@types/node': catalogVersion('@types/node'),
  '@types/react': '19.3.3',
};

/** Nothing leaves the machine. */
const environment = () => ({ ...plainEnvironment(), NEXT_TELEMETRY_DISABLED: '1' });

const program = (app: string) => join(app, 'node_modules/next/dist/bin/next');

/** Builds an application. */
export async function nextBuild(app: string): Promise<void> {
  await promisify(execFile)(process.execPath, [program(app), 'build'], { cwd: app, env: environment() });
}

/** A server of Next that runs. */
export class NextServer {
  readonly #process: ChildProcess;
  readonly #port: number;
  #output = '';

  /**
   * Starts one.
   *
   * @param args - The program for Node, with its arguments.
   */
  static async start(folder: string, ...args: string[]): Promise<NextServer> {
    const port = await freePort();
    const server = new NextServer(folder, port, args);
    await server.#answers();
    return server;
  }

  private constructor(folder: string, port: number, args: readonly string[]) {
    this.#port = port;
    this.#process = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...environment(), PORT: String(port), HOSTNAME: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (data) => (this.#output += data));
  }

  /** The arguments that start the server for development. */
  static dev(app: string): [string, string] {
    return [program(app), 'dev'];
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What a path answers; nothing if it is no JSON. */
  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.origin}${path}`);
    return response.json().catch(() => undefined);
  }

  /** Says something in the conversation of a database, and answers what it holds. */
  async chat(url: string, text: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/chat`, {
      method: 'POST',
      body: JSON.stringify({ url, text }),
    });
    const body = await response.text();
    if (!response.headers.get('content-type')?.includes('json')) throw new Error(`${body}\n${this.#output}`);
    return JSON.parse(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }

  async #answers(): Promise<void> {
    while (this.#process.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/`).catch(() => undefined);
      if (answer) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`Next ended:\n${this.#output}`);
  }
}
