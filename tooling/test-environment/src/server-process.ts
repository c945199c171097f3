import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that listens, in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  /** Where it listens. */
  readonly url: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ending>;
  /** Everything it said on the standard error stream, once it has ended. */
  readonly errors: Promise<string>;

  private constructor(child: ChildProcess, port: string, ended: Promise<Ending>, errors: Promise<string>) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
    this.ended = ended;
    this.errors = errors;
  }

  /**
   * Starts a program with `PORT=0` and waits until it has said its port.
   *
   * @param environment - What it finds in its environment besides ours, which is without a key for a model.
   * @throws Error with what it had to say if it ends instead.
   */
  static async start(program: string, environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const { OPENAI_API_KEY, NODE_OPTIONS, NODE_ENV, ...inherited } = process.env;
    const child = spawn(process.execPath, [program], {
      env: { ...inherited, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const errors = text(child.stderr);
    const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ending);
    const port = await portIn(child.stdout);
    if (port === undefined) throw new Error(`The server did not start: ${await errors}`);
    child.stdout.resume(); // a full pipe would stop it
    return new ServerProcess(child, port, ended, errors);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it takes no new connection. */
  async refusesConnections(): Promise<void> {
    let socket: Socket;
    do {
      socket = connect(Number(new URL(this.url).port), '127.0.0.1');
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
      socket.destroy();
    } while (!socket.errored);
  }
}

/** The port in the first words of a program; `undefined` if it ends without any. */
async function portIn(output: NodeJS.ReadableStream): Promise<string | undefined> {
  let said = '';
  output.setEncoding('utf8').on('data', (words: string) => {
    said += words;
  });
  for (;;) {
    const port = /(?:port: |:\/\/[\w.]+:)(\d+)\b/.exec(said)?.[1];
    if (port !== undefined) return port;
    const [ended] = await Promise.race([
      once(output, 'data').then(() => [false]),
      once(output, 'end').then(() => [true]),
    ]);
    if (ended) return undefined;
  }
}
